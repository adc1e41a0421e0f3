"""Take the picture of the sampling playground: `python tests/browser/playground_picture.py images/playground.png`."""

import sys
import tempfile
from pathlib import Path

from labs import launched, open_and_run, serving, write_notebook
from PIL import Image
from playwright.sync_api import sync_playwright

CODE = """from course_utils import checkpoint, insight, play
from transformers import AutoTokenizer, GPT2LMHeadModel
tokenizer = AutoTokenizer.from_pretrained(checkpoint())
lm = GPT2LMHeadModel.from_pretrained(checkpoint())
play.sampling_playground(lm, tokenizer, "Once upon a time, in a", insight.Sampling(temperature=1.5, top_k=6))"""


def main(target: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as lab,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright)
        write_notebook(lab.folder / "playground.ipynb", [CODE])
        page = browser.new_page(viewport={"width": 980, "height": 1400})
        open_and_run(page, f"{lab.url}/lab/tree/playground.ipynb?reset")
        page.get_by_role("button", name="生成 Generate").click(timeout=120_000)
        page.wait_for_selector(".course-panel :text('✓ 40 / 40')")
        page.locator(".course-panel").screenshot(path=target)
        browser.close()
    Image.open(target).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
