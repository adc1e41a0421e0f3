"""What checks, hints and progress look like where HTML is shown: a coloured edge, a faint tint, and always a sign."""

import re
from html import escape

from ...texts import Bilingual

RIGHT, WRONG, OPEN, NOTED, WARNING, HINT = "right", "wrong", "open", "noted", "warning", "hint"

# The edge has a contrast of 3 : 1 on a light and on a dark page; the text keeps the page's own colour.
_EDGES = {
    RIGHT: "var(--jp-success-color0, #388e3c)",
    WRONG: "var(--jp-error-color0, #d32f2f)",
    OPEN: "#808080",
    NOTED: "var(--jp-info-color0, #0097a7)",
    WARNING: "#c77700",
    HINT: "var(--jp-brand-color1, #1976d2)",
}


def card(look: str, head: Bilingual, body: Bilingual) -> str:
    """Return a card: its first words in bold, then the text, both languages one below the other."""
    texts = "".join(
        f'<div lang="{tag}"><strong>{inline(first)}</strong>{gap}{inline(rest)}</div>'
        for tag, first, gap, rest in (("zh-Hant", head.zh, "", body.zh), ("en", head.en, " ", body.en))
    )
    return f'<div class="course-card course-{look} course-bilingual" style="{_style(look)}">{texts}</div>'


def pill(look: str, text: Bilingual) -> str:
    """Return a short state, such as "done", to stand in a table."""
    return f'<span class="course-pill course-{look}" style="display: inline-block; {_style(look)}">{both(text)}</span>'


def both(text: Bilingual) -> str:
    """Return both languages side by side, for the language switch to choose from."""
    return f'<span lang="zh-Hant">{inline(text.zh)}</span> <span lang="en">{inline(text.en)}</span>'


def inline(text: str) -> str:
    """Return a text as HTML: escaped, `code` between backticks, a new line where it has one."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text.strip())).replace("\n", "<br>")


def _style(look: str) -> str:
    edge = _EDGES[look]
    return (
        f"border-left: 5px solid {edge}; padding: 4px 10px; "
        f"background: color-mix(in srgb, {edge} 10%, transparent)"
    )
