"""The recipe of the bundled model, run small: batches, optimiser, a run that stops and goes on, the installed folder."""

import hashlib
import json
import math
from dataclasses import replace
from itertools import cycle
from random import Random

import pytest
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

from course_utils import BUNDLED
from course_utils.training.bundled import tokenizer, train
from course_utils.training.bundled.__main__ import main
from course_utils.training.bundled.batches import SHAPES, Batches
from course_utils.training.bundled.muon import Muon, orthogonal
from course_utils.training.finetune import IGNORE
from course_utils.world import sample

SMALL = train.Recipe(n_embd=16, n_layer=1, n_head=2, steps=4, warmup=1)
POEMS = ["《春夜》\n春風吹落花，明月照山河。\n秋雨滴空階，寒燈對故人。"] * 4


@pytest.fixture(scope="module")
def small_vocabulary():
    """Build the tokenizer from fewer stories: the recipe's own number takes a while."""
    original = train.build_tokenizer
    train.build_tokenizer = lambda texts, seed: tokenizer.train(
        [*texts, *(sample(language, Random(i)).text for language in ("en", "zh") for i in range(400))],
        vocabulary=2500,
    )
    yield
    train.build_tokenizer = original


def test_tokenizer_gives_every_text_back():
    tok = AutoTokenizer.from_pretrained(BUNDLED)
    texts = [
        "",
        " ",
        "Hello, how are you?",
        "你好，很久不見。",
        "don't  stop\n\n now ",
        "😀🏽‍🚀 \u200b\u202e\x00\x07",
        "é\u0301",
        "龘𡏖□",
        "  混 mixed 12,345.6 文字…「」",
        "a" * 10_000,
    ]
    for text in texts:
        assert tok.decode(tok(text).input_ids) == text


def test_every_word_of_the_stories_is_one_token():
    tok = AutoTokenizer.from_pretrained(BUNDLED)
    for language in ("en", "zh"):
        for seed in range(40):
            text = sample(language, Random(seed)).text
            pieces = tok.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)
            assert len(tok(text).input_ids) == len(pieces)


def test_orthogonal_has_singular_values_near_one():
    generator = torch.Generator().manual_seed(0)
    for shape in ((12, 40), (40, 12)):
        result = orthogonal(torch.randn(shape, generator=generator))
        assert result.shape == shape
        values = torch.linalg.svdvals(result)
        assert 0.6 < values.min() and values.max() < 1.3


def test_muon_descends():
    weight = torch.nn.Parameter(torch.eye(6) * 3)
    optimizer = Muon([weight], lr=0.05)
    losses = []
    for _ in range(60):
        loss = weight.square().sum()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.3 * losses[0]


def test_batches_have_fixed_shapes_and_start_at_a_story():
    streams = {
        "en": cycle([[5] * 170, [6] * 240]),
        "zh": cycle([[7] * 200, [8] * 400]),
        "verse": cycle([[9] * 40]),
    }
    batches = Batches(streams, end=0, rng=Random(0))
    for kind in ("en", "zh", "verse", "packed") * 3:
        ids, labels = batches.draw({kind: 1.0})
        rows, width = ids.shape
        assert SHAPES[width] == rows and labels.shape == ids.shape
        assert ((labels == ids) | (labels == IGNORE)).all()
        if kind in ("en", "zh"):
            for row, target in zip(ids, labels):
                body = row[target != IGNORE]
                assert body[-1] == 0 and len(set(body[1:-1].tolist())) == 1  # one story, then the end
        else:
            assert (labels != IGNORE).all()


def test_documents_that_never_fit_are_an_error_not_a_hang():
    batches = Batches({"en": cycle([[5] * 400])}, end=0, rng=Random(0))
    with pytest.raises(ValueError, match="wider"):
        batches.draw({"en": 1.0})


def test_the_loss_curve_is_drawn_from_the_log(tmp_path):
    losses = [5 / (step + 1) for step in range(80)]
    (tmp_path / "log.json").write_text(
        json.dumps({"loss": [[step, step * 1.5, loss] for step, loss in enumerate(losses)]})
    )
    assert main(["curve", "--log", str(tmp_path / "log.json"), str(tmp_path / "loss.png")]) == 0
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_shares_and_rate():
    recipe = train.Recipe()
    for progress in (0.0, 0.1, 0.3, 0.5, 0.7, 0.99):
        assert math.isclose(sum(recipe.shares(progress).values()), 1.0)
    rates = [recipe.rate(step, step / 2000) for step in range(2000)]
    assert (
        max(rates) <= recipe.learning_rate
        and rates[0] < rates[60]
        and rates[-1] < 0.01 * recipe.learning_rate
    )


def test_a_run_stops_and_goes_on(tmp_path, small_vocabulary):
    run = train.Run(SMALL, tmp_path, POEMS, minutes=None)
    run.train(compiled=False)
    assert run.step == 4
    again = train.Run(replace(SMALL, steps=6), tmp_path, POEMS, minutes=None)
    assert again.step == 4 and again.log == run.log
    assert all(
        torch.equal(a, b) for a, b in zip(run.model.state_dict().values(), again.model.state_dict().values())
    )
    again.train(compiled=False)
    log = json.loads((tmp_path / "log.json").read_text())
    assert [entry[0] for entry in log["loss"]] == [1, 2, 3, 4, 5, 6]
    assert log["changes"][0]["step"] == 4
    with pytest.raises(SystemExit, match="another model"):
        train.Run(replace(SMALL, n_layer=2), tmp_path, POEMS, minutes=None)


def test_a_time_budget_ends_the_run(tmp_path, small_vocabulary):
    run = train.Run(replace(SMALL, steps=10_000), tmp_path, POEMS, minutes=0.02)
    run.train(compiled=False)
    assert run.step < 10_000 and run.progress == 1


def test_install_writes_a_folder_that_plain_classes_load(tmp_path, small_vocabulary):
    train.Run(SMALL, tmp_path / "work", POEMS, minutes=None).train(compiled=False)
    train.install(tmp_path / "work", tmp_path / "model")
    model = GPT2LMHeadModel.from_pretrained(tmp_path / "model")
    assert model.lm_head.weight is model.transformer.wte.weight
    tok = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert (
        tok("春夜").input_ids == AutoTokenizer.from_pretrained(tmp_path / "work" / "model")("春夜").input_ids
    )
    for line in (tmp_path / "model" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert digest == hashlib.sha256((tmp_path / "model" / name).read_bytes()).hexdigest()


def test_bundled_model_is_within_its_limits():
    model = GPT2LMHeadModel.from_pretrained(BUNDLED)
    assert sum(p.numel() for p in model.parameters()) <= 7_500_000
    assert model.config.n_positions == 512
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) <= 32 * 2**20
    assert model.dtype == torch.float32
