"""The native controls of a panel, each with a name that a screen reader says; see panel.js for what they send."""

from html import escape

from ..show.html import spans
from ..texts import Bilingual


def region(name: str, live: bool = False, role: str = "", scrolls: bool = False) -> str:
    """Return a place for `regions[name]`. `live`: changes are read out; `scrolls`: long content gets a scroll bar."""
    attributes = [f'data-region="{name}"']
    attributes += ['aria-live="polite"'] if live else []
    attributes += [f'role="{role}"'] if role else []
    attributes += ['class="course-scroll" tabindex="0"'] if scrolls else []
    return f"<div {' '.join(attributes)}></div>"


def row(*controls: str) -> str:
    """Return controls side by side; they wrap on a narrow page."""
    return f'<div class="course-row">{"".join(controls)}</div>'


def text_area(name: str, label: Bilingual, rows: int = 2) -> str:
    """Return a field for a text of several lines."""
    return f'<label>{spans(label)}<textarea data-input="{name}" rows="{rows}" spellcheck="false"></textarea></label>'


def slider(name: str, least: float, most: float, step: float) -> str:
    """Return a slider for an argument of `generate`, which is its label, with the number beside it."""
    return (
        f'<label class="course-control"><code>{name}</code><input type="range" data-input="{name}" '
        f'min="{least}" max="{most}" step="{step}"><output></output></label>'
    )


def number(name: str, label: Bilingual, least: int, most: int) -> str:
    """Return a field for a whole number."""
    return (
        f'<label class="course-control">{spans(label)}<input type="number" data-input="{name}" '
        f'min="{least}" max="{most}" step="1" style="width:6em"></label>'
    )


def checkbox(name: str, label: Bilingual) -> str:
    """Return a box to tick."""
    return (
        f'<label class="course-control"><input type="checkbox" data-input="{name}">'
        f"<span>{spans(label)}</span></label>"
    )


def button(name: str, label: Bilingual, value: str = "") -> str:
    """Return a button that sends `name`."""
    return f'<button type="button" data-click="{name}" data-value="{escape(value)}">{spans(label)}</button>'


def copy_button(source: str) -> str:
    """Return a button that copies the text of the region `source`."""
    return f'<button type="button" data-copy="{source}">{spans(Bilingual("Copy", "複製"))}</button>'


def note(text: Bilingual) -> str:
    """Return a line of explanation."""
    return f'<p class="course-note">{spans(text)}</p>'
