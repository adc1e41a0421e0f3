"""A light and a dark JupyterLab: questions and checks can be read in both, and a change of theme repaints what is painted."""

from collections.abc import Iterator
from typing import Any

import pytest
from labs import Watched, open_and_run, watch, write_notebook

CELLS = (
    """from course_utils import checkpoint, language_switch, play
from course_utils.practice import ____, progress, base_model as practice
from transformers import AutoTokenizer, GPT2LMHeadModel
tokenizer = AutoTokenizer.from_pretrained(checkpoint())
lm = GPT2LMHeadModel.from_pretrained(checkpoint())
language_switch()""",
    'play.attention_explorer(lm, tokenizer, "Once upon a time, 很久很久以前")',
    "practice.quick2",
    "practice.q1.check(____)",
    "practice.q1.check(((3, 7, 97), 6, (3, 3, 7, 7)))",
    "practice.q1.check(((3, 7, 24), 6, (3, 3, 7, 7)))",
    "practice.q1.hint()",
    'progress("01")',
)
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
# The worst contrast of text, with the text's element; faint backgrounds are laid over what is behind them.
CONTRAST = """selector => {
    const brush = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const mixed = colours => { brush.clearRect(0, 0, 1, 1);
        for (const colour of colours) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
        return [...brush.getImageData(0, 0, 1, 1).data]; };
    const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
    const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
    let worst = [99, 'nothing'], count = 0;
    for (const element of document.querySelectorAll(selector)) {
        if (!element.checkVisibility()) continue;
        if (![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
        const r = ratio(mixed([...layers, getComputedStyle(element).color]), mixed(layers));
        count++;
        if (r < worst[0]) worst = [r, element.outerHTML.slice(0, 200)];
    }
    return [...worst, count]; }"""
PIXELS = """() => [...document.querySelectorAll('.course-attention canvas')].map(canvas => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return [...data.slice(0, 3)].join(); })"""  # the first token looks at itself alone: full colour


@pytest.fixture(scope="module")
def page(lab: Any, chromium: Any) -> Iterator[Any]:
    """A page with an explorer, a question and checks, which must end without an error and a request to elsewhere."""
    write_notebook(lab.folder / "themes.ipynb", list(CELLS))
    context = chromium.new_context(viewport={"width": 1280, "height": 3000})
    watched = Watched(context.new_page())
    watch(watched)
    open_and_run(watched.page, f"{lab.url}/lab/tree/themes.ipynb?reset")
    watched.page.wait_for_selector(".course-progress", timeout=180_000)
    watched.page.wait_for_selector(".course-attention canvas")
    for letter in "ab":
        watched.page.click(f".course-option[data-letter={letter}]")
    yield watched.page
    assert watched.outside == []
    assert watched.errors == []
    context.close()


def choose(page: Any, theme: str) -> None:
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    light = str(theme == LIGHT).lower()
    page.wait_for_function(f"document.body.dataset.jpThemeLight == '{light}'", timeout=30_000)
    page.wait_for_timeout(500)


def test_the_explorer_is_repainted_when_the_theme_changes(page: Any) -> None:
    choose(page, LIGHT)
    page.get_by_role("button", name="layer 1 head 2").click()
    light = page.evaluate(PIXELS)
    choose(page, DARK)
    dark = page.evaluate(PIXELS)
    assert set(light) == {"0,114,178"} and set(dark) == {"86,180,233"}
    assert "Layer 1, head 2" in page.locator(".course-title").inner_text()  # it stays where it was
    choose(page, LIGHT)
    assert page.evaluate(PIXELS) == light


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_what_a_token_looks_at_is_seen_in_the_text(page: Any, theme: str) -> None:
    """The line below the token that is most attended to has a contrast of 3 : 1, as WCAG asks of graphics."""
    choose(page, theme)
    page.locator(".course-word").first.hover()  # it can look at nothing but itself
    line = page.locator(".course-word").first.evaluate("word => getComputedStyle(word).boxShadow")
    bar = {LIGHT: ("0 114 178", "0, 114, 178", "0 0.447"), DARK: ("86 180 233", "86, 180, 233", "0.337")}[
        theme
    ]
    assert "inset" in line and any(one in line for one in bar), line


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("what", [".course-question", ".course-card", ".course-progress", ".course-text"])
def test_contrast_of_text(page: Any, theme: str, what: str) -> None:
    """WCAG AA: 4.5 : 1."""
    choose(page, theme)
    worst, where, count = page.evaluate(CONTRAST, f"{what}, {what} *:not(.later)")
    assert worst >= 4.5 and count >= 1, (worst, where, count)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_edges_stand_out_and_differ(page: Any, theme: str) -> None:
    """Right and wrong have edges of different colours; the sign and the word say the same."""
    choose(page, theme)
    edge = "element => getComputedStyle(element).borderLeftColor"
    for kind in (".course-option[data-state={}]", ".course-card.course-{}"):
        right, wrong = (page.locator(kind.format(name)).first for name in ("right", "wrong"))
        assert right.evaluate(edge) != wrong.evaluate(edge)
        assert "✓" in right.inner_text() and "✗" in wrong.inner_text()
