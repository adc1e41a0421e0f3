"""GPT-2 from scratch against the library: any size, any of its files, padding, cache, where it starts and how it learns;
and lesson 07 against the module."""

import ast
import dataclasses
import json
import math
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import build
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model
from transformers.activations import ACT2FN

from course_utils import CourseError, gpt2

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "07_from_scratch.ipynb"


def off(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def drawn(seed, **fixed):
    """A model of a size drawn at random."""
    dice = random.Random(seed)
    heads = dice.choice([1, 2, 3, 4])
    sizes = {
        "n_layer": dice.randrange(1, 5),
        "n_head": heads,
        "n_embd": heads * dice.choice([4, 8, 12]),
        "n_positions": 40,
        "n_inner": dice.choice([None, 20]),
        "layer_norm_epsilon": dice.choice([1e-5, 1e-3]),
    }
    return build(seed, scale=dice.choice([1, 10]), **sizes | fixed)


@pytest.fixture
def saved(tmp_path):
    def save(model):
        model.save_pretrained(tmp_path)
        return str(tmp_path)

    return save


@pytest.mark.parametrize("seed", range(12))
def test_logits_are_the_library_s(saved, seed):
    model = drawn(seed)
    ours = gpt2.load(saved(model))
    ids = torch.randint(256, (3, 17), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        assert off(ours(ids), model(ids).logits) < 1e-5
        assert off(ours.transformer(ids), model.transformer(ids).last_hidden_state) < 1e-5
    assert sum(p.numel() for p in ours.parameters()) == model.num_parameters()


@pytest.mark.parametrize("seed", range(6))
def test_padding_on_the_left_changes_nothing_at_real_tokens(saved, seed):
    model = drawn(seed)
    ours = gpt2.load(saved(model))
    mask = torch.ones(3, 12, dtype=torch.long)
    mask[0, :5] = mask[2, :11] = 0
    ids = torch.randint(256, (3, 12), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        theirs = model(ids, attention_mask=mask, position_ids=(mask.cumsum(-1) - 1).clamp(min=0)).logits
        assert off(ours(ids, mask)[mask.bool()], theirs[mask.bool()]) < 1e-5
        alone = ours(ids[:1, 5:])
        assert off(ours(ids, mask)[0, 5:], alone[0]) < 1e-5


@pytest.mark.parametrize("seed", range(6))
def test_generate_is_the_library_s_token_by_token(saved, seed):
    model = drawn(seed)
    ours = gpt2.load(saved(model))
    ids = torch.randint(256, (4, 6), generator=torch.Generator().manual_seed(seed))
    mask = torch.ones_like(ids)
    mask[1, :3] = 0
    given = {"max_new_tokens": 15, "pad_token_id": 7, "eos_token_id": 7, "attention_mask": mask}
    assert torch.equal(
        gpt2.generate(ours, ids, 15, mask, eos_token_id=7), model.generate(ids, do_sample=False, **given)
    )
    torch.manual_seed(seed)
    sampled = gpt2.generate(ours, ids, 15, mask, temperature=1.3, eos_token_id=7)
    torch.manual_seed(seed)
    assert torch.equal(sampled, model.generate(ids, do_sample=True, temperature=1.3, top_k=0, **given))


def test_it_stops_when_every_row_has_ended(saved):
    model = build()
    ours = gpt2.load(saved(model))
    ids = torch.tensor([[1, 2]])
    end = gpt2.generate(ours, ids, 1)[0, -1].item()
    assert gpt2.generate(ours, ids, 30, eos_token_id=end).shape == (1, 3)


@pytest.mark.parametrize("length", [1, 5, 16])
def test_the_cache_gives_the_same_states_in_any_portions(saved, length):
    ours = gpt2.load(saved(build())).transformer
    ids = torch.randint(256, (2, 16))
    cache = gpt2.Cache(ours.config, 2, 16, ours.wte.weight)
    with torch.no_grad():
        parts = [ours(part, cache=cache) for part in ids.split(length, dim=1)]
        assert off(torch.cat(parts, dim=1), ours(ids)) < 1e-5


def test_a_cache_that_is_full_says_so(saved):
    ours = gpt2.load(saved(build())).transformer
    cache = gpt2.Cache(ours.config, 1, 2, ours.wte.weight)
    with torch.no_grad(), pytest.raises(IndexError, match="room for 2"):
        for token in range(3):
            ours(torch.tensor([[token]]), cache=cache)


def test_a_base_model_s_file_and_a_language_model_s(tmp_path):
    model = build()
    ids = torch.arange(9)[None]
    for name, part in (("lm", model), ("base", model.transformer)):
        part.save_pretrained(tmp_path / name)
        with torch.no_grad():
            assert off(gpt2.load(str(tmp_path / name))(ids), model(ids).logits) < 1e-5


def test_old_files_with_masks_an_untied_head_and_shards(tmp_path):
    model = build(tie_word_embeddings=False)
    tensors = model.state_dict() | {"transformer.h.0.attn.bias": torch.ones(1, 1, 48, 48)}
    model.save_pretrained(tmp_path, state_dict=tensors, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    ours, ids = gpt2.load(str(tmp_path)), torch.arange(9)[None]
    assert ours.lm_head.weight is not ours.transformer.wte.weight
    with torch.no_grad():
        assert off(ours(ids), model(ids).logits) < 1e-5


@pytest.mark.parametrize("tied", [True, False])
def test_what_is_saved_the_library_loads_to_the_bit(tmp_path, tied):
    model = gpt2.GPT2LM(build(tie_word_embeddings=tied).config).eval()
    gpt2.save(model, tmp_path)
    back, info = GPT2LMHeadModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    assert all(torch.equal(tensor, back.state_dict()[name]) for name, tensor in model.state_dict().items())
    ids = torch.arange(9)[None]
    with torch.no_grad():
        assert off(model(ids), back(ids).logits) < 1e-5
    assert not GPT2Model.from_pretrained(tmp_path, output_loading_info=True)[1]["missing_keys"]


REFUSED = {
    "activation_function": "relu",
    "scale_attn_by_inverse_layer_idx": True,
    "scale_attn_weights": False,
    "add_cross_attention": True,
}
HAD = {
    "n_layer": 3,
    "n_head": 4,
    "n_embd": 32,
    "n_inner": 20,
    "n_positions": 60,
    "vocab_size": 300,
    "layer_norm_epsilon": 0.1,
    "tie_word_embeddings": False,
}
AT_THE_START_OR_IN_TRAINING = {
    "initializer_range",
    "embd_pdrop",
    "attn_pdrop",
    "resid_pdrop",
}  # tests of their own
NO_NUMBERS = {"use_cache", "bos_token_id", "eos_token_id", "pad_token_id"}  # given to `generate`, if at all
OTHER_HEADS = {
    "summary_type",
    "summary_use_proj",
    "summary_activation",
    "summary_proj_to_labels",
    "summary_first_dropout",
}
ROUNDING = {"reorder_and_upcast_attn"}  # in float32 the same numbers; looked at under eager attention alone


def test_every_setting_of_the_library_is_had_or_refused_or_changes_nothing():
    inherited = {field.name for field in dataclasses.fields(GPT2Config.__base__)} - {"tie_word_embeddings"}
    settings = {field.name for field in dataclasses.fields(GPT2Config)} - inherited
    groups = [REFUSED, HAD, AT_THE_START_OR_IN_TRAINING, NO_NUMBERS, OTHER_HEADS, ROUNDING]
    assert settings == set().union(*groups) and len(settings) == sum(map(len, groups))


@pytest.mark.parametrize("setting", REFUSED)
def test_settings_that_would_give_other_numbers_are_refused(saved, setting):
    model = build(**{setting: REFUSED[setting]})
    with pytest.raises(CourseError, match=setting):
        gpt2.load(saved(model))
    with pytest.raises(CourseError, match=setting):
        gpt2.GPT2LM(model.config)


@pytest.mark.parametrize("setting", HAD)
def test_settings_that_are_had_give_the_library_s_numbers(saved, setting):
    model, ids = build(**{setting: HAD[setting]}), torch.arange(9)[None]
    with torch.no_grad():
        assert off(gpt2.load(saved(model))(ids), model(ids).logits) < 1e-5


def test_heads_of_unequal_size_are_refused():
    with pytest.raises(CourseError, match="n_head=3"):
        gpt2.GPT2LM(GPT2Config(n_embd=16, n_head=3))


@pytest.mark.parametrize("name", ACT2FN)
def test_every_name_of_the_same_gelu_is_taken_and_no_other(saved, name):
    config = GPT2Config(n_layer=1, n_head=1, n_embd=8, activation_function=name)
    x, ours = torch.linspace(-6, 6, 1001), torch.nn.functional.gelu
    try:
        same = torch.allclose(ACT2FN[name](x), ours(x, approximate="tanh"), atol=1e-6)
    except (TypeError, RuntimeError):  # it needs more than x
        same = False
    assert same == (name in gpt2._TANH_GELU)
    if not same:
        with pytest.raises(CourseError, match="activation_function"):
            gpt2.check_settings(config)
        return
    model, ids = build(activation_function=name), torch.arange(9)[None]
    with torch.no_grad():
        assert off(gpt2.load(saved(model))(ids), model(ids).logits) < 1e-5


def test_files_that_do_not_fit_are_refused(tmp_path, saved):
    folder = saved(build())
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CourseError, match="safetensors"):
        gpt2.load(folder)
    build(n_embd=32).save_pretrained(tmp_path)
    GPT2Config(n_layer=2, n_head=2, n_embd=16, n_positions=48, vocab_size=257).save_pretrained(tmp_path)
    with pytest.raises(CourseError, match="do not fit"):
        gpt2.load(folder)
    build().transformer.save_pretrained(tmp_path)
    build(tie_word_embeddings=False).config.save_pretrained(tmp_path)
    with pytest.raises(CourseError, match="of its own"):
        gpt2.load(folder)


def test_float16_stays_float16(saved):
    assert gpt2.load(saved(build().half())).lm_head.weight.dtype == torch.float16


FLOAT, BRAIN = torch.float32, torch.bfloat16


@pytest.mark.parametrize("named", [FLOAT, BRAIN, None])
@pytest.mark.parametrize("stored", [FLOAT, BRAIN])
def test_the_dtype_is_what_the_library_takes_from_file_and_settings(tmp_path, saved, named, stored):
    model = build()
    folder = saved(model.to(stored))
    model.config.dtype = named
    model.config.save_pretrained(folder)
    wanted = GPT2LMHeadModel.from_pretrained(folder)
    ours = gpt2.load(folder)
    assert {p.dtype for p in ours.parameters()} == {wanted.dtype} == {named or stored}
    assert all(torch.equal(tensor, ours.state_dict()[name]) for name, tensor in wanted.state_dict().items())
    other = BRAIN if wanted.dtype == FLOAT else FLOAT
    chosen = gpt2.load(folder, dtype=other)
    assert {p.dtype for p in chosen.parameters()} == {other} == {chosen.transformer.config.dtype}


def test_in_bfloat16_it_is_as_near_to_the_truth_as_the_library(saved):
    model = build(n_layer=4, n_head=4, n_embd=64)
    folder, ids = saved(model), torch.arange(40)[None]
    ours, theirs = gpt2.load(folder, dtype=BRAIN), GPT2LMHeadModel.from_pretrained(folder, dtype=BRAIN)
    with torch.no_grad():
        exact = model(ids).logits
        error, library_s = off(ours(ids).float(), exact), off(theirs(ids).logits.float(), exact)
    assert 1e-4 < error < 1.5 * library_s < 0.05


def test_a_save_in_bfloat16_comes_back_to_the_bit(tmp_path, saved):
    ours = gpt2.load(saved(build()), dtype=BRAIN)
    gpt2.save(ours, tmp_path / "half")
    back = GPT2LMHeadModel.from_pretrained(tmp_path / "half")
    assert back.dtype == BRAIN
    assert all(torch.equal(tensor, back.state_dict()[name]) for name, tensor in ours.state_dict().items())


def test_all_that_it_makes_is_on_the_model_s_device(saved):
    """On the meta device a tensor made on the CPU would be refused."""
    ours = gpt2.load(saved(build()), device="meta")
    ids, mask = torch.ones(2, 8, dtype=torch.long, device="meta"), torch.ones(2, 8, device="meta").long()
    cache = gpt2.Cache(ours.transformer.config, 2, 8, ours.lm_head.weight)
    assert {p.device.type for p in ours.parameters()} == {cache.keys.device.type} == {"meta"}
    assert ours(ids[:, :5], mask[:, :5], cache).device.type == "meta"
    assert ours(ids[:, :3], mask, cache).shape == (2, 3, 257)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [FLOAT, BRAIN])
def test_on_a_gpu_the_text_is_the_cpu_s(saved, dtype):
    model = build(scale=10)
    folder, ids = saved(model), torch.randint(256, (3, 6))
    mask = torch.ones_like(ids)
    mask[1, :3] = 0
    ours = gpt2.load(folder, dtype=dtype, device="cuda")
    with torch.no_grad():
        logits = ours(ids.cuda(), mask.cuda()).float().cpu()
        assert (
            off(logits[mask.bool()], gpt2.load(folder)(ids, mask)[mask.bool()])
            < {FLOAT: 1e-4, BRAIN: 0.05}[dtype]
        )
    text = gpt2.generate(ours, ids.cuda(), 15, mask.cuda(), eos_token_id=7)
    assert text.device.type == "cuda" and text.shape == (3, 21)
    if dtype == FLOAT:
        assert torch.equal(text.cpu(), gpt2.generate(gpt2.load(folder), ids, 15, mask, eos_token_id=7))


def test_under_autocast_it_trains_and_generates(saved):
    model, ids = build(scale=10), torch.arange(9)[None]
    ours = gpt2.load(saved(model))
    with torch.autocast("cpu", dtype=BRAIN):
        text = gpt2.generate(ours, ids, 10)
        assert torch.equal(text, model.generate(ids, max_new_tokens=10, do_sample=False, pad_token_id=7))
        loss(ours(ids), ids).backward()
    assert ours.lm_head.weight.grad.dtype == FLOAT


def test_tokens_are_drawn_by_probabilities_in_float32():
    """In bfloat16 a softmax has three digits: with many tokens it draws others."""
    logits = torch.randn(4000, 500, generator=torch.Generator().manual_seed(0)).to(BRAIN)
    torch.manual_seed(1)
    drawn = gpt2.choose(logits, 0.9)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.multinomial((logits.float() / 0.9).softmax(dim=-1), 1))
    torch.manual_seed(1)
    assert not torch.equal(drawn, torch.multinomial((logits / 0.9).softmax(dim=-1), 1))


def test_the_settings_of_generation_and_the_architecture_survive(tmp_path):
    model = build()
    model.generation_config.max_new_tokens = 12
    model.transformer.save_pretrained(tmp_path / "base")  # a base model's file, which names another class
    model.generation_config.save_pretrained(tmp_path / "base")
    gpt2.save(gpt2.load(str(tmp_path / "base")), tmp_path / "again")
    back = GPT2LMHeadModel.from_pretrained(tmp_path / "again")
    assert back.generation_config.max_new_tokens == 12
    assert back.config.architectures == ["GPT2LMHeadModel"]
    gpt2.save(gpt2.GPT2LM(GPT2Config(n_layer=1, n_head=1, n_embd=8, vocab_size=60)), tmp_path / "new")
    assert json.loads((tmp_path / "new" / "config.json").read_text())["architectures"] == ["GPT2LMHeadModel"]
    assert gpt2.load(str(tmp_path / "new")).generation_config is None


def test_a_head_in_the_file_that_is_not_the_embedding_is_kept_as_in_the_library(tmp_path, saved):
    folder, ids = saved(build()), torch.arange(9)[None]
    file = tmp_path / "model.safetensors"
    tensors = load_file(file)
    for head, tied in ((torch.randn(257, 16), False), (tensors["transformer.wte.weight"].clone(), True)):
        save_file(tensors | {"lm_head.weight": head}, file, metadata={"format": "pt"})
        ours, theirs = gpt2.load(folder), GPT2LMHeadModel.from_pretrained(folder)
        assert (ours.lm_head.weight is ours.transformer.wte.weight) == tied
        with torch.no_grad():
            assert off(ours(ids), theirs(ids).logits) < 1e-5
        gpt2.save(ours, tmp_path / "again")
        with torch.no_grad():
            assert off(GPT2LMHeadModel.from_pretrained(tmp_path / "again")(ids).logits, ours(ids)) < 1e-5


def test_a_head_untied_by_hand_is_saved_as_one_of_its_own(tmp_path):
    model, ids = gpt2.GPT2LM(build().config).eval(), torch.arange(9)[None]
    model.lm_head.weight = torch.nn.Parameter(torch.randn(257, 16))
    gpt2.save(model, tmp_path)
    assert model.transformer.config.tie_word_embeddings  # the settings of the model are not touched
    with torch.no_grad():
        for back in (GPT2LMHeadModel.from_pretrained(tmp_path)(ids).logits, gpt2.load(str(tmp_path))(ids)):
            assert off(back, model(ids)) < 1e-5


def test_loading_draws_no_random_numbers(saved):
    folder = saved(build())
    before = torch.get_rng_state()
    gpt2.load(folder)
    assert torch.equal(torch.get_rng_state(), before)


class TestWhatCannotBeRead:
    """Errors in both languages, before anything is computed, in the place of an IndexError from somewhere inside."""

    @pytest.fixture
    def model(self):
        return gpt2.GPT2LM(build().config).eval()

    @pytest.mark.parametrize(
        ("ids", "options", "part"),
        [
            (torch.zeros(1, 0, dtype=torch.long), {}, r"torch.tensor\(\[\[256\]\]\)"),
            (torch.zeros(1, 49, dtype=torch.long), {}, "49 tokens .* 48 positions"),
            (torch.tensor([[1, 257]]), {}, "1 to 257; the vocabulary has 0 to 256"),
            (torch.tensor([[-1, 5]]), {}, "-1 to 5"),
            (torch.tensor([1, 2]), {}, r"ids\[None\]"),
            (torch.tensor([[1, 2]]), {"attention_mask": torch.ones(1, 3)}, r"\[1, 3\]; .* \[1, 2\]"),
        ],
    )
    def test_by_forward_and_by_generate(self, model, ids, options, part):
        for call in (lambda: model(ids, **options), lambda: gpt2.generate(model, ids, 1, **options)):
            with pytest.raises(CourseError, match=part) as caught:
                call()
            assert caught.value.text.zh and caught.value.text.en

    @pytest.mark.parametrize(
        ("options", "part"),
        [
            ({"max_new_tokens": 44}, r"6 \+ 44 - 1 = 49 tokens .* 48 positions"),
            ({"attention_mask": torch.tensor([[1] * 6, [1] * 5 + [0]])}, "pad on the left"),
            ({"attention_mask": torch.tensor([[1] * 6, [0] * 6])}, "pad on the left"),
            ({"temperature": -0.5}, "temperature is -0.5"),
            ({"temperature": math.nan}, "temperature is nan"),
        ],
    )
    def test_by_generate_at_once(self, model, options, part, monkeypatch):
        def forward(*_):
            raise AssertionError("it began to compute")

        monkeypatch.setattr(model.transformer, "forward", forward)
        with pytest.raises(CourseError, match=part):
            gpt2.generate(model, torch.ones(2, 6, dtype=torch.long), **{"max_new_tokens": 2} | options)

    def test_past_the_context_with_a_cache(self, model):
        cache = gpt2.Cache(model.transformer.config, 1, 60, model.lm_head.weight)
        with torch.no_grad(), pytest.raises(CourseError, match="49 tokens .* 48 positions"):
            for _ in range(49):
                model(torch.tensor([[5]]), cache=cache)

    def test_what_just_fits_is_the_library_s(self, saved):
        """The last new token is not read; padding takes no position."""
        model = build()
        ours, mask = gpt2.load(saved(model)), torch.ones(2, 10, dtype=torch.long)
        mask[:, :4] = 0
        padded, full = torch.randint(256, (2, 10)), torch.zeros(1, 48, dtype=torch.long)
        for ids, real, new in ((padded, mask, 43), (padded[:, 4:], None, 43), (full, None, 1)):
            given = {"do_sample": False, "pad_token_id": 7, "eos_token_id": None, "max_new_tokens": new}
            seen = torch.ones_like(ids) if real is None else real
            theirs = model.generate(ids, attention_mask=seen, **given)
            assert torch.equal(gpt2.generate(ours, ids, new, real), theirs)
            with pytest.raises(CourseError, match="48 positions"):
                gpt2.generate(ours, ids, new + 1, real)


def test_a_text_read_at_once_needs_no_mask_in_memory(saved, monkeypatch):
    """PyTorch's own causal path: the same states as with a mask of T × T, in about two thirds of the time."""
    ours, ids, masks = gpt2.load(saved(build())).transformer, torch.arange(20)[None], []
    attention = torch.nn.functional.scaled_dot_product_attention

    def watched(*args, attn_mask=None, **options):
        masks.append(attn_mask)
        return attention(*args, attn_mask=attn_mask, **options)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
    with torch.no_grad():
        at_once = ours(ids)
        assert masks == [None, None]
        assert off(at_once, ours(ids, torch.ones_like(ids))) < 1e-5 and masks[-1] is not None


def loss(logits, ids):
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), ids[:, 1:].flatten())


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    "sizes",
    [
        {"n_layer": 4, "n_head": 6, "n_embd": 192, "vocab_size": 6000},
        {"n_layer": 12, "n_head": 4, "n_embd": 48, "vocab_size": 257},
        {"n_layer": 2, "vocab_size": 50257},  # as wide as gpt2
    ],
    ids=["bundled", "deep", "wide"],
)
def test_before_training_all_tokens_are_nearly_as_probable(sizes, tied):
    torch.manual_seed(0)
    config = GPT2Config(**sizes, bos_token_id=0, eos_token_id=0, tie_word_embeddings=tied)
    ids = torch.randint(config.vocab_size, (8, 64))
    with torch.no_grad():
        assert abs(loss(gpt2.GPT2LM(config).eval()(ids), ids).item() - math.log(config.vocab_size)) < 0.2


