"""The course's part of JupyterLab's page: what holds without a kernel, on the second day, and when a kernel is gone."""

import json
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from labs import Lab, Watched, serving, watch, write_notebook
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course_utils.commands import lab as command

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
COUNTER = f"""from base64 import b64decode
from course_utils.texts import Bilingual
from course_utils.play.controls import region
from course_utils.play.panel import Panel

class Counter(Panel):
    def __init__(self):
        super().__init__(Bilingual("Counter", "計數"),
                         '<button data-click="more">more</button>' + region("count"), {{"more": self.more}})
        self.count = 0
        self.show(count="0")
    def more(self, _):
        self.count += 1
        self.show(count=str(self.count))
    def twin(self):
        return type("Twin", (), {{"_repr_png_": lambda _: b64decode("{PNG}")}})()

Counter()"""
SLOW = "class Slow(Counter):\n    def more(self, _):\n        import time; time.sleep(60)\n\nSlow()"
SWITCH = "from course_utils import language_switch\nlanguage_switch()"
EXERCISE = "practice.q1.check(____)"
CURRENT = "window.jupyterapp.shell.currentWidget"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Lab]:
    """A JupyterLab as `lab` starts it."""
    base = tmp_path_factory.mktemp("lab")
    ours = command.environment(base / "notebooks")
    with serving(base, {name: ours[name] for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")}) as served:
        yield served


@pytest.fixture(scope="class")
def lessons(lab: Lab) -> None:
    """Three small lessons, a copy kept aside, and a notebook that is none of the course's; no language chosen yet."""
    (lab.data / "settings.json").unlink(missing_ok=True)
    (lab.data / "progress.json").unlink(missing_ok=True)
    for number, codes in (("00", [SWITCH]), ("01", [COUNTER, SLOW, EXERCISE]), ("02", [])):
        write_notebook(lab.folder / f"{number}_lesson.ipynb", [prose(number), *map(new_code_cell, codes)])
    write_notebook(lab.folder / "01_lesson.backup-1.ipynb", [prose("01")])
    write_notebook(
        lab.folder / "mine.ipynb", [new_markdown_cell('Only <span lang="en">English</span> here.')]
    )


@pytest.fixture(scope="class")
def page(chromium: Any, lab: Lab, lessons: None) -> Iterator[Any]:
    """One page for the tests of a class, each of which leaves it in use: to load JupyterLab is what takes longest."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    watched = Watched(context.new_page())
    watch(watched)
    yield watched.page
    context.close()
    assert watched.outside == []


def prose(number: str) -> Any:
    return new_markdown_cell(
        f'# <span lang="zh-Hant">第 `{number}` 課</span> <span lang="en">Lesson `{number}`</span>\n\n'
        '<div lang="zh-Hant">\n\n中文。\n\n</div>\n<div lang="en">\n\nProse.\n\n</div>'
    )


def trust(lab: Lab, name: str) -> None:
    """Sign the notebook, as JupyterLab does with what was run in it: then it shows widgets, and not their pictures."""
    notary = NotebookNotary(data_dir=str(lab.folder.parent / "share"))
    notary.sign(nbformat.read(lab.folder / name, as_version=4))


def to_lesson(page: Any, lab: Lab, name: str) -> None:
    page.goto(f"{lab.url}/lab/tree/{name}?reset")
    page.wait_for_selector(".course-toolbar .course-languages", timeout=90_000)
    page.wait_for_selector("#jp-main-statusbar :text('| Idle')", timeout=90_000)


def wait_shown(page: Any, languages: list[str]) -> None:
    page.wait_for_function(
        f"""wanted => [...{CURRENT}?.node.querySelectorAll('.jp-RenderedMarkdown div[lang]') ?? []]
            .filter(one => getComputedStyle(one).display != 'none').map(one => one.lang).join() == wanted""",
        arg=",".join(languages),
        timeout=30_000,
    )


def run_all(page: Any) -> None:
    page.evaluate("""() => { window.ran = undefined;
        window.jupyterapp.commands.execute('notebook:run-all-cells').then(ok => { window.ran = ok; }); }""")
    page.wait_for_function("window.ran !== undefined", timeout=90_000)


def count_once(page: Any) -> None:
    page.locator(".course-panel button").first.click()
    page.wait_for_selector("[data-region=count]:has-text('1')")


def pressed(page: Any, where: str) -> str:
    return page.locator(f"{where} .course-languages button[aria-pressed=true]").inner_text()


class TestLanguage:
    def test_it_holds_from_lesson_to_lesson_and_over_a_reload_with_no_cell_run(self, lab, page):
        to_lesson(page, lab, "00_lesson.ipynb")
        wait_shown(page, ["zh-Hant", "en"])
        page.click(".course-toolbar button:has-text('English')")
        wait_shown(page, ["en"])
        page.click(".course-toolbar button:has-text('01 ›')")
        page.wait_for_function(f"{CURRENT}.context?.path == '01_lesson.ipynb'")
        wait_shown(page, ["en"])
        to_lesson(page, lab, "00_lesson.ipynb")
        wait_shown(page, ["en"])
        assert json.loads((lab.data / "settings.json").read_text(encoding="utf-8"))["language"] == "en"

    def test_the_switch_in_a_cell_and_the_toolbar_agree(self, page):
        run_all(page)
        page.click(".jp-OutputArea .course-languages button:has-text('中文')")
        wait_shown(page, ["zh-Hant"])
        assert pressed(page, ".course-toolbar") == "中文"
        page.click(".course-toolbar button:has-text('English')")
        wait_shown(page, ["en"])
        assert pressed(page, ".jp-OutputArea") == "English"

    def test_both_go_on_after_the_kernel_restarts(self, page):
        page.evaluate(f"{CURRENT}.sessionContext.session.kernel.restart()")
        page.wait_for_selector("#jp-main-statusbar :text('| Idle')")
        page.click(".jp-OutputArea .course-languages button:has-text('中文')")
        wait_shown(page, ["zh-Hant"])
        page.click(".course-toolbar button:has-text('雙語')")
        wait_shown(page, ["zh-Hant", "en"])


class TestToolbar:
    def test_the_neighbours_are_the_lessons_of_the_folder(self, lab, page):
        to_lesson(page, lab, "01_lesson.ipynb")
        page.wait_for_selector(".course-lessons button")
        assert page.locator(".course-lessons button").all_inner_texts() == ["‹ 00", "02 ›"]

    def test_it_stays_in_sight_on_a_small_window(self, page):
        page.set_viewport_size({"width": 800, "height": 600})
        assert page.locator(".course-toolbar button:has-text('English')").is_visible()
        page.set_viewport_size({"width": 1400, "height": 900})

    def test_exercises_are_counted_when_the_kernel_is_done(self, page):
        assert page.locator(".course-exercises [lang=en]").inner_text() == "Exercises 0/1"
        note = "from course_utils import record\nrecord.note('01.1', 'correct')"
        page.evaluate(f"code => {CURRENT}.sessionContext.session.kernel.requestExecute({{code}}).done", note)
        page.wait_for_selector(".course-exercises :text('Exercises 1/1')")

    def test_the_contents_panel_follows_the_language(self, page):
        page.evaluate("window.jupyterapp.commands.execute('toc:show-panel')")
        entry = "#table-of-contents .jp-tocItem-content"
        page.wait_for_selector(entry)
        for label, wanted in (("中文", '"第 01 課"'), ("English", '"Lesson 01"'), ("雙語", "none")):
            page.click(f".course-toolbar button:has-text('{label}')")
            page.wait_for_function(
                f"wanted => getComputedStyle(document.querySelector('{entry}'), '::before').content == wanted",
                arg=wanted,
            )

    def test_another_notebook_is_left_alone(self, page):
        page.click(".course-toolbar button:has-text('中文')")
        page.evaluate("window.jupyterapp.commands.execute('docmanager:open', {path: 'mine.ipynb'})")
        page.wait_for_function(f"{CURRENT}.node.textContent.includes('Only English here')")
        assert page.locator(".jp-NotebookPanel:has-text('Only') [lang=en]").first.is_visible()
        assert page.locator(".jp-NotebookPanel:has-text('Only') .course-toolbar").count() == 0


class TestWithoutKernel:
    """The first panel of the lesson counts; the second one works for a minute."""

    def test_a_panel_says_so_after_a_restart_and_waits_for_nothing(self, lab, page):
        to_lesson(page, lab, "01_lesson.ipynb")
        run_all(page)
        count_once(page)
        assert not page.locator("[data-lost]").first.is_visible()
        page.evaluate(f"{CURRENT}.sessionContext.session.kernel.restart()")
        page.wait_for_selector("[data-lost]:visible")
        page.locator(".course-panel button").first.click()
        page.wait_for_timeout(1_000)  # longer than the pause after which a panel says that it works
        assert not page.locator("[data-busy]").first.is_visible()

    def test_a_panel_that_works_while_the_kernel_restarts_stops_waiting(self, page):
        run_all(page)
        page.locator(".course-panel button").nth(1).click()
        page.wait_for_selector("[data-busy]:visible")
        page.evaluate(f"{CURRENT}.sessionContext.session.kernel.restart()")
        page.wait_for_selector("[data-lost]:visible")
        assert not page.locator("[data-busy]").nth(1).is_visible()

    def test_run_again_it_works_again(self, page):
        run_all(page)
        count_once(page)
        assert not page.locator("[data-lost]").first.is_visible()

    def test_a_panel_whose_kernel_was_shut_down_says_so_when_it_is_used(self, page):
        page.evaluate(f"{CURRENT}.sessionContext.shutdown()")
        page.wait_for_timeout(500)
        page.locator(".course-panel button").first.click()
        page.wait_for_selector("[data-lost]:visible")


class TestReopened:
    def test_what_was_there_is_shown_and_says_how_to_go_on(self, lab, page):
        to_lesson(page, lab, "01_lesson.ipynb")
        run_all(page)
        count_once(page)
        page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        page.wait_for_function(f"!{CURRENT}.context.model.dirty")
        page.evaluate(f"{CURRENT}.sessionContext.shutdown()")
        to_lesson(page, lab, "01_lesson.ipynb")
        page.wait_for_selector("[data-region=count]:has-text('1')", timeout=30_000)
        assert page.locator("[data-lost]").first.is_visible()
        assert page.locator(":text('Error displaying widget')").count() == 0

    def test_a_widget_that_was_not_saved_leaves_its_picture_and_says_how_to_go_on(self, lab, page):
        view = {"version_major": 2, "version_minor": 0, "model_id": "0" * 32}
        bundle = {
            "application/vnd.jupyter.widget-view+json": view,
            "image/png": PNG,
            "text/plain": "[Counter]",
        }
        lost = new_code_cell(COUNTER, outputs=[new_output("display_data", bundle)])
        write_notebook(lab.folder / "02_lesson.ipynb", [prose("02"), lost])
        trust(lab, "02_lesson.ipynb")
        page.evaluate("window.jupyterapp.commands.execute('docmanager:open', {path: '02_lesson.ipynb'})")
        note = page.locator(".course-run-again")
        note.wait_for(timeout=60_000)
        assert "Run this cell again" in note.inner_text()
        assert note.locator("img").get_attribute("src") == f"data:image/png;base64,{PNG}"
        assert page.locator(":text('Error displaying widget')").count() == 0
