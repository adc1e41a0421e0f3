"""insight.decoding: traces have the tokens of `generate` and its numbers; beams; the cache. And how they are drawn."""

import random

import pytest
import torch
from tiny import build
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model, LogitsProcessor

from course_utils import CourseError, insight, show

PROMPT = "Once upon"


@pytest.fixture(scope="module")
def model():
    return build(scale=20)


def generated(model, tokenizer, prompt=PROMPT, **options):
    inputs = tokenizer(prompt, return_tensors="pt")
    return model.generate(
        **inputs,
        pad_token_id=256,
        return_dict_in_generate=True,
        output_scores=True,
        output_logits=True,
        **options,
    )


SETTINGS = [
    {"do_sample": False},
    {"do_sample": True},
    {"do_sample": True, "top_k": 0},
    {"do_sample": True, "top_k": 0, "top_p": 0.7},
    {"do_sample": True, "top_k": 0, "min_p": 0.1, "temperature": 1.7},
    {"do_sample": False, "repetition_penalty": 1.6},
    {"do_sample": True, "top_k": 1},
    {"do_sample": False, "use_cache": False},
]


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_a_trace_has_the_tokens_and_the_numbers_of_generate(model, tokenizer, options):
    torch.manual_seed(3)
    expected = generated(model, tokenizer, max_new_tokens=12, **options)
    torch.manual_seed(3)
    found = insight.trace(model, tokenizer, PROMPT, k=4, max_new_tokens=12, **options)
    new = expected.sequences[0, len(PROMPT) :]
    assert found.ids == tuple(new.tolist())
    assert found.text == tokenizer.decode(new)
    raw = model.compute_transition_scores(expected.sequences, expected.logits, normalize_logits=True)[0]
    torch.testing.assert_close(found.log_probabilities, raw)
    torch.testing.assert_close(found.cumulative, raw.double().cumsum(0), rtol=1e-4, atol=1e-4)
    drawn = model.compute_transition_scores(expected.sequences, expected.scores, normalize_logits=True)[0]
    if options["do_sample"]:
        torch.testing.assert_close(found.chances, drawn.exp())
        assert found.kept.tolist() == [int(score.isfinite().sum()) for score in expected.scores]
    else:
        assert found.chances.tolist() == [1.0] * len(new)
        assert found.kept.tolist() == [1] * len(new)


def test_candidates_are_the_most_probable_tokens(model, tokenizer):
    torch.manual_seed(0)
    found = insight.trace(model, tokenizer, PROMPT, k=6, max_new_tokens=7, do_sample=True, top_k=3)
    steps = len(found.ids)
    assert found.candidates.shape == found.candidate_ids.shape == found.candidate_chances.shape == (steps, 6)
    text = PROMPT.encode()
    for step, chosen in enumerate(found.ids):
        ids = torch.tensor([tokenizer(PROMPT)["input_ids"] + list(found.ids[:step])])
        with torch.no_grad():
            expected = model(ids).logits[0, -1].softmax(-1).topk(6)
        torch.testing.assert_close(found.candidates[step], expected.values)
        assert (found.candidate_chances[step] > 0).tolist() == [True] * 3 + [False] * 3
        assert found.candidate_chances[step].sum().item() == pytest.approx(1)
        assert found.labels[step] in found.candidate_labels[step][:3]
        text += insight.token_bytes(tokenizer, chosen)
    assert found.labels[0] == insight.token_label(insight.token_bytes(tokenizer, found.ids[0]))


def test_a_trace_ends_with_the_end_token(model, tokenizer):
    greedy = insight.trace(model, tokenizer, PROMPT, max_new_tokens=10, do_sample=False)
    end = greedy.ids[3]
    found = insight.trace(model, tokenizer, PROMPT, max_new_tokens=10, do_sample=False, eos_token_id=end)
    assert found.ids == greedy.ids[: greedy.ids.index(end) + 1]
    assert len(found.candidates) == len(found.ids)


def test_k_beyond_the_vocabulary_lists_all(model, tokenizer):
    found = insight.trace(model, tokenizer, PROMPT, k=10**4, max_new_tokens=2, do_sample=False)
    assert found.candidates.shape == (2, 257)
    torch.testing.assert_close(found.candidates.sum(-1), torch.ones(2))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("num_beams", [2, 3, 5])
