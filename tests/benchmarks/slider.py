"""From a slider's move in the sampling playground to new bars on the screen: `python tests/benchmarks/slider.py`.

Not a test: times depend on the machine. It starts a JupyterLab and a Chromium, moves the slider in the page, and the
clock runs until the frame after the bars have changed. To reach: a median of at most 100 ms; the exit status is 1 if
it is not.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from labs import launched, open_and_run, serving, write_notebook  # noqa: E402

CODE = """from course_utils import checkpoint, play
from transformers import AutoTokenizer, GPT2LMHeadModel
tokenizer = AutoTokenizer.from_pretrained(checkpoint())
play.sampling_playground(GPT2LMHeadModel.from_pretrained(checkpoint()), tokenizer, "Once upon a time, in a")"""
MOVES = """async moves => {
    const widget = document.querySelector('.course-panel');
    const slider = widget.querySelector('[data-input=temperature]'), bars = widget.querySelector('[data-region=bars]');
    const times = [];
    for (let at = 0; at < moves; at++) {
        const drawn = new Promise(done => new MutationObserver((_, observer) => {
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(done)); }).observe(bars, {childList: true, subtree: true}));
        const start = performance.now();
        slider.value = at % 2 ? 0.5 : 1.5;
        slider.dispatchEvent(new Event('input', {bubbles: true}));
        await drawn;
        times.push(performance.now() - start);
        await new Promise(done => setTimeout(done, 50));
    }
    return times; }"""
COUNT = 60
LIMIT = 100.0


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as lab,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright)
        write_notebook(lab.folder / "slider.ipynb", [CODE])
        page = browser.new_page()
        open_and_run(page, f"{lab.url}/lab/tree/slider.ipynb?reset")
        page.wait_for_selector(".course-panel .course-bars", timeout=120_000)
        times = page.evaluate(MOVES, COUNT)
        browser.close()
    print(
        f"{COUNT} moves: median {median(times):.0f} ms, nine of ten within {quantiles(times, n=10)[-1]:.0f} ms"
    )
    return 0 if median(times) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
