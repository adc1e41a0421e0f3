"""Which module holds the exercises of which lesson."""

from importlib import import_module
from types import ModuleType
from typing import TypeVar

from .. import lessons
from .engine.exercise import Exercise
from .engine.questions import Question

_Kind = TypeVar("_Kind")

# The number of a lesson that has exercises -> their module here.
LESSONS = {lesson.number: lesson.practice for lesson in lessons.LESSONS if lesson.practice}


def module(lesson: str) -> ModuleType:
    """Return the module of a lesson, such as "01"."""
    return import_module(f"{__package__}.{LESSONS[lesson]}")


def exercises(lesson: str) -> list[Exercise]:
    """Return the exercises of a lesson, in order."""
    return _named(lesson, Exercise)


def questions(lesson: str) -> list[Question]:
    """Return the quick questions of a lesson, in order."""
    return _named(lesson, Question)


def _named(lesson: str, kind: type[_Kind]) -> list[_Kind]:
    """Return what a lesson's module names of one kind, in order."""
    public = (value for name, value in vars(module(lesson)).items() if not name.startswith("_"))
    return [value for value in public if isinstance(value, kind)]
