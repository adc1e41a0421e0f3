"""A home folder that is missing or cannot be written: what the course's programs use in its place."""

import os
from pathlib import Path

from course_utils.files import try_writing

# Every variable by which a program of the course is told where to keep what it would keep in the home folder.
_KEPT_THERE = {
    "COURSE_DATA": "data",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter/config",
    "JUPYTER_DATA_DIR": "jupyter/data",
    "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    "JUPYTERLAB_SETTINGS_DIR": "jupyter/settings",
    "JUPYTERLAB_WORKSPACES_DIR": "jupyter/workspaces",
    "MPLCONFIGDIR": "matplotlib",
}


def folder() -> Path | None:
    """Return the home folder, or None for a user that has none."""
    try:
        return Path.home()
    except RuntimeError:  # no HOME, and a user that the system does not know: a container's, for example
        return None


def is_writable(place: Path) -> bool:
    """Say whether a file can be made in a folder."""
    try:
        try_writing(place)
    except OSError:
        return False
    return True


def stand_ins(place: Path) -> dict[str, str]:
    """Return the variables that lead programs into `place` where they cannot write to the home folder; else {}.

    What the user has set stays. Models that are in the home folder's cache can still be read there.
    """
    own = folder()
    if own is not None and is_writable(own):
        return {}
    wanted = {name: str(place / where) for name, where in _KEPT_THERE.items()}
    if own is None or not own.is_dir():
        wanted |= {"HOME": str(place), "HF_HOME": str(place / "huggingface")}
        return {name: value for name, value in wanted.items() if name == "HOME" or not os.environ.get(name)}
    return {name: value for name, value in wanted.items() if not os.environ.get(name)}
