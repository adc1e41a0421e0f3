"""The copy of the course: always a whole one, and replaced only where nothing of anybody's own would be lost."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ..files import sha256
from ..place import PACKED, source
from . import manifest

COURSE = (
    "course_utils",
    "notebooks",
    "images",
    "tests",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "environment.yml",
    "README.md",
    "TEACHING.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "LICENSE-TEXT",
    "THIRD_PARTY.md",
    "conftest.py",
)
BYTES = 60_000_000
_MADE = shutil.ignore_patterns(
    "__pycache__", "*.pyc", ".ipynb_checkpoints", "*.egg-info", ".pytest_cache", PACKED
)


def copy(root: Path, to: Path) -> None:
    """Copy the course without what was made while using it; a copy that is there is replaced by a whole one.

    Its owner can write the copy, even where the checkout is read-only. Raise OSError if it cannot be made or replaced.
    """
    new, old = to.with_name(".course"), to.with_name(".course.old")
    for left_over in (new, old):  # of a run that was broken off
        _remove(left_over)
    new.mkdir()
    for name in COURSE:
        own = source(root, name)
        if own.is_dir():
            shutil.copytree(own, new / name, ignore=_MADE)
        elif own.is_file():
            shutil.copy2(own, new / name)
    _make_writable(new)
    if to.exists():
        to.rename(old)
    new.rename(to)
    _remove(old)


def own_work(folder: Path, root: Path) -> list[str]:
    """Return the files that replacing the copy in `folder` would lose: those that are neither as the folder's checksums
    have them, nor as they are in the course's folder `root`. Raise OSError for what cannot be read."""
    there, listed = folder / "course", manifest.listed(folder)

    def is_known(name: str) -> bool:
        path, twin = there / name, source(root, name)
        return path.is_file() and (
            sha256(path) == listed.get(f"course/{name}") or (twin.is_file() and sha256(path) == sha256(twin))
        )

    names = [path.relative_to(there).as_posix() for path in _files(there)] if there.is_dir() else []
    return sorted(name for name in names if not is_known(name))


def overlaps(folder: Path, root: Path) -> bool:
    """Return whether copying the checkout `root` into the folder would copy the folder, or replace the checkout itself."""
    return root.is_relative_to(folder / "course") or any(
        folder.is_relative_to(source(root, name)) for name in COURSE
    )


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files, without what is made by using the course or by a file manager."""
    for place, folders, names in os.walk(folder, onerror=_raise):
        made = _MADE(place, [*folders, *names])
        folders[:] = [name for name in folders if name not in made]
        yield from (Path(place, name) for name in names if name not in made and not manifest.is_litter(name))


def _raise(error: OSError) -> None:
    raise error


def _remove(folder: Path) -> None:
    if folder.exists():
        _make_writable(folder)
        shutil.rmtree(folder)


def _make_writable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode
        if not (mode & stat.S_IWUSR or stat.S_ISLNK(mode)):
            path.chmod(stat.S_IMODE(mode) | stat.S_IWUSR)
