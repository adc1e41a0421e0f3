"""The bundled model takes any prompt: it answers, and its tokenizer gives every text back; what is too long is named."""

from random import Random

import pytest
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

from course_utils import BUNDLED, CourseError, insight

PROMPTS = {
    "story": "Once upon a time",
    "故事": "很久很久以前",
    "poem": "《春夜》\n",
    "space": " ",
    "newlines": "\n\n\n",
    "emoji": "😀🏽‍🚀👨‍👩‍👧",
    "control": "\x00\x07\x1b[31m\x7f",
    "right to left": "שלום \u202eabc\u202c",
    "zero width": "a\u200b\u200d\ufeffb",
    "combining": "e\u0301\u0323",
    "rare": "龘𡏖□",
    "private": "\ue000\U0010ffff",
    "markup": "<script>alert(1)</script>&amp;",
    "end of text": "<|endoftext|>",
    "mixed": "GPT-2 是 2019 年的模型。\tWas it?",
}


@pytest.fixture(scope="module")
def bundled():
    return GPT2LMHeadModel.from_pretrained(BUNDLED).eval(), AutoTokenizer.from_pretrained(BUNDLED)


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_it_goes_on_from_any_prompt(bundled, prompt):
    model, tokenizer = bundled
    inputs = tokenizer(prompt, return_tensors="pt")
    assert tokenizer.decode(inputs.input_ids[0]) == prompt
    output = model.generate(**inputs, max_new_tokens=12, do_sample=False, pad_token_id=tokenizer.eos_token_id)
    assert tokenizer.decode(output[0]).startswith(prompt)
    guess = insight.next_tokens(model, tokenizer, prompt)
    assert torch.isfinite(guess.full).all() and abs(guess.full.sum().item() - 1) < 1e-4


def test_an_empty_prompt_begins_at_the_end_of_text_token(bundled):
    model, tokenizer = bundled
    guess = insight.next_tokens(model, tokenizer, "")
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[tokenizer.eos_token_id]])).logits[0, -1]
    torch.testing.assert_close(guess.full, logits.softmax(-1))
    begun = {label.strip() for label in guess.labels[:5]}
    assert begun & {"Once", "Long", "Many", "There", "One", "很", "從", "許", "《"}, begun


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "很久" * 5_000, "Once upon a time. " * 555], ids=["a", "很久", "Once"]
)
def test_ten_thousand_characters_are_refused_with_the_limit(bundled, text):
    model, tokenizer = bundled
    assert tokenizer.decode(tokenizer(text).input_ids) == text
    assert len(tokenizer(text).input_ids) > model.config.n_positions
    with pytest.raises(CourseError, match="512"):
        insight.next_tokens(model, tokenizer, text)


def test_the_tokenizer_gives_any_unicode_back(bundled):
    _, tokenizer = bundled
    rng = Random(0)
    for _ in range(300):
        points = [rng.randrange(0x110000) for _ in range(rng.randrange(1, 40))]
        text = "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)
        assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_a_lone_surrogate_is_named(bundled):
    model, tokenizer = bundled
    for act in (insight.tokens, lambda tok, text: insight.next_tokens(model, tok, text)):
        with pytest.raises(CourseError):
            act(tokenizer, "half an emoji: \ud83d")
