"""The widget behind `course_utils.language.language_switch` (apart, because it imports ipywidgets)."""

from typing import Any

import ipywidgets as widgets

from course_utils import language

PLAIN_TEXT = "[中文 | English | 雙語]"

# Scoped to the notebook that holds the switch: `<html lang="en">` surrounds everything, and other notebooks
# may be open. A word of the other language inside a visible block stays.
STYLE = """<style>
.jp-Notebook:has(.course-language-zh)
  :is(.jp-RenderedMarkdown, .course-bilingual) [lang="en"]:not(.jp-RenderedMarkdown [lang="zh-Hant"] *),
.jp-Notebook:has(.course-language-en)
  :is(.jp-RenderedMarkdown, .course-bilingual) [lang="zh-Hant"]:not(.jp-RenderedMarkdown [lang="en"] *) {
  display: none;
}
.course-language-switch .widget-toggle-button:focus-visible { outline: 2px solid var(--jp-brand-color1); }
</style>"""


class LanguageSwitch(widgets.VBox):
    """Three buttons and the stylesheet that they steer through a class on this box.

    `value` is "zh", "en" or "both"; choosing saves it as the learner's language.
    """

    def __init__(self) -> None:
        self._buttons = widgets.ToggleButtons(
            options=[("中文", "zh"), ("English", "en"), ("雙語", "both")],
            value=language.current(),
            tooltips=["只顯示中文", "Show English only", "兩種語言都顯示 Show both"],
            style={"button_width": "7em"},
        )
        super().__init__([self._buttons, widgets.HTML(STYLE, layout={"display": "none"})])
        self.add_class("course-language-switch")
        self.add_class(_class_of(self._buttons.value))
        self._buttons.observe(self._choose, names="value")

    @property
    def value(self) -> str:
        """The language shown: "zh", "en" or "both"."""
        return self._buttons.value

    @value.setter
    def value(self, chosen: str) -> None:
        self._buttons.value = chosen

    def _choose(self, change: Any) -> None:
        self.remove_class(_class_of(change["old"]))
        self.add_class(_class_of(change["new"]))
        language.set_current(change["new"])

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Show the widget, with a plain text that no setting changes, so that tests can compare it."""
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, "text/plain": PLAIN_TEXT}


def _class_of(chosen: str) -> str:
    return f"course-language-{chosen}"
