"""The fonts of the pictures: the bundled subset of Noto Sans TC, then matplotlib's own DejaVu Sans."""

import unicodedata
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager, ft2font

from ..insight.labels import code_point

BUNDLED_FONT = Path(__file__).parents[1] / "assets" / "fonts" / "NotoSansTC-Subset.ttf"
_FALLBACK_FONT = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")


@cache
def families() -> tuple[str, ...]:
    """Make the bundled font known to matplotlib, once, and return the families to draw with.

    This must be the value of `font.family`: families named under `font.sans-serif` do not fall back.
    """
    font_manager.fontManager.addfont(BUNDLED_FONT)
    return tuple(ft2font.FT2Font(path).family_name for path in (BUNDLED_FONT, _FALLBACK_FONT))


@cache
def coverage() -> frozenset[str]:
    """Return the characters that one of the two fonts can draw."""
    codes: set[int] = set()
    for path in (BUNDLED_FONT, _FALLBACK_FONT):
        codes.update(ft2font.FT2Font(path).get_charmap())
    return frozenset(map(chr, codes))


def drawable(text: str) -> str:
    """Return the text with `⟨U+1F9AB⟩` for each character that no font here can draw: never a box."""
    return "".join(char if char in coverage() else code_point(char) for char in text)


def width(text: str) -> int:
    """Return how many columns the text takes where a Chinese character takes two."""
    return sum(_columns(char) for char in text)


def shortened(text: str, columns: int) -> str:
    """Return the text, or as much of its beginning as fits in so many columns with an ellipsis after it."""
    if width(text) <= columns:
        return text
    kept = text
    while kept and width(kept) > columns - 1:
        kept = kept[:-1]
    return kept + "…"


def padded(text: str, columns: int) -> str:
    """Return the text followed by spaces up to so many columns."""
    return text + " " * (columns - width(text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
