"""What a warning or an error means: `explain(...)`, and `explain_last()` in a notebook.

Everything is looked up in the text as a reader would see it, so that an exception, a traceback pasted from a
notebook and a whole log are treated alike. The entries themselves are data: `course_utils.explanations`.
"""

import codecs
import re
import sys
import traceback
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .explanations import CATALOGUE, DEPENDS, NO, YES, Entry
from .texts import Bilingual

LONGEST = 4_000_000  # characters; of a longer text, its beginning and its end are read
SHOWN = 5
_TITLE = 160  # characters of the learner's own message
_TRACEBACK = 20_000  # how far before its message a traceback's lines are looked for
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_HEADING = re.compile(
    r"^(?:[A-Za-z_][\w.]*\.)?(?:\w*(?:Error|Exception)|KeyboardInterrupt)(?=:|[ \t]*$)", re.MULTILINE
)
_FRAME = re.compile(r"^(?:-+> *\d+ |  File \")", re.MULTILINE)

_MATTERS = {
    YES: Bilingual("Yes.", "會。"),
    NO: Bilingual("No.", "不會。"),
    DEPENDS: Bilingual("It depends.", "看情況。"),
}
_UNKNOWN = Bilingual(
    "The catalogue does not know this message. What to do:\n"
    "1. Run `python -m course_utils doctor`: it checks the installation, and says what to do.\n"
    "2. Copy the last line of the message, without your own paths and names.\n"
    "3. Search for it, in quotation marks, in the issues of the package that the last lines of the traceback name "
    "(transformers, torch).",
    "說明清單裡沒有收錄這則訊息。可以這樣做：\n"
    "1. 執行 `python -m course_utils doctor`：它會檢查安裝，並說明該怎麼做。\n"
    "2. 複製訊息的最後一行，去掉你自己的路徑與名稱。\n"
    "3. 加上引號，到錯誤訊息最後幾行提到的套件（transformers、torch）的 issue 裡搜尋。",
)
_NO_ERROR = Bilingual(
    "No error has been raised in this kernel yet. For a warning, copy its text: "
    '`from course_utils.explain import explain`, then `explain("...")`.',
    "這個 kernel 還沒有發生過錯誤。如果是警告，請複製它的文字："
    '先 `from course_utils.explain import explain`，再 `explain("...")`。',
)


class Explanations(list[Entry]):
    """The entries that fit a message, best first; shows itself, in the learner's language, also where it is empty.

    `titles`: by an entry's slug, the learner's own message, which is its title instead of the catalogue's example.
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        otherwise: Bilingual = _UNKNOWN,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(entries)
        self.otherwise, self.titles = otherwise, dict(titles or {})

    def __repr__(self) -> str:
        return str(self._text(_plain))

    def _repr_markdown_(self) -> str:
        return self._text(_markdown).markdown()

    def _text(self, render: Callable[[Entry, str], Bilingual]) -> Bilingual:
        if not self:
            return self.otherwise
        texts = [render(entry, self.titles.get(entry.slug, entry.title)) for entry in self[:SHOWN]]
        if len(self) > SHOWN:
            slugs = ", ".join(entry.slug for entry in self[SHOWN:])
            texts.append(Bilingual(f"Also: {slugs}", f"還有：{slugs}"))
        return Bilingual("\n\n".join(text.en for text in texts), "\n\n".join(text.zh for text in texts))


def explain(what: Any) -> Explanations:
    """Return the entries of the catalogue that fit, best first: the error that stopped the program, then its causes,
    then other errors, then warnings.

    `what` is an exception, or a message, a traceback, a log as text; an entry's slug finds that entry. Whatever
    else it is, its text is read. Where nothing fits, the result is empty and says what to do.
    """
    text = _as_text(what)
    named = [entry for entry in CATALOGUE if entry.slug == text.strip()]
    if named:
        return Explanations(named)
    matches = sorted(_matches(text), key=_rank)
    titles = {match.entry.slug: _own_words(match, text) for match in matches if match.entry.is_error}
    return Explanations((match.entry for match in matches), titles=titles)


def explain_last() -> Explanations:
    """Explain the last error of this notebook, with the errors that led to it."""
    error = _last_error()
    return Explanations(otherwise=_NO_ERROR) if error is None else explain(error)


def decoded(raw: bytes) -> str:
    """Return the text of a log: UTF-8, or UTF-16 where its first bytes say so, as PowerShell 5 writes it."""
    is_utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return raw.decode("utf-16" if is_utf16 else "utf-8-sig", errors="replace")


def _as_text(what: Any) -> str:
    """Return what a reader would see: of an exception, the whole traceback with its causes."""
    try:
        if isinstance(what, BaseException):
            text = "".join(traceback.format_exception(what))
        elif isinstance(what, bytes | bytearray | memoryview):
            text = decoded(bytes(what))
        else:
            text = str(what)
    except Exception:  # an object that cannot say what it is
        text = type(what).__name__
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
    return _ANSI.sub("", text).replace("\r\n", "\n")


@dataclass(frozen=True)
class _Match:
    """Where an entry's message stands in the text, and where the error that it belongs to is named (-1: nowhere)."""

    entry: Entry
    start: int
    end: int
    heading: int