@pytest.mark.parametrize(
    "given", [{}, {"initializer_range": 0.1}, {"tie_word_embeddings": False}, {"n_layer": 24}]
)
def test_every_weight_starts_as_wide_as_the_library_s(given):
    torch.manual_seed(0)
    sizes = {"n_layer": 6, "n_head": 2, "n_embd": 64, "vocab_size": 257, "bos_token_id": 0, "eos_token_id": 0}
    config = GPT2Config(**sizes | given)
    theirs, ours = GPT2LMHeadModel(config).state_dict(), gpt2.GPT2LM(config).state_dict()
    assert theirs.keys() == ours.keys()
    for name, tensor in ours.items():
        if tensor.ndim == 2:
            assert tensor.std().item() == pytest.approx(theirs[name].std().item(), rel=0.08), name
            assert abs(tensor.mean().item()) < 0.05 * tensor.std().item(), name
        else:
            assert torch.equal(tensor, theirs[name]), name
    residual = ours["transformer.h.0.mlp.c_proj.weight"].std().item()
    assert residual == pytest.approx(config.initializer_range / math.sqrt(2 * config.n_layer), rel=0.05)


DROPOUTS = ["embd_pdrop", "attn_pdrop", "resid_pdrop"]


def drops(**given):
    """A model of the library and ours with the same weights, without dropout where none is given."""
    torch.manual_seed(0)
    sizes = {"n_layer": 3, "n_head": 2, "n_embd": 32, "n_positions": 64, "vocab_size": 257}
    config = GPT2Config(**sizes, bos_token_id=256, eos_token_id=256, **dict.fromkeys(DROPOUTS, 0.0) | given)
    theirs, ours = GPT2LMHeadModel(config), gpt2.GPT2LM(config)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("which", [[name] for name in DROPOUTS] + [DROPOUTS], ids="-".join)
