"""Exercises and quick questions in a real JupyterLab: the buttons answer, the checks speak, the switch hides."""

from collections.abc import Callable
from typing import Any

import pytest
from labs import open_and_run, write_notebook

CELLS = (
    "from course_utils import language_switch\nlanguage_switch()",
    "from course_utils.practice import ____, progress\nfrom course_utils.practice import base_model as practice",
    "practice.quick2",
    "sizes = (____, ____, ____)\npractice.q1.check(sizes)",
    "sizes = ((3, 7, 97), 6, (3, 3, 7, 7))\npractice.q1.check(sizes)",
    "practice.q1.solution()",
    "practice.q1.check(((3, 7, 24), 6, (3, 3, 7, 7)))",
    'progress("01")',
)


@pytest.fixture(scope="module")
def cells() -> dict[str, int]:
    return {
        name: number
        for number, name in enumerate(
            ("switch", "import", "question", "untouched", "wrong", "solution", "right", "progress")
        )
    }


@pytest.fixture
def page(lab, open_page: Callable[[str], Any]) -> Any:
    """JupyterLab with a notebook of exercises that has been run."""
    for name in ("settings.json", "progress.json"):
        (lab.data / name).unlink(missing_ok=True)
    write_notebook(lab.folder / "exercises.ipynb", CELLS)
    watched = open_page("lab")
    open_and_run(watched.page, f"{lab.url}/lab/tree/exercises.ipynb?reset")
    watched.page.wait_for_selector(".course-question button", timeout=90_000)
    watched.page.wait_for_selector("td:has-text('01.5')", timeout=90_000)
    yield watched.page
    assert watched.outside == []
    assert [error for error in watched.errors if "course" in error.lower() or "widget" in error.lower()] == []


def output(page: Any, number: int) -> str:
    """The text that a cell's output shows, hidden parts left out."""
    return page.locator(".jp-CodeCell").nth(number).locator(".jp-OutputArea").inner_text()


def test_a_button_explains_its_option_and_the_switch_hides_a_language(
    page: Any, cells: dict[str, int]
) -> None:
    question = page.locator(".course-question")
    question.get_by_role("button", name="b").click()
    page.wait_for_selector(".course-question :text('✅ Right')")
    assert "因果" not in question.inner_text() and "✅ 對" in question.inner_text()
    question.get_by_role("button", name="a").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".course-question :text('❌ No')")
    page.click(".course-languages button:has-text('English')")
    page.wait_for_function("!document.querySelector('.course-question').innerText.includes('因果')")
    assert "causal mask" in question.inner_text()


def test_checks_and_progress_follow_the_switch(page: Any, cells: dict[str, int]) -> None:
    assert "還沒作答" in output(page, cells["untouched"]) and "Not attempted" in output(
        page, cells["untouched"]
    )
    page.click(".course-languages button:has-text('中文')")
    page.wait_for_function("!document.body.innerText.includes('Not attempted yet')")
    assert "詞彙表大小" in output(page, cells["wrong"]) and "vocabulary" not in output(page, cells["wrong"])
    assert "答對了" in output(page, cells["right"])
    assert page.locator(".jp-CodeCell").nth(cells["solution"]).locator("pre code:visible").count() == 1
    assert "✅ 完成" in output(page, cells["progress"]) and "5 題中完成了 1 題" in output(
        page, cells["progress"]
    )
