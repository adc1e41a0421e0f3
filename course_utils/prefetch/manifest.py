"""The checksums of a prefetched folder, in the form that `sha256sum --check` reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..files import sha256, write_atomically
from ..texts import CourseError

SUMS = "SHA256SUMS"
_LITTER = {"thumbs.db", "desktop.ini", "system volume information", ".ds_store"}


@dataclass(frozen=True)
class Difference:
    """How a folder differs from its checksums: files that are missing, changed, or not listed."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.extra)


def listed(folder: Path) -> dict[str, str]:
    """Return {file: digest} as the folder's checksums have it; empty if there are none.

    Raise CourseError for a file of checksums that cannot be read.
    """
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(folder) from error
    found = {}
    for line in lines:
        one, _, name = line.partition("  ")
        if len(one) != 64 or not name or not _is_inside(name):
            raise _damaged(folder)
        found[name] = one
    return found


def write(folder: Path) -> int:
    """Write the checksums of all files of the folder; return how many there are."""
    names = sorted(_files(folder))
    text = "".join(f"{sha256(folder / name)}  {name}\n" for name in names)
    write_atomically(folder / SUMS, text.encode("utf-8"))
    return len(names)


def check(folder: Path) -> Difference:
    """Compare every file with its checksum. Raise CourseError where there are no checksums."""
    wanted = listed(folder)
    if not wanted:
        raise CourseError(
            f"{folder} has no {SUMS}: the folder is not complete. Run `prefetch` on it to the end.",
            f"{folder} 裡沒有 {SUMS}：這個資料夾還不完整。請再執行一次 `prefetch`，直到完成。",
        )
    there = set(_files(folder))
    changed = tuple(name for name in sorted(wanted.keys() & there) if sha256(folder / name) != wanted[name])
    return Difference(tuple(sorted(wanted.keys() - there)), changed, tuple(sorted(there - wanted.keys())))


def discard_damaged(folder: Path) -> tuple[str, ...]:
    """Delete the files that are not what their checksums say, so that they are fetched again; return their names."""
    bad = tuple(
        name
        for name, right in listed(folder).items()
        if (folder / name).is_file() and sha256(folder / name) != right
    )
    for name in bad:
        behind = (folder / name).resolve()  # in a hub cache, what the link leads to
        if behind.is_relative_to(folder.resolve()):
            behind.unlink()
        (folder / name).unlink(missing_ok=True)
    return bad


def is_litter(name: str) -> bool:
    """Return whether this is a file manager's leftover (.DS_Store, Thumbs.db)."""
    return name.lower() in _LITTER or name.startswith("._")


def _files(folder: Path) -> Iterator[str]:
    """Yield the files by their path in the folder. Of a hub cache only its names count, as a copy may lose the links."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts) and name.parts[0] != "course"
        if path.is_file() and not hidden and name.as_posix() != SUMS and not is_litter(path.name):
            if not (name.parts[0] == "hub" and "blobs" in name.parts):
                yield name.as_posix()


def _is_inside(name: str) -> bool:
    """Return whether a name of the list stays in the folder, on any system: what is damaged is deleted."""
    return not (
        PureWindowsPath(name).anchor
        or PurePosixPath(name).is_absolute()
        or ".." in PureWindowsPath(name).parts
    )


def _damaged(folder: Path) -> CourseError:
    return CourseError(
        f"{folder / SUMS} is damaged. Delete it and run `prefetch` again.",
        f"{folder / SUMS} 已損壞。請刪除它，再執行一次 `prefetch`。",
    )
