"""Which module holds the exercises of which lesson."""

from importlib import import_module
from types import ModuleType

from .exercise import Exercise
from .questions import Question

# The lesson's number -> its module here, called as its notebook is.
LESSONS = {
    "01": "base_model",
    "02": "lm_head",
    "03": "generation",
    "04": "conversion",
    "05": "features",
    "06": "fine_tuning",
    "07": "from_scratch",
    "08": "choosing",
}


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
