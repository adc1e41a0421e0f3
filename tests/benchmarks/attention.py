"""The attention view beside bertviz's head_view: `pip install -e '.[benchmark]'`, `python tests/benchmarks/attention.py`.

Not a test: times depend on the machine. Both draw the same weights, of 4 layers with 4 heads, in one run; the forward
pass is not counted. To reach: at most 1/60 of the size, at most 1/20 of the time. With a Chromium it also opens the
page of a text of 512 tokens and measures how long a hover takes until the answer is on the screen: at most 100 ms.
The exit status is 1 if one of these is not reached.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

import torch
from bertviz import head_view
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from course_utils import checkpoint, insight, world
from course_utils.show.attention_view import attention_view

REPEATS = 5
HOVERS = """async () => {
    const canvas = document.querySelector('.course-large'), readout = document.querySelector('.course-readout');
    const box = canvas.getBoundingClientRect(), times = [];
    const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    for (let at = 0; at < 40; at++) {
        const place = {clientX: box.left + box.width * 0.1, clientY: box.top + box.height * (at + 0.5) / 40};
        const before = readout.textContent, start = performance.now();
        canvas.dispatchEvent(new MouseEvent('mousemove', {...place, bubbles: true}));
        if (readout.textContent === before) throw Error('the readout did not change');
        await frame();
        times.push(performance.now() - start);
    }
    return times; }"""


def text_of(tokenizer: object, length: int) -> str:
    """Stories, cut to this many tokens."""
    rng = Random(0)
    stories = " ".join(world.sample("en", rng).text for _ in range(12))
    return tokenizer.decode(tokenizer(stories).input_ids[:length])


def quickest(call: Callable[[], object]) -> tuple[float, object]:
    """The least time of several runs, in seconds, and the result."""
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        result = call()
        times.append(perf_counter() - start)
    return min(times), result


def hover_milliseconds(page: Path) -> list[float] | None:
    """How long each hover takes until the next frame is drawn; None without a Chromium."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": 1280, "height": 900})
        shown.goto(page.as_uri())
        shown.wait_for_selector(".course-word")
        times = shown.evaluate(HOVERS)
        browser.close()
    return times


def main() -> int:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint())
    torch.manual_seed(0)
    four = GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_layer=4, n_head=4, n_embd=192, n_positions=512)
    )
    trained = GPT2LMHeadModel.from_pretrained(checkpoint())
    reached = True
    text = text_of(tokenizer, 128)
    for name, model in (
        ("4 layers × 4 heads, random weights", four),
        ("the bundled model, 4 of its 6 heads", trained),
    ):
        seen = insight.attention(model, tokenizer, text)
        weights = seen.weights[:, :4]
        seen = insight.Attention(weights, seen.tokens)
        labels = [token.label for token in seen.tokens]
        ours, page = quickest(lambda: attention_view(seen).html())
        theirs, other = quickest(lambda: head_view(list(weights[:, None]), labels, html_action="return").data)
        small, quick = len(other) / len(page.encode()), theirs / ours
        reached &= small >= 60 and quick >= 20
        print(
            f"{name}, {len(labels)} tokens: {len(page.encode()):,} bytes in {1000 * ours:.1f} ms; bertviz "
            f"{len(other):,} bytes in {1000 * theirs:.0f} ms: 1/{small:.0f} of the size, 1/{quick:.0f} of the time"
        )
    sizes = {}
    for length in (64, 128, 256, 512):
        view = attention_view(insight.attention(trained, tokenizer, text_of(tokenizer, length)))
        sizes[length] = len(view.html().encode())
    print("all 24 heads: " + ", ".join(f"{length} tokens {size:,} bytes" for length, size in sizes.items()))
    with tempfile.TemporaryDirectory() as folder:
        times = hover_milliseconds(view.save(Path(folder) / "attention.html"))
    if times is None:
        print("no Chromium: the hover was not measured")
    else:
        reached &= max(times) <= 100
        print(f"512 tokens, a hover: median {median(times):.0f} ms, slowest {max(times):.0f} ms")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
