"""The widget behind `course_utils.language.language_switch` (apart, because it imports anywidget)."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from . import language
from ._widgets import with_twins
from .place import ASSETS

PLAIN_TEXT = "[中文 | English | 雙語]"
_HERE = Path(__file__).parent
_PAGE = ASSETS / "jupyter" / "share" / "labextensions" / "gpt2-course" / "static"


class LanguageSwitch(anywidget.AnyWidget):
    """Three buttons that hide one language of the notebook they are shown in; it happens in the browser.

    `value` is "zh", "en" or "both"; choosing saves it as the learner's language. Where the course's part of
    JupyterLab's page is there too, the two agree.
    """

    _esm = "\n".join(
        path.read_text(encoding="utf-8") for path in (_PAGE / "languages.js", _HERE / "language_switch.js")
    )
    _css = (_PAGE / "language.css").read_text(encoding="utf-8")
    value = traitlets.Enum(language.LANGUAGES).tag(sync=True)

    def __init__(self) -> None:
        super().__init__(value=language.current())
        self.observe(lambda change: language.set_current(change["new"]), names="value")

    # anywidget's annotation lacks the plain bundle, which IPython takes as well.
    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Show the widget, with a plain text that no setting changes, so that tests can compare it."""
        return with_twins(super()._repr_mimebundle_(**kwargs), {"text/plain": PLAIN_TEXT})
