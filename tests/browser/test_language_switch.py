"""The language switch in a real JupyterLab: it hides one language in its own notebook, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from labs import write_notebook
from nbformat.v4 import new_markdown_cell

HEADING = '## <span lang="zh-Hant">權重綁定</span> <span lang="en">Weight tying</span>'
PROSE = """<div lang="zh-Hant">

這是**中文**，有一個 <span lang="en">English</span> 的詞。

</div>
<div lang="en">

This is *English*, with a word of <span lang="zh-Hant">中文</span>.

</div>"""
SHOWN = """path => {
  const panel = [...document.querySelectorAll('.jp-NotebookPanel')].find(
    one => one.querySelector('.jp-RenderedMarkdown')?.textContent.includes(path));
  const shown = selector => [...panel.querySelectorAll('.jp-RenderedMarkdown ' + selector)].map(
    one => getComputedStyle(one).display !== 'none');
  const every = selector => shown(selector).length > 0 && shown(selector).every(Boolean);
  const none = selector => shown(selector).length > 0 && !shown(selector).some(Boolean);
  const verdict = lang => every(lang) ? true : none(lang) ? false : 'mixed';
  return {
    zh: verdict(':is(h2 > span, div)[lang="zh-Hant"]'), en: verdict(':is(h2 > span, div)[lang="en"]'),
    wordInZh: verdict('div span[lang="en"]'), wordInEn: verdict('div span[lang="zh-Hant"]')};
}"""
BOTH = {"zh": True, "en": True}
ONLY_ZH = {"zh": True, "en": False}
ONLY_EN = {"zh": False, "en": True}


@pytest.fixture
def page(lab, open_page: Callable[[str], Any]) -> Any:
    """JupyterLab with two open notebooks: first.ipynb has the switch, second.ipynb has not."""
    (lab.data / "settings.json").unlink(missing_ok=True)
    code = "from course_utils import language_switch\nlanguage_switch()"
    write(lab.folder / "first.ipynb", [code])
    write(lab.folder / "second.ipynb", [])
    watched = open_page("lab/tree/first.ipynb?reset")
    browser_page = watched.page
    browser_page.wait_for_selector(".jp-RenderedMarkdown h2", timeout=90_000)
    execute(browser_page, "docmanager:open", path="second.ipynb", options={"mode": "split-right"})
    browser_page.wait_for_function(
        "document.querySelectorAll('.jp-RenderedMarkdown h2').length == 2", timeout=60_000
    )
    browser_page.click(
        ".jp-NotebookPanel:has(.jp-CodeCell):not(:has-text('second.ipynb')) .jp-RenderedMarkdown"
    )
    execute(browser_page, "notebook:run-all-cells")
    browser_page.wait_for_selector(".course-languages button", timeout=90_000)
    yield browser_page
    assert watched.outside == []
    assert [error for error in watched.errors if "course" in error.lower() or "widget" in error.lower()] == []


def write(path: Any, cells: list[Any]) -> None:
    """Save a notebook with the bilingual cells; its name stands in the prose, to find its panel by."""
    write_notebook(path, [new_markdown_cell(f"{HEADING}\n\n{path.name}\n\n{PROSE}"), *cells])


def execute(page: Any, command: str, **arguments: Any) -> None:
    page.evaluate(
        "([command, given]) => { window.jupyterapp.commands.execute(command, given); }", [command, arguments]
    )


def languages(page: Any, notebook: str) -> dict[str, Any]:
    """Which languages a notebook shows; a word of one inside a block of the other always stays."""
    shown = page.evaluate(SHOWN, notebook)
    assert shown.pop("wordInZh") is True
    assert shown.pop("wordInEn") is True
    return shown


def expect(page: Any, wanted: dict[str, bool]) -> None:
    """Wait until the first notebook shows the wanted languages; the second shows both at all times."""
    for _ in range(600):
        if languages(page, "first.ipynb") == wanted:
            break
        page.wait_for_timeout(50)
    assert languages(page, "first.ipynb") == wanted
    assert languages(page, "second.ipynb") == BOTH


def expect_saved(page: Any, lab: Any, language: str) -> None:
    """Wait until the kernel has saved the choice: the page has changed long before."""
    file = lab.data / "settings.json"
    for _ in range(600):
        if file.exists() and json.loads(file.read_text(encoding="utf-8"))["language"] == language:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{language!r} was not saved")


def test_the_switch_hides_one_language_in_its_own_notebook_only(page: Any, lab: Any) -> None:
    expect(page, BOTH)
    for label, wanted, saved in [("English", ONLY_EN, "en"), ("中文", ONLY_ZH, "zh"), ("雙語", BOTH, "both")]:
        page.click(f".course-languages button:has-text('{label}')")
        expect(page, wanted)
        expect_saved(page, lab, saved)


def test_the_rest_of_the_page_stays(page: Any) -> None:
    assert page.evaluate("document.documentElement.lang") == "en"
    page.click(".course-languages button:has-text('中文')")
    expect(page, ONLY_ZH)
    assert page.is_visible("#jp-top-panel")
    assert page.is_visible(".jp-NotebookPanel-toolbar >> nth=0")


def test_the_table_of_contents_keeps_one_entry_a_heading(page: Any) -> None:
    page.click(".course-languages button:has-text('English')")
    expect(page, ONLY_EN)
    execute(page, "toc:show-panel")
    page.wait_for_selector(".jp-tocItem-content")
    entries = page.locator(".jp-tocItem-content").all_inner_texts()
    assert [entry.replace("\n", "") for entry in entries] == ["權重綁定 Weight tying"]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_is_enough(page: Any, lab: Any, key: str) -> None:
    buttons = page.locator(".course-languages button")
    buttons.nth(0).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "English"
    page.keyboard.press(key)
    expect(page, ONLY_EN)
    expect_saved(page, lab, "en")


def test_the_choice_holds_when_the_cell_runs_again(page: Any) -> None:
    page.click(".course-languages button:has-text('English')")
    expect(page, ONLY_EN)
    execute(page, "notebook:run-all-cells")
    page.wait_for_timeout(1500)
    expect(page, ONLY_EN)
    page.click(".course-languages button:has-text('中文')")
    expect(page, ONLY_ZH)