def test_a_beam_trace_has_the_results_of_generate(tokenizer, seed, num_beams):
    model = build(seed, scale=random.Random(seed).choice([1, 10, 30]))
    options = {"max_new_tokens": 7, "length_penalty": 0.5} if seed % 2 else {"max_new_tokens": 9}
    end = insight.trace(model, tokenizer, PROMPT, max_new_tokens=3, do_sample=False).ids[-1]
    options["eos_token_id"] = [256, end] if seed % 3 == 0 else end  # so that beams end before the limit
    expected = generated(
        model, tokenizer, num_beams=num_beams, num_return_sequences=num_beams, do_sample=False, **options
    )
    found = insight.beams(model, tokenizer, PROMPT, num_beams, **options)
    assert [result.score for result in found.results] == expected.sequences_scores.tolist()
    for result, row in zip(found.results, expected.sequences[:, len(PROMPT) :].tolist(), strict=True):
        assert list(result.ids) == row[: len(result.ids)]
        assert set(row[len(result.ids) :]) <= {256}
        assert tuple(found.nodes[at].id for at in result.path) == result.ids
        assert result.total == pytest.approx(
            sum(found.nodes[at].log_probability for at in result.path), abs=1e-4
        )
        assert result.score == pytest.approx(
            result.total / len(result.ids) ** options.get("length_penalty", 1.0), abs=1e-4
        )
        assert found.nodes[result.path[-1]].fate == "ended"


@pytest.mark.parametrize("seed", range(3))
def test_nodes_form_a_tree_in_order(tokenizer, seed):
    found = insight.beams(build(seed, scale=20), tokenizer, PROMPT, num_beams=3, max_new_tokens=6)
    for node in found.nodes:
        assert (node.parent is None) == (node.step == 0)
        if node.parent is not None:
            parent = found.nodes[node.parent]
            assert (parent.step, parent.fate) == (node.step - 1, "kept")
            assert node.total == pytest.approx(parent.total + node.log_probability, abs=1e-4)
    for step in range(found.steps):
        totals = [node.total for node in found.nodes if node.step == step]
        assert totals == sorted(totals, reverse=True)
        kept = [node for node in found.nodes if node.step == step and node.fate == "kept"]
        assert len(kept) == (3 if step < found.steps - 1 else 0)


def test_the_best_candidate_of_the_first_step_is_the_greedy_one(model, tokenizer):
    found = insight.beams(model, tokenizer, PROMPT, num_beams=2, max_new_tokens=2)
    greedy = insight.trace(model, tokenizer, PROMPT, max_new_tokens=1, do_sample=False)
    assert found.nodes[0].id == greedy.ids[0]
    assert found.nodes[0].total == pytest.approx(greedy.cumulative[0].item(), abs=1e-5)


def test_beams_keep_the_processors_given(model, tokenizer):
    class NoE(LogitsProcessor):
        def __call__(self, input_ids, scores):
            scores = scores.clone()
            scores[:, tokenizer("e")["input_ids"][0]] = -torch.inf
            return scores

    with_rule = insight.beams(model, tokenizer, PROMPT, max_new_tokens=4, logits_processor=[NoE()])
    assert "e" not in {node.label for node in with_rule.nodes}


def test_more_beams_than_tokens(tokenizer):
    small = GPT2LMHeadModel(
        GPT2Config(
            n_layer=1, n_head=1, n_embd=4, n_positions=40, vocab_size=257, bos_token_id=256, eos_token_id=256
        )
    ).eval()
    found = insight.beams(small, tokenizer, "a", num_beams=40, max_new_tokens=2)
    assert len(found.results) == 40


@pytest.mark.parametrize("lengths", [None, [1, 5, 47]])
def test_cache_growth_counts_the_bytes(model, lengths):
    found = insight.cache_growth(model, lengths, repeats=1)
    assert found.lengths.tolist() == (lengths or [16, 32])
    assert found.bytes.tolist() == [2 * 2 * 16 * 4 * length for length in found.lengths.tolist()]
    assert found.with_cache.dtype == found.without_cache.dtype == torch.float64
    assert (found.with_cache > 0).all() and (found.without_cache > 0).all()
    torch.testing.assert_close(found.gain, found.without_cache / found.with_cache)


