"""`python -m course_utils handout FOLDER`: the lessons for a class, executed, without and with the solutions."""

import filecmp
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import try_writing, write_atomically
from ..notebooks.canonical import canonical, text
from ..notebooks.find import read
from ..notebooks.run import run
from ..place import course_folder, program
from ..texts import Bilingual, CourseError
from .commandline import Parser, chosen_lessons

if TYPE_CHECKING:
    from nbformat import NotebookNode

COPIES = ("student", "instructor")


def fill_in_solutions(notebook: "NotebookNode", lesson: str) -> None:
    """Put the solutions of a lesson ("01") in place of its untouched exercise cells.

    Raise CourseError if an exercise has no cell of its own in the notebook.
    """
    from ..practice.lessons import LESSONS, exercises

    for one in exercises(lesson) if lesson in LESSONS else []:
        cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source == one.blank]
        if len(cells) != 1:
            raise CourseError(
                f"Exercise {one.key} has {len(cells)} untouched cells in its lesson, not one.",
                f"練習 {one.key} 在這一課裡有 {len(cells)} 個還沒作答的儲存格，應該剛好有一個。",
            )
        cells[0].source = one.solution_code


def write(path: Path, folder: Path) -> None:
    """Write the student's and the instructor's copy of one lesson into `folder`, both executed.

    Raise NotebookError if a cell fails, and CourseError if the instructor's copy cannot be made or nothing can be
    written; what is written is always a whole, executed lesson, and nothing before both copies are ready.
    """
    ready = {}
    for copy in COPIES:
        notebook = read(path)
        if copy == "instructor":
            fill_in_solutions(notebook, path.name[:2])
        ready[copy] = text(canonical(run(path, notebook))).encode("utf-8")
    with _writing_into(folder):
        for copy, content in ready.items():
            write_atomically(folder / copy / path.name, content)


def main(argv: Sequence[str] | None = None) -> int:
    """Write both copies of the lessons that are named, or of all; return 0."""
    options = _parser().parse_args(argv)
    root = course_folder()
    chosen = chosen_lessons(options.lessons, root)
    with _writing_into(options.folder):
        _prepare(options.folder, root, chosen)
    for path in chosen:
        write(path, options.folder)
        print(
            Bilingual(
                f"{path.name}: student's and instructor's copy written", f"{path.name}：已寫好學生版和教師版"
            ),
            flush=True,
        )
    return 0


@contextmanager
def _writing_into(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CourseError(
            f"The lessons cannot be written into {folder} ({error}). Choose another folder.",
            f"無法把課程寫進 {folder}（{error}）。請換一個資料夾。",
        ) from error


def _prepare(folder: Path, root: Path, chosen: Sequence[Path]) -> None:
    """Make the folders, and copy the pictures that the lessons show, before the minutes that the lessons take.

    Raise CourseError for a folder of the course or one that holds copies already, and OSError if it cannot be written.
    """
    if folder.exists() and any(folder.samefile(own) for own in (root, root / "notebooks", root / "images")):
        raise CourseError(
            f"{folder} belongs to the course itself. Choose another folder.",
            f"{folder} 是課程自己的資料夾。請換一個資料夾。",
        )
    pictures = sorted((root / "images").iterdir())
    _refuse_what_is_there(folder, chosen, pictures)
    for name in (*COPIES, "images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        try_writing(folder / name)
    for picture in pictures:
        if not (folder / "images" / picture.name).exists():
            shutil.copyfile(picture, folder / "images" / picture.name)


def _refuse_what_is_there(folder: Path, chosen: Sequence[Path], pictures: Sequence[Path]) -> None:
    """Refuse to overwrite: a student may have edited a copy, or replaced a picture."""
    copies = {
        path: [there for copy in COPIES if (there := folder / copy / path.name).exists()] for path in chosen
    }
    in_the_way = [there for found in copies.values() for there in found]
    for picture in pictures:
        target = folder / "images" / picture.name
        if target.exists() and not filecmp.cmp(picture, target, shallow=False):
            in_the_way.append(target)
    if not in_the_way:
        return
    missing = " ".join(path.name[:2] for path, found in copies.items() if not found)
    named = missing and any(copies.values())
    raise CourseError(
        f"{in_the_way[0]} is there already and may hold someone's work. Choose another folder, or remove it first"
        + (
            f"; or name only the lessons that are missing: `{program()} handout FOLDER {missing}`."
            if named
            else "."
        ),
        f"{in_the_way[0]} 已經存在，裡面可能有人寫過內容。請換一個資料夾，或先把這個檔案移走"
        + (f"；也可以只寫還沒有的那幾課：`{program()} handout FOLDER {missing}`。" if named else "。"),
    )


def _parser() -> Parser:
    parser = Parser(
        "handout",
        Bilingual(
            "Write the lessons for a class: FOLDER/student with the exercises open, FOLDER/instructor "
            "with the solutions filled in, all executed.",
            "替一個班級準備課程：FOLDER/student 裡的練習留白，FOLDER/instructor 裡填好解答，兩套都執行過。",
        ),
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=Bilingual("where to write", "寫到哪裡"))
    parser.add_lessons()
    return parser
