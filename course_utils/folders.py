"""The learner's folders: where settings and progress are kept, and what to use where the home folder cannot be."""

import os
from pathlib import Path

from .files import try_writing

# Environment variables that redirect each program's files away from the home folder.
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


def data_folder() -> Path:
    """Return the folder of the learner's own settings and data: COURSE_DATA, else the platform's usual place.

    The folder is not made here. Where no place can be told it is one that cannot be made: nothing is kept.
    """
    chosen = os.environ.get("COURSE_DATA")
    try:
        if chosen:
            return Path(chosen).expanduser()
        from platformdirs import user_data_path

        return user_data_path("gpt2-course", appauthor=False)
    except (RuntimeError, ModuleNotFoundError):  # no home folder; half an install, which the doctor tells of
        return Path(os.devnull, "gpt2-course")


def home_folder() -> Path | None:
    """Return the home folder, or None for a user that has none."""
    try:
        return Path.home()
    except RuntimeError:  # no HOME, and a user that the system does not know: a container's, for example
        return None


def is_writable(folder: Path) -> bool:
    """Return whether a file can be made in a folder."""
    try:
        try_writing(folder)
    except OSError:
        return False
    return True


def stand_ins(folder: Path) -> dict[str, str]:
    """Return the variables that lead programs into `folder` where they cannot write to the home folder; else {}.

    What the user has set stays. Models that are in the home folder's cache can still be read there.
    """
    home = home_folder()
    if home is not None and is_writable(home):
        return {}
    wanted = {name: str(folder / below) for name, below in _KEPT_THERE.items()}
    if home is None or not home.is_dir():
        wanted |= {"HOME": str(folder), "HF_HOME": str(folder / "huggingface")}
        return {name: value for name, value in wanted.items() if name == "HOME" or not os.environ.get(name)}
    return {name: value for name, value in wanted.items() if not os.environ.get(name)}
