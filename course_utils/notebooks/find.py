"""Finding the course's notebooks, by what a learner calls them, and reading one."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..texts import CourseError

if TYPE_CHECKING:
    from nbformat import NotebookNode

FIRST = "00_start_here.ipynb"


class NotebookError(CourseError):
    """A notebook that cannot be run or stored; the message names it and, where there is one, the cell."""


def lessons(root: Path) -> list[Path]:
    """Return the lessons of the course's folder `root`, in order."""
    return sorted(path for path in (root / "notebooks").glob("*.ipynb") if not path.name.startswith("."))


def pick(name: str, among: Iterable[Path]) -> Path:
    """Return the one lesson that `name` means: "01", "1", "base_model", "01_base_model", its file name or a path to it."""
    paths = list(among)
    stem = Path(name).name.removesuffix(".ipynb")
    number = stem.zfill(2) if stem.isdecimal() else stem
    found = (
        [p for p in paths if p.stem == stem]
        or [p for p in paths if p.stem.startswith(f"{number}_")]
        or [p for p in paths if p.stem.partition("_")[2] == stem]
    )
    if stem and len(found) == 1:
        return found[0]
    known = ", ".join(p.stem for p in paths)
    raise CourseError(
        f"{name!r} names no lesson, or more than one. There are: {known}.",
        f"{name!r} 對不到任何一課，或者不只對到一課。現有：{known}。",
    )


def read(path: Path) -> "NotebookNode":
    """Read a notebook as format 4. Raise NotebookError if it is not one, or cannot be read."""
    import nbformat

    invalid = (nbformat.ValidationError, ValueError, KeyError, AttributeError, TypeError, RecursionError)
    try:
        notebook = nbformat.convert(nbformat.reader.reads(path.read_text(encoding="utf-8")), 4)
        nbformat.validate(notebook)
    except (OSError, *invalid) as error:
        detail = (str(error).splitlines() or [""])[0][:200]
        raise NotebookError(
            f"{path.name} is not a readable notebook: {detail}. Restore it from git, or move it away.",
            f"{path.name} 不是可以讀取的 notebook：{detail}。請用 git 還原它，或把它移走。",
        ) from error
    return notebook