def test_dropout_is_where_the_library_s_is(which, padded):
    """With the same random numbers the same ones are dropped; in evaluation none are."""
    theirs, ours = drops(**dict.fromkeys(which, 0.3))
    ids, mask = torch.randint(256, (3, 20)), torch.ones(3, 20, dtype=torch.long)
    mask[1, : 7 * padded] = 0
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    real = mask.bool()

    def both(seed):
        found = []
        for call in (
            lambda: ours(ids, mask if padded else None),
            lambda: theirs(ids, attention_mask=mask, position_ids=positions).logits,
        ):
            torch.manual_seed(seed)
            found.append(call()[real])
        return found

    with torch.no_grad():
        ours.eval(), theirs.eval()
        still, wanted = both(1)
        assert off(still, wanted) < 1e-5 and torch.equal(both(2)[0], still)
        ours.train(), theirs.train()
        (first, wanted), (second, _) = both(1), both(2)
        assert off(first, wanted) < 1e-5 and off(first, still) > 0.01 and off(first, second) > 0.01


def words(seed, rows=8, length=32):
    """Texts in which each of 40 tokens is followed by one of 3."""
    dice = random.Random(seed)
    after = [random.Random(token).sample(range(40), 3) for token in range(40)]
    texts = [[dice.randrange(40)] for _ in range(rows)]
    for text in texts:
        while len(text) < length:
            text.append(dice.choice(after[text[-1]]))
    return torch.tensor(texts)


