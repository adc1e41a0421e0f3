"""insight: labels, tokens, and what a forward pass holds, on a tiny GPT-2 with random weights."""

import random
import subprocess
import sys

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model, PreTrainedTokenizerFast

from course_utils import CourseError, insight
from course_utils.insight import byte_alphabet, token_label

TEXTS = [
    "Once upon a time, in a kingdom",
    "很久很久以前，在一個遙遠的王國裡",
    "Tom 說：「你好嗎？」\n",
    "🦫 שלום $x$ <b>&",
]


@pytest.fixture(scope="module")
def tokenizer():
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    core.train_from_iterator(TEXTS[:2] * 20, trainer)
    end = "<|endoftext|>"
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token=end, eos_token=end, unk_token=end)


@pytest.fixture
def config(tokenizer):
    end = tokenizer.eos_token_id
    sizes = {"n_layer": 3, "n_head": 2, "n_embd": 16, "n_positions": 24, "vocab_size": len(tokenizer)}
    return GPT2Config(**sizes, bos_token_id=end, eos_token_id=end)


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    return GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize(
    ("piece", "label"),
    [
        ("王子".encode(), "王子"),
        (b" the", "␣the"),
        (b"a  b", "a␣␣b"),
        (b"\n", "⏎"),
        (b"\xe4\xb8", "⟨E4·B8⟩"),
        (b" \xe4", "␣⟨E4⟩"),
        (b"\xbd\xa0!", "⟨BD·A0⟩!"),
        (b"\t", "⟨U+0009⟩"),
        (b"\x00", "⟨U+0000⟩"),
        ("\u200b", "⟨U+200B⟩"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\u3000", "⟨U+3000⟩"),
        ("\u00a0", "⟨U+00A0⟩"),
        ("\ufe0f", "⟨U+FE0F⟩"),
        ("\u0301", "⟨U+0301⟩"),
        ("e\u0301", "e\u0301"),
        ("\u2028", "⟨U+2028⟩"),
        ("␣", "⟨U+2423⟩"),
        ("⟨E4⟩", "⟨U+27E8⟩E4⟨U+27E9⟩"),
        ("<|endoftext|>", "<|endoftext|>"),
        (b"", ""),
    ],
)
def test_label(piece, label):
    assert token_label(piece) == label


def test_different_bytes_have_different_labels():
    generator = random.Random(0)
    signs = [
        b" ",
        b"\n",
        b"\xe4",
        b"\xb8",
        b"\xad",
        b"a",
        "␣⏎⟨⟩·".encode(),
        b"E4",
        b"\xcc\x81",
        b"U+",
        b"\xff",
    ]
    pieces = {b"".join(generator.choices(signs, k=generator.randint(1, 5))) for _ in range(4000)}
    pieces |= {bytes([byte]) for byte in range(256)}
    assert len({token_label(piece) for piece in pieces}) == len(pieces)


def test_visible_keeps_spaces_and_shows_the_unseen():
    assert insight.visible("a b\n\u202ec\u3000d") == "a b⏎⟨U+202E⟩c\u3000d"


def test_byte_alphabet_is_that_of_the_tokenizers_library():
    assert set(byte_alphabet()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(byte_alphabet().values()) == list(range(256))
    assert byte_alphabet()["Ġ"] == 0x20
    assert byte_alphabet()["Ċ"] == 0x0A


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_join_to_the_text(tokenizer, text):
    found = insight.tokens(tokenizer, text)
    assert b"".join(token.bytes for token in found).decode() == text
    assert [token.id for token in found] == tokenizer(text)["input_ids"]
    assert [token.position for token in found] == list(range(len(found)))
    assert all(token.label == token_label(token.bytes) for token in found)


def test_an_incomplete_character_is_not_whole(tokenizer):
    found = insight.tokens(tokenizer, "🦫")
    assert not any(token.is_whole for token in found)
    assert all(token.is_whole for token in insight.tokens(tokenizer, "Once upon"))


@pytest.mark.parametrize("text", ["", "<|endoftext|>"])
def test_empty_text_is_the_end_of_text_token(tokenizer, text):
    (token,) = insight.tokens(tokenizer, text)
    assert (token.id, token.label, token.is_special) == (tokenizer.eos_token_id, "<|endoftext|>", True)


def test_empty_text_without_an_end_of_text_token(tokenizer):
    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer)
    with pytest.raises(CourseError, match="end-of-text"):
        insight.tokens(bare, "")


def test_a_tokenizer_of_another_kind_is_refused():
    words = Tokenizer(models.WordLevel({"王子": 0, "[UNK]": 1}, unk_token="[UNK]"))
    with pytest.raises(CourseError, match="byte-level"):
        insight.tokens(PreTrainedTokenizerFast(tokenizer_object=words), "王子")


@pytest.mark.parametrize("text", [*TEXTS[:2], ""])
def test_next_tokens_are_the_softmax_of_the_last_logits(model, tokenizer, text):
    found = insight.next_tokens(model, tokenizer, text[:12], k=5)
    ids = tokenizer(text[:12])["input_ids"] or [tokenizer.eos_token_id]
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits[0, -1].softmax(-1)
    torch.testing.assert_close(found.full, expected)
    torch.testing.assert_close(found.probabilities, expected.topk(5).values)
    assert found.ids == tuple(expected.topk(5).indices.tolist())
    assert found.labels[0] == token_label(insight.token_bytes(tokenizer, found.ids[0]))
    assert found.rest == pytest.approx(1 - expected.topk(5).values.sum().item(), abs=1e-6)
    assert found.entropy == pytest.approx(-(expected * expected.log()).sum().item(), abs=1e-5)


def test_equally_probable_tokens_come_in_order_of_id(model, tokenizer):
    torch.nn.init.zeros_(model.transformer.wte.weight)
    found = insight.next_tokens(model, tokenizer, "a", k=4)
    assert found.ids == (0, 1, 2, 3)
    assert found.entropy == pytest.approx(torch.log(torch.tensor(float(len(found.full)))).item())


def test_k_beyond_the_vocabulary_lists_all(model, tokenizer):
    found = insight.next_tokens(model, tokenizer, "a", k=10**6)
    assert len(found.ids) == model.config.vocab_size
    assert found.rest == pytest.approx(0, abs=1e-9)


def test_an_id_beyond_the_tokenizer_has_a_label(model, tokenizer):
    model.resize_token_embeddings(len(tokenizer) + 1)
    found = insight.next_tokens(model, tokenizer, "a", k=len(tokenizer) + 1)
    assert f"⟨#{len(tokenizer)}⟩" in found.labels


def test_attention_is_causal_and_sums_to_one(model, tokenizer):
    found = insight.attention(model, tokenizer, TEXTS[0][:12])
    length = len(found.tokens)
    assert found.weights.shape == (3, 2, length, length)
    torch.testing.assert_close(found.weights.sum(-1), torch.ones(3, 2, length))
    assert not found.weights.triu(1).any()


def test_attention_of_base_and_head_model_agree(model, tokenizer):
    of_head = insight.attention(model, tokenizer, "Once")
    of_base = insight.attention(model.transformer, tokenizer, "Once")
    assert torch.equal(of_head.weights, of_base.weights)


def test_hidden_states_are_the_library_s(model, tokenizer):
    found = insight.hidden_states(model, tokenizer, "Once upon")
    ids = torch.tensor([tokenizer("Once upon")["input_ids"]])
    with torch.no_grad():
        last = model.transformer(ids).last_hidden_state[0]
    assert found.states.shape == (4, ids.shape[1], 16)
    assert torch.equal(found.states[-1], last)
    torch.testing.assert_close(found.norms, found.states.pow(2).sum(-1).sqrt())
    assert not found.states.requires_grad


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("function", [insight.next_tokens, insight.attention, insight.hidden_states])
def test_the_model_is_left_as_it_was(config, tokenizer, function, implementation):
    model = GPT2LMHeadModel(config)
    model.set_attn_implementation(implementation)
    model.train()
    model.transformer.h[0].eval()
    modes = [module.training for module in model.modules()]
    torch.manual_seed(1)
    state = torch.get_rng_state()
    function(model, tokenizer, "Once")
    assert [module.training for module in model.modules()] == modes
    assert model.config._attn_implementation == implementation
    assert model.transformer.config._attn_implementation == implementation
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()


def test_the_model_is_left_as_it_was_when_it_fails(model, tokenizer):
    model.train()
    with pytest.raises(CourseError):
        insight.attention(model, tokenizer, "很" * 40)
    assert model.training
    assert model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("function", [insight.next_tokens, insight.attention, insight.hidden_states])
def test_too_long_a_text_names_the_limit(model, tokenizer, function, capfd):
    with pytest.raises(CourseError, match=r"最多只能讀 24 個.*\n.*at most 24 \(n_positions\)"):
        function(model, tokenizer, "很" * 40)
    assert capfd.readouterr().err == ""


def test_a_text_of_exactly_the_limit_is_taken(model, tokenizer):
    text = "z" * 24
    assert len(insight.tokens(tokenizer, text)) == 24
    assert insight.next_tokens(model, tokenizer, text).ids


def test_a_base_model_has_no_next_token(config, tokenizer):
    with pytest.raises(CourseError, match="GPT2LMHeadModel"):
        insight.next_tokens(GPT2Model(config), tokenizer, "Once")


def test_k_must_be_positive(model, tokenizer):
    with pytest.raises(CourseError, match="at least 1"):
        insight.next_tokens(model, tokenizer, "Once", k=0)


def test_tokenizer_of_another_checkpoint(tokenizer):
    small = GPT2LMHeadModel(
        GPT2Config(n_layer=1, n_head=1, n_embd=4, vocab_size=5, bos_token_id=0, eos_token_id=0)
    )
    with pytest.raises(CourseError, match="same checkpoint"):
        insight.next_tokens(small, tokenizer, "Once upon")


def test_cosine_matrix():
    found = insight.cosine_matrix(torch.tensor([[1.0, 0], [0, 2], [-3, 0], [0, 0]]))
    expected = torch.tensor([[1.0, 0, -1, 0], [0, 1, 0, 0], [-1, 0, 1, 0], [0, 0, 0, 0]])
    torch.testing.assert_close(found, expected)


def test_printed_forms_hold_shapes_not_numbers(model, tokenizer):
    attention = insight.attention(model, tokenizer, "a")
    assert repr(attention) == "Attention(weights [layer 3, head 2, query 1, key 1])"
    states = insight.hidden_states(model, tokenizer, "a")
    assert repr(states) == "HiddenStates(states [entry 4, seq 1, hidden 16])"
    assert repr(insight.next_tokens(model, tokenizer, "a\n", 3)) == (
        f"NextTokens(prompt='a⏎', 3 of {len(tokenizer)} tokens)"
    )


def test_computing_imports_nothing_that_draws():
    code = (
        "import sys; from course_utils.insight import attention, tokens, token_label;"
        "assert not {'matplotlib', 'ipywidgets', 'IPython'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
