"""Attention weights made small enough to carry: a page of its own, or the data of a widget.

A weight is a byte, relative to the scale of its row; a scale has two bytes. A row of n weights, 1/n on average, has a
scale of at most 127/n if none of them is larger: then one step of the byte is at most half the average. The error
is at most half a step, 1/510 of the scale. What comes after a token is exactly 0 and is left out.
"""

import base64
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..texts import CourseError

if TYPE_CHECKING:
    from ..insight.forward import Attention

_HERE = Path(__file__).parent
_PAGE_STYLE = """
:root { color-scheme: light dark; }
body { font-family: "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", sans-serif; font-size: 13px; margin: 16px;
  --ink: #212121; --paper: #fff; --chip: #e8f1f8; --bar: #0072b2; color: var(--ink); background: var(--paper); }
@media (prefers-color-scheme: dark) {
  body { --ink: #eee; --paper: #111; --chip: #22343f; --bar: #56b4e9; } }
"""
_PAGE_SCRIPT = """
const packed = Uint8Array.from(atob(DATA.packed), c => c.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
const bytes = await new Response(stream).arrayBuffer();
const rows = DATA.layers * DATA.heads * DATA.labels.length;
let state;
const draw = () => { state = drawAttention(document.getElementById("attention"), {
  ...DATA, scales: new Uint16Array(bytes, 0, rows), weights: new Uint8Array(bytes, 2 * rows) }, state); };
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
"""


@dataclass(frozen=True, eq=False)
class AttentionView:
    """The weights of one text in little room.

    `labels`: the tokens; `scales`: the scale of each row × 65535, uint16 [layer, head, query]; `weights`: the
    lower triangles row by row, × 255 / scale, uint8 [layer, head, seq · (seq + 1) / 2].
    """

    labels: tuple[str, ...]
    scales: np.ndarray
    weights: np.ndarray

    @property
    def packed(self) -> bytes:
        """Return scales (little-endian) and weights, one after the other."""
        return self.scales.astype("<u2").tobytes() + self.weights.tobytes()

    @property
    def size(self) -> dict[str, Any]:
        """Return what is needed to read `packed`."""
        layers, heads, _ = self.scales.shape
        return {"labels": list(self.labels), "layers": layers, "heads": heads}

    def unpacked(self) -> np.ndarray:
        """Return the weights again, float32 [layer, head, query, key], within the error that packing makes."""
        layers, heads, length = self.scales.shape
        weights = np.zeros((layers, heads, length, length), dtype=np.float32)
        rows, columns = np.tril_indices(length)
        weights[:, :, rows, columns] = self.weights / 255 * (self.scales / 65535)[:, :, rows]
        return weights

    def html(self) -> str:
        """Return a page that needs nothing else: no network, no other file."""
        packed = base64.b64encode(_deflated(self.packed)).decode("ascii")
        # A label may hold "</script>": in JSON its "<" can be written so that no tag begins.
        data = json.dumps({**self.size, "packed": packed}, ensure_ascii=False).replace("<", "\\u003c")
        script = (_HERE / "attention.js").read_text(encoding="utf-8")
        style = _PAGE_STYLE + (_HERE / "attention.css").read_text(encoding="utf-8")
        return (
            f'<!doctype html><html lang="zh-Hant"><meta charset="utf-8"><title>注意力 Attention</title><style>{style}</style>'
            f'<body><div id="attention"></div><script type="module">const DATA = {data};\n{script}{_PAGE_SCRIPT}</script>'
        )

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, to be opened in any browser; return its path."""
        target = Path(path)
        target.write_text(self.html(), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        layers, heads, length = self.scales.shape
        return f"AttentionView({layers} layers, {heads} heads, {length} tokens)"


def attention_view(attention: "Attention") -> AttentionView:
    """Return the attention weights of all layers and heads, packed. Raise CourseError if they are not causal."""
    weights = np.asarray(attention.weights)
    rows, columns = np.tril_indices(weights.shape[-1])
    if np.triu(weights, 1).any():
        raise CourseError(
            "These weights look at later tokens; GPT-2's are causal.",
            "這些權重看到了後面的 token；GPT-2 的注意力有因果遮罩，不會看到後面。",
        )
    lengths = np.arange(1, weights.shape[-1] + 1)
    wanted = np.maximum(weights.max(axis=-1), np.minimum(1, 127 / lengths))
    scales = np.ceil(wanted * 65535).astype(np.uint16)
    relative = weights[:, :, rows, columns] / (scales[:, :, rows] / np.float32(65535))
    packed = np.rint(np.minimum(relative, 1) * 255).astype(np.uint8)
    return AttentionView(tuple(token.label for token in attention.tokens), scales, packed)


def _deflated(content: bytes) -> bytes:
    """Compress mostly small numbers; Huffman only: the bytes hardly repeat, so searching for matches costs time and saves nothing."""
    compressor = zlib.compressobj(strategy=zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(content) + compressor.flush()
