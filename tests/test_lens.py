"""The logit lens, by hooks and brute force on small random models; its picture, whose words never overlap."""

import warnings
from itertools import product

import pytest
import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

from course_utils import BUNDLED, insight, show

TEXT = "Once upon a time, 龘"
SIZES = [
    dict(n_layer=1, n_head=1),
    dict(n_layer=2, n_head=2),
    dict(n_layer=3, n_head=4, tie_word_embeddings=False),
]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(BUNDLED)


def small(tokenizer, seed=0, **size):
    """A GPT-2 with random weights, its norms included: a fresh norm cannot tell once from twice."""
    torch.manual_seed(seed)
    size = {"n_embd": 24, "n_layer": 3, "n_head": 2, "n_positions": 200, "initializer_range": 0.3} | size
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **size)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def by_hooks(model, ids):
    """What each entry says, from the raw outputs of the blocks: log-probabilities [entry, seq, vocab]."""
    raw = []
    hooks = [model.transformer.h[0].register_forward_pre_hook(lambda _, given: raw.append(given[0]))]
    hooks += [
        block.register_forward_hook(lambda _, __, out: raw.append(out if torch.is_tensor(out) else out[0]))
        for block in model.transformer.h
    ]
    with torch.no_grad():
        model(ids)
        said = [model.lm_head(model.transformer.ln_f(state))[0].double().log_softmax(-1) for state in raw]
    for hook in hooks:
        hook.remove()
    return torch.stack(said)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", SIZES)
def test_each_entry_goes_once_through_the_final_norm(tokenizer, size, seed):
    model = small(tokenizer, seed, **size)
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    lens, said = insight.logit_lens(model, tokenizer, TEXT), by_hooks(model, ids)
    assert lens.ids.shape == lens.probabilities.shape == lens.divergence.shape == said.shape[:2]
    torch.testing.assert_close(
        said.gather(-1, lens.ids[..., None])[..., 0], said.max(-1).values, rtol=1e-4, atol=1e-4
    )
    torch.testing.assert_close(lens.probabilities, said.max(-1).values.exp().float(), rtol=1e-3, atol=1e-5)
    divergence = (said[-1].exp() * (said[-1] - said)).sum(-1).float()
    torch.testing.assert_close(lens.divergence, divergence, rtol=1e-3, atol=1e-4)
    assert (lens.divergence >= 0).all() and (lens.divergence[-1] == 0).all()
    assert (lens.divergence[0] > 0.1).all()


def test_the_last_entry_is_the_model_itself(tokenizer):
    model = small(tokenizer)
    lens, guess = insight.logit_lens(model, tokenizer, TEXT), insight.next_tokens(model, tokenizer, TEXT)
    assert lens.labels[-1][-1] == guess.labels[0] and lens.ids[-1, -1] == guess.ids[0]
    torch.testing.assert_close(lens.probabilities[-1, -1], guess.probabilities[0])
    assert [len(row) for row in lens.labels] == [len(lens.tokens)] * 4


def test_an_empty_text_is_the_end_of_text_token(tokenizer):
    lens = insight.logit_lens(small(tokenizer), tokenizer, "")
    assert lens.ids.shape == (4, 1) and show.logit_lens(lens)._repr_png_()


def test_the_rows_stand_on_their_heads(tokenizer):
    lens = insight.logit_lens(small(tokenizer), tokenizer, TEXT)
    axes = show.logit_lens(lens).axes[0]
    rows = [tick.get_text() for tick in axes.get_yticklabels()]
    assert rows == ["h[2] = 模型 model", "h[1]", "h[0]", "嵌入 embeddings"]
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    for entry, column in product(range(4), range(len(lens.tokens))):
        whole, kept = lens.labels[entry][column], shown[column, 3 - entry]
        assert kept == whole or whole.startswith(kept.removesuffix("…")) or "⟨" in kept


@pytest.mark.parametrize(
    "length, named", [(1, True), (13, True), (18, True), (26, True), (34, False), (164, False)]
)
def test_words_stay_in_their_cells_and_go_where_there_is_no_room(tokenizer, length, named):
    ids = tokenizer("Once upon a time, in a quiet town, there lived a brave fox. " * 20).input_ids[:length]
    text = tokenizer.decode(ids)
    lens = insight.logit_lens(small(tokenizer), tokenizer, text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = show.logit_lens(lens)
        assert len(picture._repr_png_()) < 60_000
    axes = picture.axes[0]
    assert len(axes.texts) == (lens.ids.numel() if named else 0)
    cell = axes.get_window_extent().width / len(lens.tokens)
    assert all(text.get_window_extent().width < 1.25 * cell for text in axes.texts)
    assert picture.get_size_inches()[0] * 110 <= 1250
