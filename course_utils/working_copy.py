"""The learner's working copy of the course: what is handed out, updated, left alone, restored.

The copy holds `notebooks/` and `images/`. A manifest says what each file was like when it was handed out. So a lesson
that the learner has not touched is updated, one that was changed is left alone, and running a lesson does not count as
changing it. Nothing that the learner wrote is ever lost.
"""

import hashlib
import itertools
import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .files import write_atomically
from .notebooks.find import lessons, pick

HIDDEN = ".course"  # what the course itself keeps in the copy
MANIFEST = f"{HIDDEN}/manifest.json"


class State(Enum):
    """How a file of the working copy stands to the course and to what was handed out."""

    NEW = "new"  # not in the copy: will be handed out
    CURRENT = "current"  # as the course has it
    OUTDATED = "outdated"  # untouched, and the course has a newer one: will be updated
    CHANGED = "changed"  # the learner's own, and the course has nothing newer
    HELD = "held"  # the learner's own, and the course has a newer one
    BROKEN = "broken"  # the learner's copy is no readable notebook
    GONE = "gone"  # handed out once, no longer in the course: stays


@dataclass(frozen=True)
class Item:
    """One file, by its path in the course ("notebooks/01_base_model.ipynb"), and its state."""

    name: str
    state: State


class WorkingCopy:
    """The learner's copy, in `folder`, of the notebooks and pictures of the course's folder `course`."""

    def __init__(self, course: Path, folder: Path) -> None:
        self.course, self.folder = course, folder
        self._handed = self._read_manifest()

    def items(self) -> list[Item]:
        """Return every file of the course, then what it once had, each with its state; changes nothing."""
        names = [path.relative_to(self.course).as_posix() for path in self._sources()]
        gone = sorted(name for name in self._handed if name not in names and (self.folder / name).exists())
        return [Item(name, self._state(name)) for name in names] + [Item(name, State.GONE) for name in gone]

    def update(self) -> list[Item]:
        """Hand out what is new, update what is untouched, leave the rest; return the states found before."""
        items = self.items()
        for item in items:
            if item.state in (State.NEW, State.OUTDATED):
                self._hand_out(item.name)
            elif item.state is State.CURRENT:
                self._remember(item.name)
        return items

    def restore(self, lesson: str) -> tuple[str, Path | None]:
        """Bring back the original of a lesson; return its name, and where the learner's version is, if kept.

        The learner's version is kept beside it, numbered, unless it is the original to the byte.
        """
        source = pick(lesson, lessons(self.course))
        name = source.relative_to(self.course).as_posix()
        target, backup = self.folder / name, None
        if target.exists() and target.read_bytes() != source.read_bytes():
            backup = _back_up(target)
        self._hand_out(name)
        return name, backup

    def _sources(self) -> list[Path]:
        pictures = (self.course / "images").rglob("*")
        return lessons(self.course) + sorted(
            path
            for path in pictures
            if path.is_file() and not any(p.startswith(".") for p in path.relative_to(self.course).parts)
        )

    def _state(self, name: str) -> State:
        copy = self.folder / name
        if not copy.exists():
            return State.NEW
        offered, handed, mine = (
            content_fingerprint(self.course / name),
            self._handed.get(name),
            content_fingerprint(copy),
        )
        if mine is None:
            return State.BROKEN
        if mine == offered:
            return State.CURRENT
        if mine == handed:
            return State.OUTDATED
        return State.CHANGED if handed == offered else State.HELD

    def _hand_out(self, name: str) -> None:
        write_atomically(self.folder / name, (self.course / name).read_bytes())
        self._remember(name)

    def _remember(self, name: str) -> None:
        """Note, at once, that the course's present version is what the learner has."""
        now = content_fingerprint(self.course / name)
        if now is not None and self._handed.get(name) != now:
            self._handed[name] = now
            content = json.dumps({"version": 1, "files": self._handed}, indent=1, sort_keys=True) + "\n"
            write_atomically(self.folder / MANIFEST, content.encode("utf-8"))

    def _read_manifest(self) -> dict[str, str]:
        """A missing or damaged manifest knows nothing: then every file that differs counts as changed."""
        try:
            files = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))["files"]
            return {str(name): str(value) for name, value in files.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def content_fingerprint(path: Path) -> str | None:
    """Return a fingerprint of what a learner would call the file's content, or None if it cannot be read.

    Of a notebook: the kinds and sources of its cells, so that outputs and counters do not matter.
    Of any other file: its bytes. Line ends, which a checkout on Windows may have changed, do not matter.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".ipynb":
            cells = [[cell["cell_type"], _joined(cell["source"])] for cell in json.loads(data)["cells"]]
            data = json.dumps(cells).encode("utf-8")
        elif b"\0" not in data:  # text, by the rule that git goes by
            data = data.replace(b"\r\n", b"\n")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return hashlib.sha256(data).hexdigest()


def _joined(source: str | list[str]) -> str:
    return (source if isinstance(source, str) else "".join(source)).replace("\r\n", "\n")


def _back_up(path: Path) -> Path:
    """Copy the file beside itself under the first number that is free; never write over anything."""
    for number in itertools.count(1):
        backup = path.with_name(f"{path.stem}.backup-{number}{path.suffix}")
        try:
            with backup.open("xb") as file:
                file.write(path.read_bytes())
        except FileExistsError:
            continue
        return backup
    raise AssertionError("unreachable")
