"""How a token is written for the eye: one rule, used in every table and every picture.

- text that is valid UTF-8 stands for itself, but a space is `␣` and a newline `⏎`;
- what cannot be seen (control characters, other spaces, zero-width and direction marks, an accent with
  nothing to stand on) is given by its code point, `⟨U+200B⟩`, and so are the four signs of this rule;
- bytes that are no whole character are given in hexadecimal, `⟨E4·B8⟩`;
- a special token is its name, `<|endoftext|>`.

So two different pieces of text never have the same label.
"""

import unicodedata
from functools import cache
from itertools import groupby

SPACE, NEWLINE, OPEN, CLOSE = "␣⏎⟨⟩"

# Letters and marks, by their category, that nevertheless leave no ink.
_BLANK_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def token_label(token: bytes | str) -> str:
    """Return the label of a piece of text by the rule above; it is never empty unless `token` is.

    `token`: the bytes of a token, or text (the name of a special token, say).
    """
    raw = token.encode("utf-8", "surrogatepass") if isinstance(token, str) else token
    decoded = raw.decode("utf-8", "surrogateescape")
    parts = []
    for broken, run in groupby(decoded, key=_is_escaped_byte):
        stretch = "".join(run)
        parts.append(_hexadecimal(stretch) if broken else _text_label(stretch))
    return "".join(parts)


def visible(text: str) -> str:
    """Return running text with the unseen made visible; spaces stay spaces, a newline becomes `⏎`."""
    return "".join(
        NEWLINE if char == "\n" else code_point(char) if _is_hidden(char) else char for char in text
    )


def code_point(char: str) -> str:
    """Return the character's number in the form `⟨U+200B⟩`."""
    return f"{OPEN}U+{ord(char):04X}{CLOSE}"


@cache
def byte_alphabet() -> dict[str, int]:
    """Return GPT-2's alphabet for bytes: for each of 256 printable characters the byte that it stands for.

    Bytes that are printable in Latin-1 stand for themselves; the other 68 follow in order from U+0100
    (a space is `Ġ`). Source: `bytes_to_unicode` in OpenAI's gpt-2 encoder.py.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def _is_escaped_byte(char: str) -> bool:
    return 0xDC80 <= ord(char) <= 0xDCFF


def _hexadecimal(escaped: str) -> str:
    return OPEN + "·".join(f"{ord(char) - 0xDC00:02X}" for char in escaped) + CLOSE


def _text_label(text: str) -> str:
    """Return the label of a valid stretch; a combining mark at its start has nothing to stand on."""
    label = "".join(_char_label(char) for char in text)
    if unicodedata.category(text[0]).startswith("M") and not _is_hidden(text[0]):
        label = code_point(text[0]) + label[1:]
    return label


def _char_label(char: str) -> str:
    if char == " ":
        return SPACE
    if char == "\n":
        return NEWLINE
    if char in (SPACE, NEWLINE, OPEN, CLOSE) or _is_hidden(char) or unicodedata.category(char) == "Zs":
        return code_point(char)
    return char


def _is_hidden(char: str) -> bool:
    if unicodedata.category(char) in _HIDDEN_CATEGORIES:
        return True
    return any(first <= ord(char) <= last for first, last in _BLANK_RANGES)
