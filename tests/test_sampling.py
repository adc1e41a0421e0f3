"""Sampling settings, step by step and in `generate`; samples that are watched, stopped and given again by their call."""

import random

import pytest
import torch
from tiny import build
from transformers import GPT2Model

from course_utils import CourseError, insight, show
from course_utils.insight import Sampling

PROMPT = "Once upon"


@pytest.fixture(scope="module")
def model():
    return build(scale=20)


def drawn(seed):
    """Settings drawn at random, each of them off now and then."""
    dice = random.Random(seed)

    def perhaps(value, off):
        return value if dice.random() < 0.6 else off

    return Sampling(
        repetition_penalty=perhaps(dice.uniform(0.5, 2), 1.0),
        temperature=perhaps(dice.uniform(0.2, 3), 1.0),
        top_k=perhaps(dice.randrange(1, 300), 0),
        top_p=perhaps(dice.uniform(0.1, 0.99), 1.0),
        min_p=perhaps(dice.uniform(0.01, 0.5), 0.0),
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_last_stage_is_what_generate_draws_from(model, tokenizer, seed):
    sampling = drawn(seed)
    filtered = insight.filters(model, tokenizer, PROMPT, sampling)
    output = model.generate(
        **tokenizer(PROMPT, return_tensors="pt"),
        max_new_tokens=1,
        pad_token_id=256,
        return_dict_in_generate=True,
        output_scores=True,
        output_logits=True,
        **sampling.options(),
    )
    torch.testing.assert_close(
        filtered.probabilities[0], output.logits[0][0].softmax(-1), rtol=1e-4, atol=1e-7
    )
    torch.testing.assert_close(
        filtered.probabilities[-1], output.scores[0][0].softmax(-1), rtol=1e-4, atol=1e-7
    )
    assert filtered.kept[-1] == output.scores[0][0].isfinite().sum()


def test_a_stage_for_each_setting_in_use_in_the_order_of_the_library(model, tokenizer):
    neutral = insight.filters(model, tokenizer, PROMPT, Sampling())
    assert neutral.stages == ("model",) and neutral.kept.tolist() == [257]
    every = insight.filters(model, tokenizer, PROMPT, Sampling(1.2, 0.7, 20, 0.9, 0.01), k=5)
    assert every.stages == ("model", "repetition_penalty", "temperature", "top_k", "top_p", "min_p")
    assert every.kept[3] == 20 and every.kept[5] <= every.kept[4] <= 20
    assert len(every.ids) == len(every.labels) == 5
    assert torch.allclose(every.probabilities.sum(-1), torch.ones(6))


def test_the_ids_are_those_that_matter_at_some_stage(model, tokenizer):
    filtered = insight.filters(model, tokenizer, PROMPT, Sampling(temperature=3.0), k=257)
    best = filtered.probabilities.amax(dim=0)[list(filtered.ids)]
    assert (best.diff() <= 0).all() and sorted(filtered.ids) == list(range(257))


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.0},
        {"temperature": float("nan")},
        {"top_k": -1},
        {"top_k": 1.5},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"min_p": -0.1},
        {"min_p": 2},
        {"repetition_penalty": 0.0},
    ],
)
def test_settings_that_generate_would_refuse_are_refused(wrong):
    with pytest.raises(CourseError, match=next(iter(wrong))):
        Sampling(**wrong)


def test_a_model_without_a_head_and_a_text_too_long(model, tokenizer):
    with pytest.raises(CourseError, match="LM head"):
        insight.filters(GPT2Model(model.config), tokenizer, PROMPT, Sampling())
    with pytest.raises(CourseError, match="48"):
        insight.filters(model, tokenizer, "a" * 49, Sampling())


def test_ids_serve_as_well_as_text(model, tokenizer):
    ids = tokenizer(PROMPT).input_ids
    by_text, by_ids = (insight.next_tokens(model, tokenizer, one) for one in (PROMPT, ids))
    assert by_ids.prompt == PROMPT and torch.equal(by_text.full, by_ids.full)
    assert insight.tokens(tokenizer, ids) == insight.tokens(tokenizer, PROMPT)
    assert [token.id for token in insight.tokens(tokenizer, [])] == [256]
    for wrong in ([-1], [1.5], ["a"], {1, 2}, None):
        with pytest.raises(CourseError, match="token ids"):
            insight.tokens(tokenizer, wrong)
    with pytest.raises(CourseError, match="vocabulary"):
        insight.next_tokens(model, tokenizer, [300])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("prompt", [PROMPT, "", "很久", 'a "quoted" \\ \n line'])
def test_the_call_gives_the_same_texts_again(model, tokenizer, capsys, prompt, seed):
    found = insight.sample(
        model, tokenizer, prompt, drawn(seed), seed=seed, samples=1 + seed % 4, max_new_tokens=9
    )
    names = {"torch": torch, "tokenizer": tokenizer, "lm": model}
    exec(found.call, names)
    start = max(1, len(tokenizer(prompt).input_ids))
    again = [row[start:].tolist() for row in names["output"]]
    texts = [tokenizer.decode(row[: row.index(256)] if 256 in row else row) for row in again]
    assert tuple(texts) == found.texts and len(found.texts) == 1 + seed % 4
    assert found.steps == names["output"].shape[1] - start


@pytest.mark.parametrize("steps", [1, 4])
def test_stopped_from_outside_the_call_gives_what_was_written(model, tokenizer, capsys, steps):
    seen = []

    def watch(so_far):
        seen.append(so_far)
        return len(seen) < steps

    found = insight.sample(
        model, tokenizer, PROMPT, Sampling(), seed=5, samples=2, max_new_tokens=30, watch=watch
    )
    assert found.steps == steps and [one.steps for one in seen] == list(range(1, steps + 1))
    names = {"torch": torch, "tokenizer": tokenizer, "lm": model}
    exec(found.call, names)
    assert names["output"].shape == (2, 9 + steps)
    whole = insight.sample(model, tokenizer, PROMPT, Sampling(), seed=5, samples=2, max_new_tokens=30)
    assert all(long.startswith(short.rstrip("\ufffd")) for long, short in zip(whole.texts, found.texts))


def test_sampling_leaves_the_model_and_the_random_state_alone(model, tokenizer):
    model.train()
    torch.manual_seed(1)
    wanted = torch.rand(1)
    torch.manual_seed(1)
    insight.sample(model, tokenizer, PROMPT, Sampling(), max_new_tokens=3)
    assert torch.equal(torch.rand(1), wanted) and model.training
    model.eval()


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": 0},
        {"samples": 5},
        {"samples": 1.0},
        {"seed": -1},
        {"seed": 2**31},
        {"max_new_tokens": 40},
        {"max_new_tokens": 0},
    ],
)
def test_numbers_out_of_range_are_refused(model, tokenizer, wrong):
    with pytest.raises(CourseError, match=next(iter(wrong))):
        insight.sample(model, tokenizer, PROMPT, Sampling(), **wrong)


def test_the_picture_has_a_column_for_each_stage(model, tokenizer):
    filtered = insight.filters(model, tokenizer, PROMPT, Sampling(temperature=0.5, top_k=3))
    picture = show.filters(filtered)
    assert [axes.get_title().split("\n") for axes in picture.axes] == [
        ["model", "257 tokens"],
        ["temperature", "257 tokens"],
        ["top_k", "3 tokens"],
    ]
    assert "temperature" in picture.alt
    widths = [bar.get_width() for bar in picture.axes[2].patches]
    assert sum(widths) == pytest.approx(1, abs=1e-5)
