"""The exercises' cells of a lesson's notebook, as the lesson's module has them."""

from typing import TYPE_CHECKING

from ..texts import CourseError
from .engine.exercise import Exercise
from .lessons import LESSONS, exercises

if TYPE_CHECKING:
    from nbformat import NotebookNode


def statement(one: Exercise) -> str:
    """Return the text of the cell that states an exercise."""
    zh = f'<span lang="zh-Hant">練習 {one.number}：{one.title.zh}</span>'
    en = f'<span lang="en">Exercise {one.number}: {one.title.en}</span>'
    return f"### {zh} {en}\n\n{one.statement.markdown()}"


def write_cells(notebook: "NotebookNode", lesson: str) -> None:
    """Write statement and blank of each exercise of a lesson ("01") into their cells.

    The cells of exercise 2 have the ids `exercise-2` and `exercise-2-answer`. Raise CourseError if one is missing.
    """
    cells = {cell.get("id"): cell for cell in notebook.cells}
    for one in exercises(lesson) if lesson in LESSONS else []:
        for name, text in {
            f"exercise-{one.number}": statement(one),
            f"exercise-{one.number}-answer": one.blank,
        }.items():
            if name not in cells:
                raise CourseError(
                    f"Exercise {one.key} has no cell `{name}` in its lesson: add an empty one of that id.",
                    f"練習 {one.key} 在這一課裡沒有 `{name}` 這個儲存格：請加一個這個 id 的空儲存格。",
                )
            cells[name].source = text
