"""What only the real GPT-2 can show. Collected only with COURSE_TEST_REAL (see conftest.py), a folder in which
`python -m course_utils prefetch gpt2 --no-wheels --to FOLDER` has put it.

Written without a network and so never yet run on the real weights; on random weights of the same shape, the facts about
names and sizes hold and those about language fail, as they must.
"""

import os
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel, GPT2Model

from course_utils import checkpoint
from course_utils.notebooks.find import lessons
from course_utils.notebooks.run import run
from course_utils.place import repository

PROSE = (
    "The train left the station just before noon. It was raining, and the people on the platform had opened their "
    "umbrellas. An old man looked at his watch, picked up his bag and walked slowly back to the town."
)
CELL_SECONDS = 1200


@pytest.fixture(scope="session")
def folder() -> str:
    (snapshot,) = Path(os.environ["COURSE_TEST_REAL"]).resolve().glob("hub/models--gpt2/snapshots/*")
    return checkpoint(snapshot)


@pytest.fixture(scope="session")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="session")
def lm(folder):
    return GPT2LMHeadModel.from_pretrained(folder)


def loss(model, ids: torch.Tensor) -> float:
    """Nats for each token after the first."""
    with torch.no_grad():
        logits = model(ids).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, ids[0, 1:]).item()


def test_names_and_sizes(tokenizer, lm):
    assert tokenizer("Hello, how are you?").input_ids == [15496, 11, 703, 389, 345, 30]
    assert tokenizer.bos_token_id == tokenizer.eos_token_id == 50256
    assert lm.num_parameters() == 124_439_808
    assert (lm.config.n_layer, lm.config.n_embd, lm.config.n_positions, lm.config.vocab_size) == (
        12,
        768,
        1024,
        50257,
    )


def test_it_knows_english(tokenizer, lm):
    """Plain prose costs a few nats a token; the same tokens in another order cost far more."""
    ids = tokenizer(PROSE, return_tensors="pt").input_ids
    shuffled = ids[:, torch.randperm(ids.shape[1], generator=torch.Generator().manual_seed(0))]
    assert 2 < loss(lm, ids) < 4.5 and loss(lm, shuffled) > loss(lm, ids) + 2


def test_it_has_read_about_the_world(tokenizer, lm):
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    with torch.no_grad():
        p = lm(ids).logits[0, -1].softmax(dim=-1)
    paris, london, banana = (p[tokenizer(f" {word}").input_ids[0]] for word in ("Paris", "London", "banana"))
    assert paris > london > banana


def test_the_snippet_that_everybody_copies_talks_nonsense(folder, tokenizer, lm):
    ids = tokenizer(PROSE, return_tensors="pt").input_ids
    base = GPT2Model.from_pretrained(folder)
    copied = GPT2LMHeadModel(base.config).eval()
    copied.transformer = base
    assert loss(copied, ids) > loss(lm, ids) + 3
    copied.tie_weights()
    assert loss(copied, ids) == pytest.approx(loss(lm, ids), abs=1e-3)


def test_greedy_text_is_the_same_every_time_and_is_english(tokenizer, lm):
    inputs = tokenizer("Once upon a time", return_tensors="pt")
    first, second = (
        lm.generate(**inputs, max_new_tokens=30, do_sample=False, pad_token_id=50256)[0] for _ in range(2)
    )
    words = tokenizer.decode(first).lower().split()
    assert first.tolist() == second.tolist() and {"the", "a", "was", "of", "and"} & set(words[4:])


@pytest.mark.parametrize("lesson", lessons(repository()), ids=lambda path: path.stem[:2])
def test_a_lesson_runs_with_its_claims(lesson: Path, folder: str):
    run(lesson, cell_seconds=CELL_SECONDS, settings={"COURSE_CHECKPOINT": folder})