def trained(model, steps, seed):
    """Losses of a training, measured without dropout, before the first step and after the last; and those on the way."""
    torch.manual_seed(seed)
    optimizer, curve, fresh = torch.optim.AdamW(model.parameters(), lr=3e-3), [], words(10**6)

    def of(ids):
        out = model(ids)
        return loss(out if isinstance(out, torch.Tensor) else out.logits, ids)

    def held_out():
        model.eval()
        with torch.no_grad():
            return of(fresh).item()

    before = held_out()
    model.train()
    for step in range(steps):
        value = of(words(step))
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        curve.append(value.item())
    return before, held_out(), curve


def test_from_the_same_weights_training_is_the_library_s_step_by_step():
    theirs, ours = drops(**dict.fromkeys(DROPOUTS, 0.1))
    wanted, found = trained(theirs, 25, seed=3), trained(ours, 25, seed=3)
    assert found[2] == pytest.approx(wanted[2], abs=2e-3)
    assert found[:2] == pytest.approx(wanted[:2], abs=2e-3) and found[1] < found[0] - 1


def test_from_its_own_weights_it_learns_as_the_library_s_does_within_noise():
    """Each from three starts of its own, on the same data: where they end differs no more than by the start."""
    config, ends = drops(**dict.fromkeys(DROPOUTS, 0.1))[0].config, {}
    for kind in (GPT2LMHeadModel, gpt2.GPT2LM):
        runs = []
        for seed in range(3):
            torch.manual_seed(seed)
            runs.append(trained(kind(config), 60, seed))
        assert all(abs(before - math.log(257)) < 0.2 for before, _, _ in runs)
        ends[kind] = torch.tensor([after for _, after, _ in runs])
    ours, theirs = ends[gpt2.GPT2LM], ends[GPT2LMHeadModel]
    noise = (ours.std() + theirs.std()).item() / 2
    assert abs(ours.mean() - theirs.mean()).item() < max(4 * noise, 0.05)
    assert ours.max() < math.log(257) - 2.5  # well on the way from 5.55 to ln 3 = 1.10


