"""`python -m course_utils refresh`: run notebooks, and write their outputs back in canonical form (for authors)."""

import copy
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import folders
from ..files import write_atomically
from ..lessons import of_notebook
from ..notebooks.canonical import PlaceInOutput, canonical, text
from ..notebooks.find import NotebookError, read
from ..notebooks.run import run
from ..place import program, repository
from ..texts import Bilingual, CourseError
from .commandline import Parser, chosen_lessons

if TYPE_CHECKING:
    from nbformat import NotebookNode


def write_and_run(path: Path) -> "NotebookNode":
    """Run a notebook with the exercises as the lesson's module has them."""
    notebook, lesson = read(path), of_notebook(path)
    if lesson is not None:
        from ..practice.cells import write_cells

        write_cells(notebook, lesson.number)
    return run(path, notebook)


def refresh(
    path: Path, *, check: bool = False, runner: Callable[[Path], "NotebookNode"] = write_and_run
) -> bool:
    """Run one notebook and store it in canonical form; return whether what is stored differs from before.

    Statement and blank of its exercises are written into it first, from the lesson's module.

    With `check` nothing is written, and pictures do not count: their pixels differ from machine to machine.
    Raise NotebookError, with the file as it was, if a cell fails or an output names a folder of this machine.
    """
    notebook = runner(path)
    before = path.read_text(encoding="utf-8")
    try:
        fresh = canonical(notebook, _places_of_this_machine())
    except PlaceInOutput as error:
        raise NotebookError(
            f"{path.name}, cell `{error.cell}`: its output names a folder of this machine ({error.place}); "
            "print something that is the same everywhere. The stored notebook is unchanged.",
            f"{path.name}，儲存格 `{error.cell}`：輸出裡有這台電腦的路徑（{error.place}），請改為印出在每台電腦上都一樣的內容。"
            "已存的 notebook 沒有更動。",
        ) from error
    if check:
        return text(_without_pictures(fresh)) != text(_without_pictures(read(path)))
    after = text(fresh)
    if after != before:
        write_atomically(path, after.encode("utf-8"))
    return after != before


def main(argv: Sequence[str] | None = None) -> int:
    """Refresh the lessons that are named; return 0, or 1 if one failed or, with --check, is out of date."""
    options = _parser().parse_args(argv)
    chosen = chosen_lessons(options.lessons, repository())
    if not chosen:
        raise CourseError("There is no notebook to refresh.", "沒有可以重新執行的 notebook。")
    failed = 0
    for path in chosen:
        start = time.perf_counter()
        try:
            changed = refresh(path, check=options.check)
        except NotebookError as error:
            print(error, file=sys.stderr, flush=True)
            failed += 1
            continue
        failed += changed and options.check
        print(_verdict(path.name, changed, options.check, time.perf_counter() - start), flush=True)
    return 1 if failed else 0


def _parser() -> Parser:
    parser = Parser(
        "refresh",
        Bilingual(
            "Run the notebooks afresh and store their outputs (for authors).",
            "重新執行 notebook 並儲存輸出（給作者使用）。",
        ),
    )
    parser.add_lessons()
    parser.add_argument(
        "--check",
        action="store_true",
        help=Bilingual(
            "write nothing; fail if a stored output is out of date",
            "不寫入任何檔案；已存的輸出如果過時，就以失敗結束",
        ),
    )
    return parser


def _verdict(name: str, changed: bool, check: bool, seconds: float) -> Bilingual:
    if not changed:
        return Bilingual(f"{name}: unchanged ({seconds:.0f} s)", f"{name}：沒有變化（{seconds:.0f} 秒）")
    if check:
        return Bilingual(
            f"{name}: out of date; run `{program()} refresh {name}` ({seconds:.0f} s)",
            f"{name}：已過時，請執行 `{program()} refresh {name}`（{seconds:.0f} 秒）",
        )
    return Bilingual(f"{name}: stored anew ({seconds:.0f} s)", f"{name}：已重新儲存（{seconds:.0f} 秒）")


def _without_pictures(notebook: "NotebookNode") -> "NotebookNode":
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        for output in cell.get("outputs", ()):
            for mime in ("image/png", "image/jpeg"):
                output.get("data", {}).pop(mime, None)
    return result


def _places_of_this_machine() -> set[str]:
    candidates = {Path(sys.prefix), Path(__file__).resolve().parents[2], Path(tempfile.gettempdir())}
    places = {str(path) for path in candidates} | (
        {str(home) + os.sep} if (home := folders.home_folder()) else set()
    )
    return {place for place in places if len(place) > 3}
