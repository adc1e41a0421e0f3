"""A figure in the course's style that belongs to no global state and shows itself in a notebook."""

from io import BytesIO
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ..insight.labels import token_label
from .fonts import drawable, shortened
from .style import DPI, style


class Picture(Figure):
    """A matplotlib Figure that displays as the last value of a cell; `alt` says in words what it shows.

    pyplot does not know of it, so there is nothing to close. Its printed form holds no numbers that vary.
    """

    alt: str

    def __init__(self, width: float, height: float, alt: str) -> None:
        with rc_context(style()):
            super().__init__(figsize=(width, height), dpi=DPI, layout="constrained")
        self.alt = alt

    def draw(self, renderer: Any) -> None:
        """Draw in the course's style, for texts made only now take the settings of the moment."""
        with rc_context(style()):
            super().draw(renderer)

    def __repr__(self) -> str:
        """Return the size and the number of axes in matplotlib's own form."""
        width, height = (round(inches * DPI) for inches in self.get_size_inches())
        return f"<Figure size {width}x{height} with {len(self.axes)} Axes>"

    __str__ = __repr__

    def _repr_png_(self) -> bytes:
        canvas = FigureCanvasAgg(self)
        canvas.draw()
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        buffer = BytesIO()
        # A palette makes the file a third as large, and notebooks hold many of them.
        image.quantize(128, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
        return buffer.getvalue()


def label(text: str, columns: int = 24) -> str:
    """Return the text as a picture can show it: shortened, and with no character that would be a box."""
    return drawable(shortened(text, columns))


def ending(text: str, limit: int = 28) -> str:
    """Return the end of the text, which the next token follows; an empty text is the end-of-text token."""
    if not text:
        return token_label("<|endoftext|>")
    return text if len(text) <= limit else "…" + text[-limit:]


def percent(value: float) -> str:
    """Return a probability as a percentage with one decimal; what would round to nothing is `< 0.1 %`."""
    return "< 0.1 %" if 0 < value < 0.0005 else f"{100 * value:.1f} %"


def set_title(picture: Picture, zh: str, en: str) -> None:
    """Write the title in both languages above the picture, one line for each, at the left."""
    picture.suptitle(f"{drawable(zh)}\n{drawable(en)}", x=0.01, ha="left", fontsize=11)
