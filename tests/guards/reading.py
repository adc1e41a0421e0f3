"""What the guards read: the parts of a notebook and of a bilingual Markdown cell, as plain text and lists.

A Markdown cell has headings of two spans, `<div lang="zh-Hant">` and `<div lang="en">` blocks in turn, and
a remainder
that belongs to no language (pictures, code, formulas).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LANGUAGES = ("zh-Hant", "en")
HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"

FENCE = re.compile(
    r"^([ \t]*(?:>[ \t]*)*)(```+|~~~+)([^\n]*)\n(.*?)^[ \t]*(?:>[ \t]*)*\2[ \t]*$", re.M | re.S
)
INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
DISPLAY_MATH = re.compile(r"\$\$(.+?)\$\$", re.S)
INLINE_MATH = re.compile(r"(?<![\\$\w])\$(?=\S)([^$\n]+?)(?<=\S)\$(?![\d$])")
IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
BARE_LINK = re.compile(r"<?https?://[^\s<>()（）「」，。]+>?")
HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.I)
HTML_LINK = re.compile(r"<a\b[^>]*?\bhref\s*=\s*[\"']([^\"']+)[\"']", re.I)
HTML_COMMENT = re.compile(r"<!--.*?-->", re.S)
TAG = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>")
HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$", re.M)
HEADING_SPANS = re.compile(r'<span lang="zh-Hant">(.+?)</span>\s*<span lang="en">(.+?)</span>')


@dataclass
class Heading:
    """One heading: its level and the whole text after the hashes."""

    level: int
    text: str


@dataclass
class Prose:
    """A Markdown cell taken apart."""

    headings: list[Heading] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)  # (language, text), in order
    rest: str = ""
    faults: list[str] = field(default_factory=list)  # ways in which the shape itself is broken

    def side(self, language: str) -> str:
        """All text of one language: its spans, in headings and in the remainder, then its blocks."""
        spans = re.findall(
            rf'<span lang="{language}">(.*?)</span>',
            "\n".join(h.text for h in self.headings) + "\n" + self.rest,
            re.S,
        )
        return "\n\n".join([*spans, *(text for lang, text in self.blocks if lang == language)])


def source(cell: dict) -> str:
    """The cell's source as one string (on disk it is a list of lines)."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def name(cell: dict) -> str:
    """How findings name the cell."""
    return f"cell `{cell.get('id', '?')}`"


def code_cells(notebook: dict) -> list[dict]:
    """The code cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def prose_cells(notebook: dict) -> list[dict]:
    """The Markdown cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def output_texts(output: dict) -> Iterator[tuple[str, str]]:
    """(MIME type, text) of everything textual in one output; pictures as base64 are left out."""
    if "text" in output:
        yield "text/plain", joined(output["text"])
    for mime, value in output.get("data", {}).items():
        if not mime.startswith("image/") or mime == "image/svg+xml":
            yield mime, joined(value)
    if output.get("output_type") == "error":
        yield "text/plain", "\n".join([output.get("evalue", ""), *output.get("traceback", [])])


def joined(value: object) -> str:
    """A notebook's string, which may be stored as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def without_fences(text: str) -> str:
    """Text with fenced code and HTML comments blanked."""
    return FENCE.sub("\n", HTML_COMMENT.sub("", text))


def take_apart(text: str) -> Prose:
    """Headings, language blocks and remainder of a Markdown cell. A heading inside a block is a fault."""
    prose, rest, block, language, depth = Prose(), [], [], None, 0
    lines = _hide_fences(text).splitlines()
    for number, line in enumerate(lines):
        start = re.fullmatch(r'<div lang="(zh-Hant|en)">', line.strip())
        if language is None and start:
            language, block, depth = start[1], [], 1
        elif language is None:
            _outside(line, prose, rest)
        else:
            depth += len(re.findall(r"<div\b", line)) - len(re.findall(r"</div>", line))
            if depth > 0:
                block.append(line)
                continue
            following = lines[number + 1].strip() if number + 1 < len(lines) else ""
            _close(prose, language, block, following)
            language = None
    if language is not None:
        prose.faults.append(f'<div lang="{language}"> is not closed by </div> on a line of its own')
    prose.rest = _show_fences("\n".join(rest))
    return prose


def _outside(line: str, prose: Prose, rest: list[str]) -> None:
    heading = HEADING.fullmatch(line)
    if heading:
        prose.headings.append(Heading(len(heading[1]), heading[2]))
        return
    if re.search(r"<div\b[^>]*\blang=", line):
        prose.faults.append(
            f'write <div lang="zh-Hant"> or <div lang="en"> on a line of its own, not: {line.strip()}'
        )
    rest.append(line)


def _close(prose: Prose, language: str, block: list[str], following: str) -> None:
    if len(block) < 3 or block[0].strip() or block[-1].strip():
        prose.faults.append(f'<div lang="{language}"> needs an empty line after it and one before its </div>')
    if following and not following.startswith("<div"):
        prose.faults.append("</div> needs an empty line after it")
    text = "\n".join(block)
    for heading in HEADING.finditer(text):
        prose.faults.append(
            f"a heading inside a <div>: {heading[0].strip()} (headings stand outside, as two spans)"
        )
    prose.blocks.append((language, _show_fences(text).strip("\n")))


# Inside fences nothing is Markdown: `# a comment` is not a heading there, `</div>` closes nothing.
_FENCED = str.maketrans({"#": "\ue000", "<": "\ue001"})
_SHOWN = str.maketrans({"\ue000": "#", "\ue001": "<"})


def _hide_fences(text: str) -> str:
    return FENCE.sub(lambda match: match[0].translate(_FENCED), HTML_COMMENT.sub("", text))


def _show_fences(text: str) -> str:
    return text.translate(_SHOWN)


def plain(text: str, placeholder: str = "") -> str:
    """Running text alone: no code, formulas, tags, link targets or emphasis marks.

    With a `placeholder`, inline code and formulas leave it behind, so that the space around them can be
    judged.
    """
    text = without_fences(text)
    text = DISPLAY_MATH.sub("\n\n", text)
    text = INLINE_CODE.sub(placeholder, text)
    text = INLINE_MATH.sub(placeholder, text)
    text = IMAGE.sub(lambda match: match[1], text)
    text = LINK.sub(lambda match: match[1], text)
    text = BARE_LINK.sub(placeholder, text)
    text = TAG.sub("", text)
    return text.replace("*", "").replace("\\", "")
