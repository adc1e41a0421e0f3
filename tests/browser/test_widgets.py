"""The widgets in a real JupyterLab: each is operated, by mouse and by keyboard, and its effect is seen."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from labs import Watched, open_and_run, watch, write_notebook

LOAD = """from course_utils import checkpoint, insight, language_switch, play, world
from transformers import AutoTokenizer, GPT2LMHeadModel
tokenizer = AutoTokenizer.from_pretrained(checkpoint())
lm = GPT2LMHeadModel.from_pretrained(checkpoint())
language_switch()"""
CELLS = {
    "next": 'play.next_token(lm, tokenizer, "Once upon a time, in a", truth=world.true_next)',
    "sampling": 'playground = play.sampling_playground(lm, tokenizer, "Once upon a time, in a")\nplayground',
    "attention": 'play.attention_explorer(lm, tokenizer, "Once upon a time, 很久很久以前")',
    "lab": 'play.conversion_lab(lm.transformer, tokenizer, "Once upon a time")',
    "complete": 'play.autocomplete(lm, tokenizer, "Once upon a time, in a")',
    "tell": 'play.storyteller(lm, tokenizer, "Once upon a time")',
}
HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'> & \u202eabc\u200b"


@pytest.fixture(scope="module")
def panels(lab: Any, chromium: Any) -> Iterator[Any]:
    """A page with all widgets, which must end without errors and without a request to elsewhere."""
    (lab.data / "settings.json").unlink(missing_ok=True)
    write_notebook(lab.folder / "play.ipynb", [LOAD, *CELLS.values()])
    context = chromium.new_context(viewport={"width": 1280, "height": 3000})
    watched = Watched(context.new_page())
    watch(watched)
    page = watched.page
    open_and_run(page, f"{lab.url}/lab/tree/play.ipynb?reset")
    page.wait_for_function(
        f"document.querySelectorAll('.course-panel').length == {len(CELLS)}", timeout=120_000
    )
    yield page
    assert watched.outside == []
    assert watched.errors == []
    context.close()


def panel(page: Any, name: str) -> Any:
    return page.locator(".course-panel").nth(list(CELLS).index(name))


def wait_text(place: Any, text: str, seconds: float = 15) -> None:
    """Wait until the place shows the text."""
    deadline = time.monotonic() + seconds
    while text not in place.inner_text():
        assert time.monotonic() < deadline, f"{text!r} is not in {place.inner_text()[:800]!r}"
        place.page.wait_for_timeout(20)


class TestNextToken:
    def test_typing_clicking_and_undo(self, panels: Any) -> None:
        widget = panel(panels, "next")
        widget.get_by_role("textbox").fill("很久很久以前，")
        wait_text(widget.locator(".course-chips"), "很")
        assert "e5 be 88" in widget.locator(".course-chips").inner_text()
        widget.get_by_role("button", name="一", exact=True).click()
        panels.wait_for_function(
            "document.querySelector('.course-panel textarea').value == '很久很久以前，一'"
        )
        wait_text(widget.locator(".course-chips"), "一")
        widget.get_by_role("button", name="復原 Undo").click()
        panels.wait_for_function("document.querySelector('.course-panel textarea').value == '很久很久以前，'")

    def test_the_keyboard_goes_on_where_it_was(self, panels: Any) -> None:
        widget = panel(panels, "next")
        widget.get_by_role("textbox").fill("Once upon a")
        wait_text(widget.locator(".course-bars"), "␣time")
        widget.get_by_role("button", name="␣time", exact=True).focus()
        panels.keyboard.press("Enter")
        panels.wait_for_function(
            "document.querySelector('.course-panel textarea').value == 'Once upon a time'"
        )
        wait_text(widget.locator(".course-bars tbody tr").first, ",")
        assert panels.evaluate("document.activeElement.dataset.click") == "append"

    def test_hostile_text_is_text(self, panels: Any) -> None:
        widget = panel(panels, "next")
        widget.get_by_role("textbox").fill(HOSTILE)
        panels.wait_for_function("document.querySelector('.course-chips').textContent.includes('<')")
        panels.wait_for_function("!document.querySelector('.course-panel').hasAttribute('aria-busy')")
        assert "\u202e" not in widget.locator(".course-chips").inner_text()
        assert panels.evaluate("window.hacked") is None
        assert widget.locator(".course-chips script, .course-chips img").count() == 0

    def test_a_text_too_long_gives_a_word(self, panels: Any) -> None:
        widget = panel(panels, "next")
        widget.get_by_role("textbox").fill("字" * 10_000)
        wait_text(widget.get_by_role("alert"), "512")
        widget.get_by_role("textbox").fill("Once")
        panels.wait_for_function("!document.querySelector('.course-panel [role=alert]').textContent")
        box = widget.bounding_box()
        assert box["width"] < 1280

    def test_an_input_method_is_not_disturbed(self, panels: Any) -> None:
        widget = panel(panels, "next")
        widget.get_by_role("textbox").fill("")
        panels.evaluate("""() => {
            const area = document.querySelector('.course-panel textarea');
            area.value = 'ㄏ';
            area.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true})); }""")
        panels.wait_for_timeout(300)
        assert "ㄏ" not in widget.locator(".course-chips").inner_text()
        panels.evaluate("""() => {
            const area = document.querySelector('.course-panel textarea');
            area.value = '很';
            area.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true, data: '很'})); }""")
        wait_text(widget.locator(".course-chips"), "很")


class TestSampling:
    def test_each_slider_has_its_name_and_moves_the_bars(self, panels: Any) -> None:
        widget = panel(panels, "sampling")
        for name in ("temperature", "top_k", "top_p", "min_p", "repetition_penalty"):
            slider = widget.get_by_role("slider", name=name)
            slider.focus()
            panels.keyboard.press("ArrowRight" if name != "top_p" else "ArrowLeft")
            wait_text(widget.locator(".course-bars thead"), name)
        widget.get_by_role("button", name="關掉所有設定 Turn all settings off").click()
        panels.wait_for_function(
            "!document.querySelectorAll('.course-panel')[1].querySelector('thead').innerText.includes('top_k')"
        )
        assert widget.get_by_role("slider", name="top_k").input_value() == "0"

    def test_what_is_generated_is_what_the_call_gives(self, panels: Any) -> None:
        widget = panel(panels, "sampling")
        widget.get_by_label("新 token 數 New tokens").fill("12")
        widget.get_by_role("button", name="生成 Generate").click()
        wait_text(widget, "✓ 12 / 12")
        assert widget.locator(".course-sample").count() == 2
        widget.locator("summary").click()
        assert "max_new_tokens=12" in widget.locator("pre").inner_text()
        widget.locator("summary").click()

    def test_stop_ends_it_within_half_a_second(self, panels: Any) -> None:
        widget = panel(panels, "sampling")
        widget.get_by_label("新 token 數 New tokens").fill("480")
        widget.get_by_role("button", name="生成 Generate").click()
        wait_text(widget, "/ 480")
        panels.evaluate("""() => {
            const widget = document.querySelectorAll('.course-panel')[1];
            window.took = null;
            const start = performance.now();
            new MutationObserver((_, observer) => {
                if (!widget.innerText.includes('stopped')) return;
                window.took = performance.now() - start;
                observer.disconnect();
            }).observe(widget, {subtree: true, childList: true, characterData: true});
            widget.querySelector('[data-click=stop]').click(); }""")
        panels.wait_for_function("window.took !== null", timeout=20_000)
        assert panels.evaluate("window.took") < 500


class TestAttention:
    def test_hovering_and_keys_choose_what_is_read_out(self, panels: Any) -> None:
        widget = panel(panels, "attention")
        readout = widget.locator(".course-readout")
        widget.locator(".course-word").nth(2).hover()
        wait_text(readout, "(2)")
        widget.locator(".course-text").focus()
        panels.keyboard.press("ArrowLeft")
        wait_text(readout, "␣upon (1)")
        shares = [float(one.split()[-2]) for one in readout.locator("li").all_inner_texts()]
        assert len(shares) == 2 and sum(shares) == pytest.approx(100, abs=0.6)

    def test_another_head_by_mouse_and_by_keys(self, panels: Any) -> None:
        widget = panel(panels, "attention")
        widget.get_by_role("button", name="layer 2 head 3").click()
        wait_text(widget.locator(".course-title"), "Layer 2, head 3")
        panels.keyboard.press("ArrowDown")
        wait_text(widget.locator(".course-title"), "Layer 3, head 3")
        assert widget.locator("[aria-pressed=true]").count() == 1

    def test_another_text(self, panels: Any) -> None:
        widget = panel(panels, "attention")
        widget.get_by_role("textbox").fill("住著一隻狐狸" + HOSTILE)
        wait_text(widget.locator(".course-text"), "狐")
        assert panels.evaluate("window.hacked") is None
        wait_text(widget.locator(".course-title"), "Layer 3, head 3")


class TestConversionLab:
    def test_break_and_mend(self, panels: Any) -> None:
        widget = panel(panels, "lab")
        widget.get_by_role("checkbox", name="解除綁定 break the tie").click()
        wait_text(widget.locator(".course-checks"), "✗ tie")
        wait_text(widget.locator(".course-samples"), "This one")
        panels.keyboard.press("Space")
        wait_text(widget.locator(".course-checks"), "✓ tie")
        widget.get_by_role("checkbox", name="訓練模式 training mode").check()
        wait_text(widget.locator(".course-checks"), "✗ mode")
        widget.get_by_role("button", name="全部修好 Mend everything").click()
        wait_text(widget.locator(".course-checks"), "✓ mode")
        assert widget.get_by_role("checkbox", name="訓練模式 training mode").is_checked() is False
        assert "LM head" in widget.locator("img").get_attribute("alt") or widget.locator("img").get_attribute(
            "alt"
        )


class TestAutocomplete:
    def test_typing_accepting_and_undo(self, panels: Any) -> None:
        widget = panel(panels, "complete")
        widget.get_by_role("textbox").fill("很久很久以前，")
        panels.wait_for_function("!document.querySelectorAll('.course-panel')[4].hasAttribute('aria-busy')")
        suggestion = widget.locator("[data-click=accept]").first
        wait_text(suggestion, "一")
        text = suggestion.inner_text()
        suggestion.focus()
        panels.keyboard.press("Enter")
        panels.wait_for_function(
            "text => document.querySelectorAll('.course-panel')[4].querySelector('textarea').value == "
            "'很久很久以前，' + text",
            arg=text,
        )
        widget.get_by_role("button", name="復原 Undo").click()
        panels.wait_for_function(
            "document.querySelectorAll('.course-panel')[4].querySelector('textarea').value == '很久很久以前，'"
        )

    def test_hostile_and_long_texts(self, panels: Any) -> None:
        widget = panel(panels, "complete")
        widget.get_by_role("textbox").fill(HOSTILE + "字" * 2000)
        panels.wait_for_timeout(500)
        panels.wait_for_function("!document.querySelectorAll('.course-panel')[4].hasAttribute('aria-busy')")
        assert panels.evaluate("window.hacked") is None and widget.get_by_role("alert").inner_text() == ""
        widget.get_by_role("textbox").fill("Once upon a time, in a")


class TestStoryteller:
    def test_a_turn_each_then_stop_and_undo(self, panels: Any) -> None:
        widget = panel(panels, "tell")
        widget.get_by_label("最多幾個 token At most, in tokens").fill("12")
        widget.get_by_role("textbox").fill("Once upon a time, in a quiet town, there lived a fox.")
        widget.get_by_role("button", name="加進去，讓模型接下去 Add it, and the model goes on").click()
        wait_text(
            widget.locator("[data-region=progress]"), "28 token"
        )  # the start, 15 of the text, 12 of the model
        told = widget.locator(".course-sample")
        assert told.inner_text().startswith("Once upon a time, in a quiet town, there lived a fox.")
        assert told.locator(".new").inner_text().strip()
        widget.get_by_role("button", name="復原 Undo").click()
        panels.wait_for_function(
            "!document.querySelectorAll('.course-panel')[5].querySelector('.course-sample .new')"
        )

    def test_stop_keeps_what_is_written(self, panels: Any) -> None:
        widget = panel(panels, "tell")
        widget.get_by_label("最多幾個 token At most, in tokens").fill("500")
        widget.get_by_role("button", name="加進去，讓模型接下去 Add it, and the model goes on").click()
        panels.wait_for_function(
            "document.querySelectorAll('.course-panel')[5].querySelector('.course-sample .new')?.textContent"
        )
        widget.get_by_role("button", name="停止 Stop", exact=True).click()
        panels.wait_for_function("/stopped|∎/.test(document.querySelectorAll('.course-panel')[5].innerText)")
        assert widget.locator(".course-sample .new").inner_text().strip()
        widget.get_by_role("button", name="重新開始 Begin anew").click()
        panels.wait_for_function(
            "!document.querySelectorAll('.course-panel')[5].querySelector('.course-sample').textContent"
        )


def test_the_switch_hides_a_language_in_the_widgets_too(panels: Any) -> None:
    panels.click(".course-languages button:has-text('English')")
    panels.wait_for_function("!document.querySelector('.course-panel').innerText.includes('復原')")
    assert "Undo" in panel(panels, "next").inner_text()
    panels.click(".course-languages button:has-text('雙語')")
    wait_text(panel(panels, "next"), "復原")


@pytest.mark.parametrize("width", [800, 1280])
def test_nothing_sticks_out_of_the_page(panels: Any, width: int) -> None:
    panels.set_viewport_size({"width": width, "height": 3000})
    panels.wait_for_timeout(300)
    for name in CELLS:
        overflow = panel(panels, name).evaluate("element => element.scrollWidth - element.clientWidth")
        assert overflow <= 1, name


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_contrast_of_texts_and_bars(panels: Any, theme: str) -> None:
    """WCAG AA: 4.5 : 1 for text, 3 : 1 for the bars."""
    panels.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    light = theme.endswith("Light")
    panels.wait_for_function(f"document.body.dataset.jpThemeLight == '{str(light).lower()}'", timeout=30_000)
    panels.wait_for_timeout(500)
    found = panels.evaluate("""() => {
        const brush = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
        const rgb = colour => { brush.clearRect(0, 0, 1, 1); brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1);
                                return [...brush.getImageData(0, 0, 1, 1).data]; };
        const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
        const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
        const behind = element => { for (let at = element; at; at = at.parentElement) {
            const c = rgb(getComputedStyle(at).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
        const worst = {};
        for (const element of document.querySelectorAll('.course-panel *')) {
            if (!element.checkVisibility() || element.matches('option, canvas, img, :disabled')) continue;
            const text = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
            if (text) { const r = ratio(rgb(getComputedStyle(element).color), behind(element));
                        if (!(r >= worst.text?.[0])) worst.text = [r, element.outerHTML.slice(0, 200)]; }
            if (element.matches('.course-bar')) { const r = ratio(rgb(getComputedStyle(element).backgroundColor), behind(element.parentElement));
                        if (!(r >= worst.bar?.[0])) worst.bar = [r, element.outerHTML.slice(0, 200)]; }
        }
        return worst; }""")
    assert found["text"][0] >= 4.5, found["text"]
    assert found["bar"][0] >= 3, found["bar"]
