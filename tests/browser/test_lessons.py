"""Every lesson in a real JupyterLab: solved, run from top to bottom by a learner who chose English, read in Chinese."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from labs import open_and_run

from course_utils.commands.handout import fill_in_solutions
from course_utils.notebooks.canonical import text
from course_utils.notebooks.find import read
from course_utils.practice.engine.checks import Open
from course_utils.practice.lessons import LESSONS as WITH_EXERCISES
from course_utils.practice.lessons import exercises

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from tiny import checkpoint_in  # noqa: E402

LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SECONDS = 240


def solved(name: str, folder: Path) -> str:
    """The lesson with the solutions in its exercises; all but the first of a small random model."""
    notebook = read(ROOT / "notebooks" / name)
    fill_in_solutions(notebook, name[:2])
    written = text(notebook)
    if name[:2] == "00":  # the first impression is of the bundled model
        return written
    tiny = json.dumps(json.dumps(str(checkpoint_in(folder))))[1:-1]
    assert written.count("= checkpoint()") == 1
    return written.replace("= checkpoint()", f"= checkpoint({tiny})")


def errors_on(page: Any) -> list[str]:
    """Return what the cells of the open notebook that failed say, each with the cell's id."""
    cells = page.evaluate("window.jupyterapp.shell.currentWidget.content.model.toJSON()")["cells"]
    return [
        f"{cell['id']}: {output['ename']}: {output['evalue']}"
        for cell in cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]


def assert_every_answer_is_right(cells: list[dict[str, Any]], lesson: str) -> None:
    """Look at what the checks of the exercises, and the table of progress, said in English."""
    said = {
        cell["source"]: cell["outputs"][-1]["data"]["text/plain"]
        for cell in cells
        if cell.get("outputs")
        if "data" in cell["outputs"][-1]
    }
    for one in exercises(lesson):
        expected = "◆ Cannot be checked." if isinstance(one.checker, Open) else "✓ Correct."
        assert said[one.solution_code].startswith(expected), said[one.solution_code]
    assert "◇" not in said[f'progress("{lesson}")']


@pytest.mark.parametrize("name", LESSONS)
def test_the_solved_lesson_runs_to_its_end_and_every_answer_is_right(
    lab: Any, open_page: Callable[[str], Any], name: str
) -> None:
    lab.data.mkdir(exist_ok=True)
    (lab.data / "settings.json").write_text('{"language": "en"}', encoding="utf-8")
    (lab.folder / "notebooks").mkdir(exist_ok=True)
    (lab.folder / "notebooks" / name).write_text(solved(name, lab.folder.parent / "tiny"), encoding="utf-8")
    shutil.copytree(ROOT / "images", lab.folder / "images", dirs_exist_ok=True)
    watched = open_page("lab")
    page = watched.page
    open_and_run(page, f"{lab.url}/lab/tree/notebooks/{name}?reset")
    page.wait_for_function("window.ran !== undefined", timeout=SECONDS * 1000)
    assert page.evaluate("window.ran") is True, errors_on(page)
    if name[:2] in WITH_EXERCISES:
        model = page.evaluate("window.jupyterapp.shell.currentWidget.content.model.toJSON()")
        assert_every_answer_is_right(model["cells"], name[:2])
    page.evaluate("() => { document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0; }")
    hidden = "lang => getComputedStyle(document.querySelector(`h1 [lang=${lang}]`)).display == 'none'"
    page.wait_for_function(hidden, arg="zh-Hant")
    page.click(".course-languages button:has-text('中文')")
    page.wait_for_function(hidden, arg="en")
    page.evaluate("() => { window.jupyterapp.commands.execute('toc:show-panel'); }")
    page.wait_for_selector(".jp-tocItem-content")
    assert page.locator(".jp-tocItem-content").count() >= 3
    page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")  # nine kernels would take 4 GB
    assert watched.outside == []
    assert watched.errors == []


def test_a_link_to_a_proof_leads_to_its_cell(lab: Any, open_page: Callable[[str], Any]) -> None:
    """The first click opens the lesson; from then on a click goes to the cell."""
    folder = lab.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    for name in ("04_conversion.ipynb", "08_choosing.ipynb"):
        shutil.copy(ROOT / "notebooks" / name, folder)
    watched = open_page("lab")
    page = watched.page
    page.goto(f"{lab.url}/lab/tree/notebooks/08_choosing.ipynb?reset")
    link = page.get_by_role("link", name="mended in three lines")
    link.click(timeout=90_000)
    current = "window.jupyterapp.shell.currentWidget"
    page.wait_for_function(
        f"{current}.title.label.startsWith('04') && {current}.content.widgets.length > 100", timeout=90_000
    )
    page.click(".lm-TabBar-tabLabel:text('08_choosing')")
    link.click()
    page.wait_for_function(f"{current}.title.label.startsWith('04')")
    page.wait_for_function("""() => {
        const notebook = window.jupyterapp.shell.currentWidget.content;
        const cell = notebook.widgets.find(one => one.model.id === 'mend-snippet').node.getBoundingClientRect();
        const view = notebook.node.getBoundingClientRect();
        return cell.height > 0 && cell.top < view.bottom && cell.bottom > view.top; }""")
    assert watched.outside == []
    assert watched.errors == []
