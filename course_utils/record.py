"""What the learner has done, in a small file in the data folder: `progress.json`. Nothing leaves the machine."""

import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .files import write_atomically
from .folders import data_folder

VERSION = 1
_FILE = "progress.json"
_LOCK_SECONDS = 2.0
# Stronger outcomes are kept: a right answer stays right when the cell is run again with a wrong one.
_RANK = {"incorrect": 1, "cannot check": 2, "correct": 3}
# What could not be written to disk: it holds until this process ends.
_unsaved: dict[str, str] = {}


class OtherVersion(Exception):
    """The file was written by a newer version of the course; it is left alone."""


def path() -> Path:
    """Return the file's path; it need not exist."""
    return data_folder() / _FILE


def outcomes() -> dict[str, str]:
    """Return the best outcome so far of each exercise that was tried, by its key."""
    try:
        saved = _read()
    except (OSError, OtherVersion):
        saved = {}
    return _merged(saved, _unsaved)


def note(key: str, outcome: str) -> bool:
    """Note an outcome; return whether it could be saved. It never raises and never waits longer than two seconds."""
    try:
        with _lock():
            _write(_merged(_merged(_read(), _unsaved), {key: outcome}))
    except (OSError, Timeout, OtherVersion):
        _unsaved.update(_merged(_unsaved, {key: outcome}))
        return False
    _unsaved.clear()
    return True


def reset() -> bool:
    """Forget everything; return whether the file could be cleared too."""
    _unsaved.clear()
    try:
        with _lock():
            path().unlink(missing_ok=True)
    except (OSError, Timeout):
        return False
    return True


def is_saved() -> bool:
    """Return whether all that was noted is on disk."""
    return not _unsaved


def _lock() -> FileLock:
    data_folder().mkdir(parents=True, exist_ok=True)
    return FileLock(path().with_suffix(".lock"), timeout=_LOCK_SECONDS)


def _merged(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    result = dict(first)
    for key, outcome in second.items():
        if _RANK[outcome] > _RANK.get(result.get(key, ""), 0):
            result[key] = outcome
    return result


def _read() -> dict[str, str]:
    """Return the outcomes in the file; a damaged file is set aside, and counts as empty.

    Raise OtherVersion for the file of a newer version.
    """
    try:
        content: Any = json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        os.replace(path(), path().with_suffix(".damaged.json"))
        return {}
    if isinstance(content, dict) and content.get("version") not in (None, VERSION):
        raise OtherVersion
    exercises = content.get("exercises") if isinstance(content, dict) else None
    exercises = exercises if isinstance(exercises, dict) else {}
    return {str(key): value for key, value in exercises.items() if isinstance(value, str) and value in _RANK}


def _write(exercises: dict[str, str]) -> None:
    content = json.dumps({"version": VERSION, "exercises": exercises}, indent=1)
    write_atomically(path(), content.encode("utf-8"))
