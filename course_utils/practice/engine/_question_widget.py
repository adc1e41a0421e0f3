"""The rows of a quick question (apart, because this imports anywidget)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ...show.html import blocks, spans
from ...texts import Bilingual
from .questions import LETTERS

if TYPE_CHECKING:
    from .questions import Option, Question

_HERE = Path(__file__).parent
_RIGHT, _WRONG = Bilingual("Correct", "對了"), Bilingual("Not right", "不對")


class QuestionButtons(anywidget.AnyWidget):
    """A question whose every option is a button; it answers in the browser, also when no kernel runs.

    `rows` holds each option with what is said to whoever chooses it, as HTML in both languages; `tried` the letters
    chosen so far, in turn. Both are part of the widget's state, so a notebook saved with it shows the choice again.
    """

    _esm = (_HERE / "question.js").read_text(encoding="utf-8")
    _css = (_HERE / "question.css").read_text(encoding="utf-8")
    prompt = traitlets.Unicode().tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    tried = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, question: "Question") -> None:
        rows = [_row(letter, option) for letter, option in zip(LETTERS, question.options)]
        super().__init__(prompt=blocks(question.prompt), rows=rows)


def _row(letter: str, option: "Option") -> dict[str, Any]:
    sign, word = ("✓", _RIGHT) if option.is_right else ("✗", _WRONG)
    return {
        "letter": letter,
        "text": spans(option.text),
        "right": option.is_right,
        "mark": f"{sign} {spans(word)}",
        "why": blocks(option.because),
    }
