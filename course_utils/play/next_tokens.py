"""The next-token widget: type a text, see its tokens and what the model expects, and go on by clicking."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .. import insight, show
from ..show.html import chips, next_token_bars, spans
from ..texts import Bilingual, CourseError
from ..world import NotAStory
from . import controls
from .panel import Panel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Truth = Callable[["PreTrainedTokenizerBase", Sequence[int]], dict[int, float]]

NAME = Bilingual("Next token", "下一個 token")
_TEXT = Bilingual("Your text", "你的文字")
_UNDO = Bilingual("Undo", "復原")
_NO_TRUTH = Bilingual(
    "No story of the small world begins like this, so there is no truth to put beside the model.",
    "小世界裡沒有這樣開頭的故事，所以沒有真實機率可以並列。",
)


class NextToken(Panel):
    """`ids`: the tokens so far. Clicking appends one of them, whether or not a text could be cut so."""

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        text: str,
        truth: Truth | None,
        k: int,
    ) -> None:
        self.model, self.tokenizer, self.truth, self.k = model, tokenizer, truth, k
        self._before: list[list[int]] = []
        html = "".join((
            controls.text_area("text", _TEXT), controls.row(controls.button("undo", _UNDO)),
            controls.region("tokens", scrolls=True), controls.region("next", live=True), controls.region("note"),
        ))  # fmt: skip
        super().__init__(NAME, html, {"text": self.type, "append": self.append, "undo": self.undo})
        self._show(insight.token_ids(tokenizer, text))
        self.put(text=text)

    def type(self, text: str) -> None:
        """Start anew from a text."""
        ids = insight.token_ids(self.tokenizer, text)
        self.put(text=text)
        self._go_to(ids)

    def append(self, token_id: int | str) -> None:
        """Append one token."""
        # An empty text is the end-of-text token, shown as such; what is appended stands after it.
        self._go_to([*self.ids, int(token_id)])
        self._put_text()

    def undo(self, _: object = None) -> None:
        """Go back to the tokens before the last change."""
        if not self._before:
            raise CourseError("There is nothing to undo.", "沒有可以復原的步驟。")
        self._show(self._before.pop())
        self._put_text()

    def twin(self) -> show.Picture:
        """Return the bars as a picture."""
        return show.probabilities(self._next, self._true)

    def _go_to(self, ids: list[int]) -> None:
        before = self.ids
        self._show(ids)
        self._before.append(before)

    def _show(self, ids: list[int]) -> None:
        self._next = insight.next_tokens(self.model, self.tokenizer, ids, self.k)
        self._true, note = self._truth(ids)
        self.ids = ids
        self.show(
            tokens=chips(insight.tokens(self.tokenizer, ids)),
            next=next_token_bars(self._next, self._true),
            note=note,
        )

    def _truth(self, ids: list[int]) -> tuple[dict[int, float] | None, str]:
        if self.truth is None:
            return None, ""
        try:
            return self.truth(self.tokenizer, ids), ""
        except NotAStory:
            return None, spans(_NO_TRUTH)

    def _put_text(self) -> None:
        start = [self.tokenizer.eos_token_id]
        self.put(text="" if self.ids == start else self.tokenizer.decode(self.ids))


def next_token(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    text: str = "",
    *,
    truth: Truth | None = None,
    k: int = 8,
) -> NextToken:
    """Return a widget that shows the tokens of a text and the `k` most probable next ones; click to append.

    `truth`: a function (tokenizer, ids) -> {id: probability}, such as `world.true_next`, to be put beside the model;
    it raises NotAStory where there is none.
    Raise CourseError for a model without an LM head, or a text that is too long.
    """
    return NextToken(model, tokenizer, text, truth, k)
