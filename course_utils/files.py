"""Files: writing one so that it is never found half written, trying a folder, checksums."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raise OSError if it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def try_writing(folder: Path) -> None:
    """Raise OSError unless a file can be made in the folder, by making one: permissions alone do not tell everywhere."""
    tempfile.TemporaryFile(dir=folder).close()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file in one step, so that no reader and no power cut ever finds half of it."""
    replace_atomically(path, lambda file: file.write(content))


def replace_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Like `write_atomically`, for content too large to hold: `write` puts it into the open file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
