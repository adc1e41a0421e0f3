"""The console that a command writes to: which characters it has, and plain signs for those that it lacks."""

import codecs
import io
from typing import TextIO

_PLAIN_SIGNS = {
    "✓": "[ok]",
    "✗": "[x]",
    "◇": "[ ]",
    "◆": "[-]",
    "⚠": "[!]",
    "→": "->",
    "■": "*",
    "⇄": "<->",
    "…": "...",
    "—": "-",
    "’": "'",
    "“": '"',
    "”": '"',
}
_shows_chinese = True


def shows_chinese() -> bool:
    """Return whether this process can write Chinese; True as long as `fit` has not found a console that cannot."""
    return _shows_chinese


def fit(*outputs: TextIO) -> None:
    """Make a command's output readable on any console: a sign that it lacks becomes a plain one, not a crash.

    Where one of the outputs has no Chinese characters, messages are in English alone.
    """
    global _shows_chinese
    codecs.register_error("course-plain", _plain)
    consoles = [stream for stream in outputs if isinstance(stream, io.TextIOWrapper)]
    for stream in consoles:
        stream.reconfigure(errors="course-plain")
    _shows_chinese = all(_can_show(stream, "中文") for stream in consoles)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Give what stands for characters that a console lacks: a question mark, where there is nothing better."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN_SIGNS.get(char, "?") for char in lacking), error.end


def _can_show(stream: io.TextIOWrapper, text: str) -> bool:
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True