def _matches(text: str) -> Iterator[_Match]:
    """Find, for each entry, the last place of an error and the first place of a warning."""
    headings = [found.start() for found in _HEADING.finditer(text)]
    for entry in CATALOGUE:
        found = _last(entry.regex, text) if entry.is_error else entry.regex.search(text)
        if found is None:
            continue
        at = bisect_right(headings, found.end())
        match = _Match(entry, found.start(), found.end(), headings[at - 1] if at else -1)
        if _may_be_the_cause(match, text, headings[at - 2] if at > 1 else 0):
            yield match


def _last(regex: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = deque(regex.finditer(text), maxlen=1)
    return found[0] if found else None


def _may_be_the_cause(match: _Match, text: str, previous: int) -> bool:
    """Return whether the traceback, after the previous error, shows the entry's cause; True where there is no traceback."""
    if not match.entry.where:
        return True
    lines = text[max(previous, match.start - _TRACEBACK) : match.start]
    return not _FRAME.search(lines) or bool(match.entry.where_regex.search(lines))


def _rank(match: _Match) -> tuple[int, int, int]:
    """Order errors before warnings, the last error of a text first, and the longer of two matches first."""
    if match.entry.is_error:
        return 0, -match.heading, match.start - match.end
    return 1 + (YES, DEPENDS, NO).index(match.entry.matters), match.start, 0


def _own_words(match: _Match, text: str) -> str:
    """Return the error's type and its message as the learner met them, on one line."""
    named = _HEADING.match(text, match.heading) if match.heading >= 0 else None
    if named and match.start - named.end() < _TITLE:
        kind, start = named.group().rpartition(".")[2], named.end()
    else:
        kind, start = match.entry.kinds[0], match.start
    end = max(match.end, start)
    # Of a wrapped message, at least what was recognised; the course's own messages have a line in each language.
    rest = text[end : end + 2 * _TITLE].split("\n")[: 2 if kind == "CourseError" else 1]
    message = " ".join(f"{text[start:end]}{' '.join(rest)}".removeprefix(":").split())
    if len(message) > _TITLE:
        message = message[: _TITLE - 1] + "…"
    return f"{kind}: {message}" if message else kind


def _last_error() -> BaseException | None:
    """Return the last error that Python's prompt or IPython has shown."""
    for name in ("last_exc", "last_value"):
        error = getattr(sys, name, None)
        if isinstance(error, BaseException):
            return error
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    result = getattr(shell, "last_execution_result", None)
    return getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)


def _plain(entry: Entry, title: str) -> Bilingual:
    code = "".join(f"\n        {line}" for line in entry.code.splitlines())
    matters = _MATTERS[entry.matters]
    return Bilingual(
        f"■ {title}\n    [{entry.slug}]\n    What it means: {entry.meaning.en}\n"
        f"    Does it matter? {matters.en}\n    What to do: {entry.remedy.en}{code}",
        f"■ {title}\n    [{entry.slug}]\n    意思：{entry.meaning.zh}\n"
        f"    影響結果嗎？{matters.zh}\n    怎麼做：{entry.remedy.zh}{code}",
    )


def _markdown(entry: Entry, title: str) -> Bilingual:
    language = "bash" if entry.is_shell else "python"
    code = f"\n\n```{language}\n{entry.code}\n```" if entry.code else ""
    title = f"`` {re.sub('``+', '`', title)} ``"
    matters = _MATTERS[entry.matters]
    return Bilingual(
        f"**{title}**\n\n{entry.meaning.en}\n\n**Does it matter?** {matters.en}\n\n"
        f"**What to do:** {entry.remedy.en}{code}",
        f"**{title}**\n\n{entry.meaning.zh}\n\n**影響結果嗎？** {matters.zh}\n\n**怎麼做：** {entry.remedy.zh}{code}",
    )
