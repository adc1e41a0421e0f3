"""Which module holds the exercises of which lesson."""

from importlib import import_module
from types import ModuleType

from course_utils import lessons

from .engine.exercise import Exercise
from .engine.questions import Question

# The number of a lesson that has exercises -> their module here.
LESSONS = {lesson.number: lesson.practice for lesson in lessons.LESSONS if lesson.practice}


def module(lesson: str) -> ModuleType:
    """Return the module of a lesson, such as "01"."""
    return import_module(f"{__package__}.{LESSONS[lesson]}")


def exercises(lesson: str) -> list[Exercise]:
    """Return the exercises of a lesson, in order."""
    return [
        value
        for name, value in vars(module(lesson)).items()
        if isinstance(value, Exercise) and not name.startswith("_")
    ]


def questions(lesson: str) -> list[Question]:
    """Return the quick questions of a lesson, in order."""
    return [
        value
        for name, value in vars(module(lesson)).items()
        if isinstance(value, Question) and not name.startswith("_")
    ]
