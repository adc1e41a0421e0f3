"""The catalogue of warnings and errors, as data; `course_utils.explain` looks things up in it."""

from . import classes, generation, inputs, loading, notebook, outputs, training
from .entry import DEPENDS, NO, YES, Entry

CATALOGUE: tuple[Entry, ...] = (
    *classes.ENTRIES,
    *generation.ENTRIES,
    *inputs.ENTRIES,
    *outputs.ENTRIES,
    *loading.ENTRIES,
    *training.ENTRIES,
    *notebook.ENTRIES,
)

__all__ = ["CATALOGUE", "DEPENDS", "NO", "YES", "Entry"]
