"""The likelihood of a text, against the library, on small random models; what the logit lens shares with it."""

import math

import pytest
import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel, GPT2Model

from course_utils import BUNDLED, CourseError, insight, show

TEXTS = ["Once upon a time", "很久很久以前，龘", "a b", "Hello, how are you? 🦊"]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(BUNDLED)


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=24, n_layer=3, n_head=2, n_positions=40, initializer_range=0.3
    )
    made = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made


@pytest.mark.parametrize("text", TEXTS)
def test_the_likelihood_is_the_library_s_loss(model, tokenizer, text):
    found = insight.likelihood(model, tokenizer, text)
    ids = tokenizer(text, return_tensors="pt").input_ids
    with torch.no_grad():
        loss = model.eval()(input_ids=ids, labels=ids).loss.item()
    assert found.loss == pytest.approx(loss, rel=1e-5)
    assert found.nats == pytest.approx(loss * (ids.shape[1] - 1), rel=1e-5)
    assert found.perplexity == pytest.approx(math.exp(loss), rel=1e-4)
    assert len(found.tokens) == ids.shape[1] == len(found.log_probabilities) + 1


def test_bits_per_byte_count_the_bytes_of_what_was_predicted(model, tokenizer):
    found = insight.likelihood(model, tokenizer, "很久很久以前")
    assert found.bits_per_byte == pytest.approx(found.nats / math.log(2) / 15)


def test_a_single_token_has_no_figures(model, tokenizer):
    found = insight.likelihood(model, tokenizer, "")
    assert len(found.tokens) == 1 and len(found.log_probabilities) == 0
    assert math.isnan(found.loss) and math.isnan(found.bits_per_byte)


@pytest.mark.parametrize("function", [insight.likelihood, insight.logit_lens])
def test_models_and_texts_that_do_not_serve_are_refused(model, tokenizer, function):
    with pytest.raises(CourseError, match="LM head"):
        function(GPT2Model(model.config), tokenizer, "a b")
    with pytest.raises(CourseError, match="40"):
        function(model, tokenizer, "a " * 60)


@pytest.mark.parametrize("function", [insight.likelihood, insight.logit_lens])
def test_the_model_is_left_as_it_was(model, tokenizer, function):
    model.train()
    model.transformer.h[1].eval()
    function(model, tokenizer, "Once upon a time")
    assert model.training and not model.transformer.h[1].training
    assert all(parameter.grad is None for parameter in model.parameters())
    model.eval()


def test_pictures_name_every_token(model, tokenizer):
    text = "Once upon a time"
    bars = show.likelihood(insight.likelihood(model, tokenizer, text))
    assert [tick.get_text() for tick in bars.axes[0].get_xticklabels()] == ["␣upon", "␣a", "␣time"]
    assert bars._repr_png_()


def test_a_single_token_is_not_drawn(model, tokenizer):
    with pytest.raises(CourseError, match="一個 token"):
        show.likelihood(insight.likelihood(model, tokenizer, ""))
