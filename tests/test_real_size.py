"""The lessons at the width of the real GPT-2, with its tokenizer, vocabulary and context; random weights.

Two of its 12 layers, which takes a quarter of the time; COURSE_TEST_FULL=1 takes them all. Stored outputs aside.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from course_utils.measure import watching
from course_utils.notebooks import lessons, repository, run

MAKER = repository().parent / "shared" / "gpt2-standin" / "make_cache.py"
FULL = bool(os.environ.get("COURSE_TEST_FULL"))
BYTES = (
    6e9 if FULL else 4e9
)  # a kernel may hold this much; it holds the weights at least, which proves that it is watched
HELD = 0.2e9
SECONDS = 700
CELL_SECONDS = 600
pytestmark = [
    pytest.mark.skipif(not MAKER.exists(), reason="needs ../shared: the stand-in for gpt2 is made there"),
]


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """A hub cache that answers to "gpt2"."""
    folder = tmp_path_factory.mktemp("hub")
    subprocess.run([sys.executable, MAKER, folder], check=True, capture_output=True, timeout=SECONDS)
    if not FULL:
        (snapshot,) = folder.glob("hub/models--gpt2/snapshots/*")
        torch.manual_seed(0)
        GPT2LMHeadModel(GPT2Config(n_layer=2)).save_pretrained(snapshot)
    return folder


def class_of(lesson: Path) -> type:
    """The test of one lesson, in a class of its own: xdist's loadscope keeps a class on one worker."""

    class TestLesson:
        def test_runs_on_gpt2(self, cache: Path, tmp_path: Path) -> None:
            settings = {
                "COURSE_CHECKPOINT": "gpt2",
                "COURSE_DATA": str(tmp_path),
                "HF_HOME": str(cache),
                "HF_HUB_OFFLINE": "1",
            }
            with watching() as usage:
                done = run(lesson, cell_seconds=CELL_SECONDS, settings=settings)
            said = "".join(
                output.get("text", "")
                for cell in done.cells
                if cell.cell_type == "code"
                for output in cell.outputs
            )
            assert "is skipped here" in said, "no claim stepped aside: was it the bundled model?"
            assert HELD < usage.peak < BYTES

    TestLesson.__name__ = TestLesson.__qualname__ = f"Test_{lesson.stem}"
    return TestLesson


for _lesson in lessons(repository()):
    globals()[f"Test_{_lesson.stem}"] = class_of(_lesson)