def test_what_is_saved_has_the_dtype_of_the_weights(tmp_path):
    build().half().save_pretrained(tmp_path / "half")
    ours = gpt2.load(str(tmp_path / "half")).float()
    gpt2.save(ours, tmp_path / "whole")
    assert GPT2LMHeadModel.from_pretrained(tmp_path / "whole").dtype == torch.float32
    assert ours.transformer.config.dtype == torch.float16  # the settings of the model are not touched


class Bare(ast.NodeTransformer):
    """Takes away what the notebook leaves out: docstrings and annotations."""

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.returns = None
        for argument in (*node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        return self.without_docstring(node)

    def visit_ClassDef(self, node):
        self.generic_visit(node)
        return self.without_docstring(node)

    def visit_AnnAssign(self, node):
        return ast.Assign(targets=[node.target], value=node.value)

    def without_docstring(self, node):
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        return node


def definitions(source):
    return {
        node.name: ast.dump(Bare().visit(node))
        for node in ast.parse(source).body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
    }


def test_the_lesson_s_cells_are_the_module_s_code():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    module, lesson = definitions(Path(gpt2.__file__).read_text(encoding="utf-8")), definitions(source)
    taught = {"Conv1D", "Cache", "Attention", "MLP", "Block", "GPT2", "GPT2LM", "choose", "generate"}
    taught |= {"initialize", "places"}
    assert taught <= lesson.keys()
    for name in taught:
        assert lesson[name] == module[name], (
            f"{name} is not the same in the lesson and in course_utils/gpt2.py"
        )