CALLS = {
    "trace": lambda model, tokenizer: insight.trace(
        model, tokenizer, PROMPT, max_new_tokens=3, do_sample=False
    ),
    "beams": lambda model, tokenizer: insight.beams(model, tokenizer, PROMPT, max_new_tokens=3),
    "cache": lambda model, tokenizer: insight.cache_growth(model, [4], repeats=1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_model_is_left_as_it_was(tokenizer, call):
    model = build()
    model.train()
    model.transformer.h[0].eval()
    modes = [module.training for module in model.modules()]
    settings = model.generation_config.to_dict()
    torch.manual_seed(1)
    state = torch.get_rng_state()
    call(model, tokenizer)
    assert [module.training for module in model.modules()] == modes
    assert model.generation_config.to_dict() == settings
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("call", [insight.trace, insight.beams])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_length": 50}, "max_length"),
        ({"num_return_sequences": 2}, "num_return_sequences"),
        ({"max_new_tokens": 40}, "from 1 to 39"),
        ({"max_new_tokens": 0}, "from 1 to 39"),
    ],
)
def test_options_that_do_not_belong(model, tokenizer, call, options, said):
    with pytest.raises(CourseError, match=said):
        call(model, tokenizer, PROMPT, **options)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda model, tokenizer: insight.trace(model, tokenizer, PROMPT, k=0), "at least 1"),
        (lambda model, tokenizer: insight.trace(model, tokenizer, PROMPT, num_beams=3), "insight.beams"),
        (lambda model, tokenizer: insight.trace(model.transformer, tokenizer, PROMPT), "GPT2LMHeadModel"),
        (
            lambda model, tokenizer: insight.beams(GPT2Model(model.config), tokenizer, PROMPT),
            "GPT2LMHeadModel",
        ),
        (lambda model, tokenizer: insight.beams(model, tokenizer, PROMPT, num_beams=1), "insight.trace"),
        (lambda model, tokenizer: insight.beams(model, tokenizer, PROMPT, do_sample=True), "insight.trace"),
        (lambda model, tokenizer: insight.trace(model, tokenizer, "z" * 60), "n_positions"),
        (lambda model, tokenizer: insight.cache_growth(model, [48]), "1 to 47"),
        (lambda model, tokenizer: insight.cache_growth(model, []), "1 to 47"),
        (lambda model, tokenizer: insight.cache_growth(model, [4], repeats=0), "1 to 47"),
    ],
)
def test_bad_input_names_the_remedy(model, tokenizer, call, said):
    with pytest.raises(CourseError, match=said):
        call(model, tokenizer)


def test_no_warning_reaches_the_reader(model, tokenizer, capfd, recwarn):
    for call in CALLS.values():
        call(model, tokenizer)
    assert capfd.readouterr().err == ""
    assert not recwarn.list


def test_printed_forms_hold_shapes_not_numbers(model, tokenizer):
    printed = [repr(call(model, tokenizer)) for call in CALLS.values()]
    assert printed == [
        "Trace(prompt='Once upon', candidates [step 3, candidate 5])",
        "BeamTrace(3 beams, 3 steps, 18 candidates)",
        "CacheGrowth(1 lengths from 4 to 4 tokens)",
    ]


def test_the_table_of_a_trace(model, tokenizer):
    found = insight.trace(model, tokenizer, PROMPT, k=2, max_new_tokens=3, do_sample=False)
    table = show.trace(found)
    assert len(table.rows) == 3
    assert [row[1] for row in table.rows] == list(found.labels)
    assert [row[3] for row in table.rows] == ["1"] * 3
    assert table.rows[2][5] == f"{found.cumulative[2].item():.2f}"
    assert all(label in row[6] for row, label in zip(table.rows, found.labels, strict=True))


@pytest.mark.parametrize("size", [(2, 1), (3, 6), (5, 12)])
def test_the_tree_of_a_search(model, tokenizer, size, recwarn):
    found = insight.beams(model, tokenizer, "很久 $x$\n", *size)
    picture = show.beams(found)
    texts = [text.get_text() for text in picture.axes[0].texts]
    assert len(texts) == 2 * len(found.nodes) + 1
    assert f"{found.nodes[0].total:.2f}" in texts
    assert "束搜尋" in picture.alt and "beams" in picture.alt
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert not recwarn.list


def test_the_curves_of_the_cache(model, recwarn):
    found = insight.cache_growth(model, [4, 16, 40], repeats=1)
    picture = show.cache_growth(found)
    time, size = picture.axes
    without, with_cache = (line.get_ydata() for line in time.lines)
    assert list(without) == pytest.approx([1e3 * value for value in found.without_cache.tolist()])
    assert list(with_cache) == pytest.approx([1e3 * value for value in found.with_cache.tolist()])
    assert list(size.lines[0].get_ydata()) == pytest.approx([value / 2**20 for value in found.bytes.tolist()])
    assert any(f"{found.gain[-1]:.1f}×" in text.get_text() for text in time.texts)
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert not recwarn.list
