"""The learner's language: the setting, bilingual messages and errors, and the switch in the notebooks.

A message is written in both languages where it is made, `both("Saved.", "已儲存。")`, and shown in the
language that the learner chose. Errors always carry both, because they get copied to other people.
"""

import codecs
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO, cast

from course_utils.files import write_atomically

if TYPE_CHECKING:
    from course_utils._language_switch import LanguageSwitch

Language = Literal["zh", "en", "both"]
LANGUAGES: tuple[Language, ...] = ("zh", "en", "both")

_SETTINGS = "settings.json"
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
# The choice of this process, kept for when it could not be written to disk (a read-only home).
_unsaved: Language | None = None
# English, where this process writes to a console that has no Chinese characters.
_console: Language | None = None


class CourseError(Exception):
    """An error that a learner can meet; `str()` gives what happened and what to do, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en, zh)
        self.en = en
        self.zh = zh

    def __str__(self) -> str:
        return self.en if _console == "en" else f"{self.zh}\n{self.en}"


@dataclass(frozen=True)
class Bilingual:
    """A text in both languages; `str()` gives it in the learner's, `markdown()` both, for the switch to choose."""

    en: str
    zh: str

    def __str__(self) -> str:
        return both(self.en, self.zh)

    def __add__(self, other: "Bilingual") -> "Bilingual":
        """Return the two texts one after the other, each language as a sentence of its own."""
        return Bilingual(f"{self.en} {other.en}", f"{self.zh}{other.zh}")

    def markdown(self) -> str:
        """Return the two language blocks of a notebook's prose."""
        return f'<div lang="zh-Hant">\n\n{self.zh}\n\n</div>\n<div lang="en">\n\n{self.en}\n\n</div>'


def both(en: str, zh: str) -> str:
    """Return the message in the learner's language; with "both", the Chinese line, then the English."""
    return {"en": en, "zh": zh, "both": f"{zh}\n{en}"}[current()]


def current() -> Language:
    """Return "zh", "en" or "both": from COURSE_LANGUAGE, else from the settings file, else "both".

    On a console that cannot show Chinese (`fit_console`) it is "en".

    A value that is none of the three, an unreadable file and a damaged one count as not set.
    """
    for value in (_console, os.environ.get("COURSE_LANGUAGE"), _unsaved, _read_settings().get("language")):
        if value in LANGUAGES:
            return cast(Language, value)
    return "both"


def set_current(language: str) -> bool:
    """Choose the language of messages, "zh", "en" or "both", and save the choice.

    Return whether it could be saved; where it could not, it holds until this process ends.
    COURSE_LANGUAGE, where it is set, still comes first. Raise CourseError for any other value.
    """
    global _unsaved
    if language not in LANGUAGES:
        raise CourseError(
            f'There is no language {language!r} here: choose "zh", "en" or "both".',
            f'沒有 {language!r} 這個語言選項：請選 "zh"、"en" 或 "both"。',
        )
    chosen = cast(Language, language)
    try:
        _write_settings({**_read_settings(), "language": chosen})
    except OSError:
        _unsaved = chosen
        return False
    _unsaved = None
    return True


def fit_console(*outputs: TextIO) -> None:
    """Make a command's output readable on any console: a sign that it lacks becomes a plain one, not a crash.

    Where one of the outputs has no Chinese characters, messages are in English alone.
    """
    global _console
    codecs.register_error("course-plain", _plain)
    consoles = [stream for stream in outputs if isinstance(stream, io.TextIOWrapper)]
    for stream in consoles:
        stream.reconfigure(errors="course-plain")
    _console = None if all(_can_show(stream, "中文") for stream in consoles) else "en"


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


def data_folder() -> Path:
    """Return the folder of the learner's own settings and data: COURSE_DATA, else the platform's usual place.

    The folder is not made here. Where no place can be told it is one that cannot be made: nothing is kept.
    """
    chosen = os.environ.get("COURSE_DATA")
    try:
        if chosen:
            return Path(chosen).expanduser()
        from platformdirs import user_data_path

        return user_data_path("gpt2-course", appauthor=False)
    except (RuntimeError, ModuleNotFoundError):  # no home folder; half an install, which the doctor tells of
        return Path(os.devnull, "gpt2-course")


def language_switch() -> "LanguageSwitch":
    """Return the switch 中文 | English | 雙語 that hides one language of the notebook it is shown in.

    It acts in JupyterLab and Jupyter Notebook. Where there is no widget, or no `.jp-Notebook` around it
    (VS Code, Colab, GitHub), both languages stay visible.
    """
    from course_utils._language_switch import LanguageSwitch

    return LanguageSwitch()


def _read_settings() -> dict[str, object]:
    try:
        settings = json.loads((data_folder() / _SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _write_settings(settings: dict[str, object]) -> None:
    content = json.dumps(settings, ensure_ascii=False, indent=1)
    write_atomically(data_folder() / _SETTINGS, content.encode("utf-8"))
