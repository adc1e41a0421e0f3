"""Exercises with checks that explain: `from course_utils.practice import ____, base_model as practice`.

One module for each lesson holds its exercises (`q1`, `q2`, …) and quick questions (`quick1`, …); its file carries the
lesson's number (`lesson01_base_model.py`), and the lessons call it by its name alone (`base_model`). What all of them
stand on is in `engine`. `progress()` shows what is done and what comes next; `reset()` forgets it.
"""

from types import ModuleType

from .. import lessons as _record
from .engine.placeholder import ____
from .engine.progress import progress, reset
from .lessons import LESSONS, module

__all__ = ["LESSONS", "____", "progress", "reset"]

_BY_NAME = {lesson.name: lesson.number for lesson in _record.LESSONS if lesson.practice}


def __getattr__(name: str) -> ModuleType:
    """Load the exercises of a lesson, such as `base_model`, when they are first asked for."""
    if name in _BY_NAME:
        return module(_BY_NAME[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_BY_NAME})
