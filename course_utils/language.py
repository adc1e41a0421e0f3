"""The learner's language: the setting, and the switch in the notebooks."""

import json
import os
from typing import TYPE_CHECKING, Literal

from . import console
from .files import write_atomically
from .folders import data_folder
from .texts import CourseError

if TYPE_CHECKING:
    from ._language_switch import LanguageSwitch

Language = Literal["zh", "en", "both"]
LANGUAGES: tuple[Language, ...] = ("zh", "en", "both")

_SETTINGS = "settings.json"
# The choice of this process, kept for when it could not be written to disk (a read-only home).
_unsaved: Language | None = None


def current() -> Language:
    """Return "zh", "en" or "both": from COURSE_LANGUAGE, else from the settings file, else "both".

    On a console that cannot show Chinese (`console.fit`) it is "en".

    A value that is none of the three, an unreadable file and a damaged one count as not set.
    """
    if not console.shows_chinese():
        return "en"
    for value in (os.environ.get("COURSE_LANGUAGE"), _unsaved, _read_settings().get("language")):
        if value in LANGUAGES:
            return value
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
    try:
        _write_settings({**_read_settings(), "language": language})
    except OSError:
        _unsaved = language
        return False
    _unsaved = None
    return True


def language_switch() -> "LanguageSwitch":
    """Return the switch 中文 | English | 雙語 that hides one language of the notebook it is shown in.

    It acts in JupyterLab and Jupyter Notebook. Where there is no widget, or no `.jp-Notebook` around it
    (VS Code, Colab, GitHub), both languages stay visible.
    """
    from ._language_switch import LanguageSwitch

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
