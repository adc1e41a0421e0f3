"""The lessons at the width of the real GPT-2, with its tokenizer, vocabulary and context; random weights.

Two of its 12 layers, which takes a quarter of the time; COURSE_TEST_FULL=1 takes them all. Stored outputs aside.
"""

import os
from pathlib import Path

import pytest
import standin
from filelock import FileLock
from transformers import AutoConfig, AutoTokenizer

from course_utils.commands.measure import watching
from course_utils.notebooks.find import lessons
from course_utils.notebooks.run import run
from course_utils.place import repository

FULL = bool(os.environ.get("COURSE_TEST_FULL"))
LAYERS = 12 if FULL else 2
# A kernel may hold this much; it holds the weights at least, which proves that it is watched.
BYTES = 6e9 if FULL else 4e9
HELD = 0.2e9
CELL_SECONDS = 600


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """A hub cache that answers to "gpt2", made once for all workers."""
    run_folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        run_folder = run_folder.parent
    folder, made = run_folder / "gpt2", run_folder / "gpt2-made"
    with FileLock(run_folder / "gpt2.lock"):
        if not made.exists():
            standin.make(folder, LAYERS)
            made.touch()
    return folder


def test_the_stand_in_is_gpt2_but_for_its_weights(cache: Path) -> None:
    (snapshot,) = cache.glob("hub/models--gpt2/snapshots/*")
    config, tokenizer = AutoConfig.from_pretrained(snapshot), AutoTokenizer.from_pretrained(snapshot)
    assert (config.n_layer, config.n_head, config.n_embd, config.n_positions) == (LAYERS, 12, 768, 1024)
    assert config.vocab_size == len(tokenizer) == 50257 and tokenizer.eos_token_id == 50256
    assert tokenizer("Hello, how are you?").input_ids == [15496, 11, 703, 389, 345, 30]
    assert tokenizer("你好").input_ids == [19526, 254, 25001, 121]


@pytest.mark.parametrize("lesson", lessons(repository()), ids=lambda lesson: lesson.stem)
def test_runs_on_gpt2(lesson: Path, cache: Path, tmp_path: Path) -> None:
    settings = {
        "COURSE_CHECKPOINT": "gpt2",
        "COURSE_DATA": str(tmp_path),
        "HF_HOME": str(cache),
        "HF_HUB_OFFLINE": "1",
    }
    with watching() as usage:
        done = run(lesson, cell_seconds=CELL_SECONDS, settings=settings)
    said = "".join(
        output.get("text", "") for cell in done.cells if cell.cell_type == "code" for output in cell.outputs
    )
    assert "is skipped here" in said, "no claim stepped aside: was it the bundled model?"
    assert HELD < usage.peak < BYTES
