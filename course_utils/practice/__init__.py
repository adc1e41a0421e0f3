"""Exercises with checks that explain: `from course_utils.practice import ____, base_model as practice`.

One module for each lesson holds its exercises (`q1`, `q2`, …) and quick questions (`quick1`, …).
`progress()` shows what is done and what comes next; `reset()` forgets it.
"""

from .lessons import LESSONS
from .placeholder import ____
from .progress import progress, reset

__all__ = ["LESSONS", "____", "progress", "reset"]
