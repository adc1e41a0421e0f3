"""The attention explorer: all heads of a text at a glance, one of them large, one token's weights in the text."""

from typing import TYPE_CHECKING

import traitlets

from .. import insight, show
from ..show import attention_view as drawing
from ..texts import Bilingual
from . import controls
from .panel import Panel, script

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

NAME = Bilingual("Attention explorer", "注意力檢視器")
_TEXT = Bilingual("Your text", "你的文字")
_HOW = Bilingual(
    "Choose a head; then point at a row or a token to see what it attends to. With the keyboard: Tab, then the arrows.",
    "先選一個注意力頭，再把游標移到一列（row）或一個 token 上，看它注意哪裡。使用鍵盤時，按 Tab，再按方向鍵。",
)


class AttentionExplorer(Panel):
    """`attention`: what is shown; `size` and `packed` are its small form, see `show.attention_view`."""

    _esm = script("panel.js", "../show/attention.js", "attention.js")
    _css = script("panel.css", "../show/attention.css")
    size = traitlets.Dict().tag(sync=True)
    packed = traitlets.Bytes().tag(sync=True)

    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str) -> None:
        self.model, self.tokenizer = model, tokenizer
        html = controls.text_area("text", _TEXT) + controls.note(_HOW) + "<div data-attention></div>"
        super().__init__(NAME, html, {"text": self.read})
        self.read(text)

    def read(self, text: str) -> None:
        """Show the attention of another text."""
        attention = insight.attention(self.model, self.tokenizer, text)
        view = drawing.attention_view(attention)
        self.attention = attention
        with self.hold_sync():  # the drawing starts when `size` comes, and needs both
            self.packed, self.size = view.packed, view.size
            self.put(text=text)

    def twin(self) -> show.Picture:
        """Return all heads as a picture."""
        return show.attention_heads(self.attention)


def attention_explorer(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str
) -> AttentionExplorer:
    """Return a widget that shows the attention of every layer and head for `text`, and for what is typed in it.

    Raise CourseError for a text that is too long.
    """
    return AttentionExplorer(model, tokenizer, text)
