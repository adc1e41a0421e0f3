"""Where the course's files are, and the command by which its programs were started.

A checkout has them in its top folders; a wheel, which setup.py makes, brings them inside the package.
"""

import sys
from pathlib import Path

from .texts import CourseError

PACKED = "_course"  # setup.py has the same name
_PACKAGE = Path(__file__).resolve().parent
ASSETS = _PACKAGE / "assets"  # the bundled model, the font, what JupyterLab gets from the course
_SCRIPT = "gpt2-course"


def course_folder() -> Path:
    """Return the folder that holds `notebooks`, `images`, `TEACHING.md` and the rest.

    Raise CourseError where there is none: the package was copied without them.
    """
    for folder in (_PACKAGE / PACKED, _PACKAGE.parent):
        if (folder / "notebooks").is_dir():
            return folder
    raise CourseError(
        f"The notebooks are neither in the package nor beside it ({_PACKAGE.parent}). Install the course again: "
        "its wheel, or in the repository's folder `pip install -e .`.",
        f"套件裡和套件旁邊都找不到 notebook（{_PACKAGE.parent}）。請重新安裝課程：安裝 wheel，"
        "或到儲存庫的資料夾裡執行 `pip install -e .`。",
    )


def is_packed(folder: Path) -> bool:
    """Return whether a folder of the course is the one inside an installed package, and no checkout."""
    return folder.name == PACKED


def repository() -> Path:
    """Return the root of the checkout that this package runs from. Raise CourseError if it is no checkout."""
    folder = course_folder()
    if is_packed(folder):
        raise CourseError(
            "This command is for the course's authors and needs the repository: clone or unpack it, and in its "
            f"folder run `pip install -e .`. What is installed here is a copy ({folder}).",
            "這個指令給課程的作者使用，需要儲存庫：請先取得整個儲存庫，再到它的資料夾裡執行 `pip install -e .`。"
            f"這裡安裝的只是一份副本（{folder}）。",
        )
    return folder


def source(folder: Path, name: str) -> Path:
    """Return where a file of the repository is, by its path there, in a folder of the course."""
    top, *rest = Path(name).parts
    return folder.parent.joinpath(*rest) if is_packed(folder) and top == "course_utils" else folder / name


def program() -> str:
    """Return how to start the course's commands again, as they were started: `python` may be another one."""
    return _SCRIPT if Path(sys.argv[0]).stem.lower() == _SCRIPT else "python -m course_utils"
