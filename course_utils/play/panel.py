"""The widget that all others are made of: HTML from Python, and native controls whose events call Python back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .._widgets import with_twins
from ..show.html import blocks, spans
from ..show.picture import Picture
from ..texts import Bilingual, CourseError
from .controls import region

_HERE = Path(__file__).parent
_BUSY = Bilingual("Working …", "計算中……")
_LOST = Bilingual("Run this cell again to use this widget.", "請重新執行這個儲存格，才能使用這個小工具。")
_FAILED = Bilingual(
    "Something went wrong in this widget; what was on it is still there.",
    "這個小工具出了問題；上面的內容都還在。",
)

# What to call by the name of a control, with the value that was typed or pressed.
Events = Mapping[str, Callable[[Any], None]]


def script(*names: str) -> str:
    """Return files of this folder as one: scripts, or style sheets."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


class Panel(anywidget.AnyWidget):
    """HTML with named regions, and what the learner does in it.

    `regions`: the HTML of each region; `values`: what the controls show; `events`: what to call, by name, with
    the value that was typed or pressed. An error that a call raises is shown in the panel.
    """

    _esm = script("panel.js", "only_panel.js")
    _css = script("panel.css")
    html = traitlets.Unicode().tag(sync=True)
    regions = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)

    def __init__(self, name: Bilingual, html: str, events: Events) -> None:
        self.name, self.events = name, dict(events)
        title = f"{name.zh} {name.en}"
        super().__init__(html=(
            f'<div role="group" aria-label="{escape(title)}"><strong>{spans(name)}</strong> '
            f'<span data-busy role="status" hidden>{spans(_BUSY)}</span>'
            f'<span data-lost role="status">{spans(_LOST)}</span>'
            f"{html}{region('message', role='alert')}</div>"
        ))  # fmt: skip
        self.on_msg(self.receive)

    def twin(self) -> Picture:
        """Return the picture of what the widget shows now, for pages without widgets."""
        raise NotImplementedError

    def show(self, **regions: str) -> None:
        """Put HTML into regions."""
        self.regions = {**self.regions, **regions}

    def put(self, **values: Any) -> None:
        """Set what controls show."""
        self.values = {**self.values, **values}

    def handle(self, name: str, value: Any) -> None:
        """Do what the control `name` is for, as if the learner had given it `value`; show an error, raise none."""
        self.show(message="")
        with self.reporting():
            self.events[name](value)

    @contextmanager
    def reporting(self, on_error: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Show an error in the panel, where the learner sees it, and not in a server's log; then call `on_error`."""
        try:
            yield
        except Exception as error:
            if isinstance(error, CourseError):
                self.show(message=blocks(error.text))
            else:
                self.show(message=blocks(_FAILED) + escape(f"{type(error).__name__}: {error}"))
            on_error()

    def receive(self, _: Any, content: Any, buffers: Any) -> None:
        """Take a message from the page, {name, value}; what no control sends is ignored."""
        name = content.get("name") if isinstance(content, dict) else None
        if name not in self.events:
            return
        self.handle(name, content.get("value"))
        if name != "stop":
            self.send({"done": name})

    def __repr__(self) -> str:
        return f"[{self.name.zh} | {self.name.en}]"

    # anywidget's annotation lacks the plain bundle, which IPython takes as well.
    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """Show the widget; where there is none, its picture; in plain text a name that no setting changes."""
        twins = {"image/png": self.twin()._repr_png_(), "text/plain": repr(self)}
        return with_twins(super()._repr_mimebundle_(**kwargs), twins)
