"""conversion: both ways, and `verify` against planted faults and against healthy models of many configurations."""

import random
from copy import deepcopy

import pytest
import torch
import transformers
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    BertConfig,
    BertModel,
    GenerationConfig,
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    GPT2Model,
    GPTNeoXConfig,
    LlamaConfig,
)

from course_utils import CourseError
from course_utils.conversion import Report, to_base, to_lm_head, verify

SEEDS = range(4)
ACTIVATIONS = ["gelu_new", "relu", "silu", "tanh"]


def config(rng, **given):
    heads = rng.choice([2, 4])
    sizes = {
        "n_layer": rng.randint(2, 4),
        "n_head": heads,
        "n_embd": heads * rng.choice([4, 6]),
        "n_inner": rng.choice([None, 20]),
        "n_positions": rng.choice([8, 24]),
        "vocab_size": rng.choice([40, 61]),
        "activation_function": rng.choice(ACTIVATIONS),
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    return GPT2Config(**{**sizes, **given})


def randomised(model, rng):
    """Every tensor random, biases and norms too, so that no two are alike; evaluation mode."""
    generator = torch.Generator().manual_seed(rng.getrandbits(30))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model.eval()


@pytest.fixture
def pair(request, tmp_path):
    """(rng, base, lm): loaded separately from one checkpoint with generation settings of its own."""
    rng = random.Random(request.param)
    model = randomised(GPT2LMHeadModel(config(rng)), rng)
    model.generation_config.max_new_tokens = rng.randint(3, 30)
    model.save_pretrained(tmp_path)
    return rng, GPT2Model.from_pretrained(tmp_path), GPT2LMHeadModel.from_pretrained(tmp_path)


def parameter(lm, rng, wanted=lambda name, tensor: True):
    """A parameter of the base, drawn at random: (module that owns it, attribute, its name in the base)."""
    names = [name for name, tensor in lm.transformer.named_parameters() if wanted(name, tensor)]
    name = rng.choice(names)
    owner, _, attribute = name.rpartition(".")
    return lm.transformer.get_submodule(owner), attribute, name


def rebuilt(lm, **changes):
    """The same weights in a model built from a changed configuration."""
    changed = deepcopy(lm.config)
    changed.update(changes)
    other = GPT2LMHeadModel(changed)
    other.load_state_dict(lm.state_dict())
    other.generation_config = lm.generation_config
    return other.eval()


# Each fault: (rng, base, lm) -> (the broken lm, the checks that must fail, those that may fail too, what is named)
def untied(rng, base, lm):
    lm.lm_head.weight = torch.nn.Parameter(torch.randn_like(lm.lm_head.weight))
    return lm, {"tie", "logits"}, set(), "another tensor"


def tied_copy(rng, base, lm):
    lm.lm_head.weight = torch.nn.Parameter(lm.lm_head.weight.detach().clone())
    return lm, {"tie"}, set(), "copy"


def same_storage_two_parameters(rng, base, lm):
    lm.lm_head.weight = torch.nn.Parameter(lm.transformer.wte.weight.data)
    return lm, {"tie"}, set(), "copy"


def tie_switched_off(rng, base, lm):
    other = rebuilt(lm, tie_word_embeddings=False)
    torch.nn.init.normal_(other.lm_head.weight)
    return other, {"tie", "settings", "logits"}, set(), "tie_word_embeddings = True"


def layer_swapped(rng, base, lm):
    here, there = rng.sample(range(lm.config.n_layer), 2)
    lm.transformer.h[here].load_state_dict(base.h[there].state_dict())
    return lm, {"weights", "logits"}, set(), f"h.{here} ← h.{there}"


def modules_swapped(rng, base, lm):
    here, there = rng.sample(range(lm.config.n_layer), 2)
    blocks = lm.transformer.h
    blocks[here], blocks[there] = blocks[there], blocks[here]
    return lm, {"weights", "logits", "settings"}, set(), f"h.{there} ← h.{here}"


def one_bias_changed(rng, base, lm):
    owner, attribute, name = parameter(lm, rng, lambda name, _: name.endswith("bias"))
    with torch.no_grad():
        getattr(owner, attribute)[0] += 0.5
    return lm, {"weights"}, {"logits"}, name  # the bias of keys changes no logits, and is named all the same


def one_number_changed(rng, base, lm):
    owner, attribute, name = parameter(lm, rng)
    with torch.no_grad():
        flat = getattr(owner, attribute).view(-1)
        spot = rng.randrange(len(flat))
        flat[spot] = torch.nextafter(flat[spot], torch.tensor(9.0))
    return lm, {"weights"}, set(), name


def transposed(rng, base, lm):
    owner, attribute, name = parameter(
        lm,
        rng,
        lambda name, tensor: "h." in name and tensor.dim() == 2 and tensor.shape[0] != tensor.shape[1],
    )
    setattr(owner, attribute, torch.nn.Parameter(getattr(owner, attribute).T.contiguous()))
    return lm, {"keys", "logits"}, set(), f"Transposed: {name}"


def transposed_square(rng, base, lm):
    owner, attribute, name = parameter(lm, rng, lambda name, _: name.endswith("attn.c_proj.weight"))
    with torch.no_grad():
        getattr(owner, attribute).copy_(getattr(owner, attribute).T.clone())
    return lm, {"weights", "logits"}, set(), f"Transposed (square, so the shape does not show it): {name}"


def missing_prefix(rng, base, lm):
    fresh = GPT2LMHeadModel(base.config).eval()
    fresh.load_state_dict(base.state_dict(), strict=False)
    fresh.generation_config = lm.generation_config
    return fresh, {"weights", "logits"}, set(), 'prefix "transformer."'


def training_mode(rng, base, lm):
    name = rng.choice([name for name, _ in lm.named_modules()])
    lm.get_submodule(name).training = True
    return lm, {"mode"}, set(), f"lm.{name}".rstrip(".")


def whole_in_training(rng, base, lm):
    return lm.train(), {"mode"}, set(), "lm.eval()"


def wrong_dtype(rng, base, lm):
    dtype = rng.choice([torch.float64, torch.bfloat16])
    return lm.to(dtype), {"dtype"}, {"weights", "logits"}, str(dtype).removeprefix("torch.")


def one_tensor_wrong_dtype(rng, base, lm):
    owner, attribute, name = parameter(lm, rng, lambda name, _: "h." in name)
    setattr(owner, attribute, torch.nn.Parameter(getattr(owner, attribute).double()))
    return lm, {"dtype"}, {"logits"}, name


def resized_vocabulary(rng, base, lm):
    lm.resize_token_embeddings(lm.config.vocab_size + rng.choice([-3, 1, 8]), mean_resizing=False)
    return lm, {"keys", "logits", "settings"}, set(), "wte.weight"


def resized_through_the_base(rng, base, lm):
    lm.transformer.resize_token_embeddings(lm.config.vocab_size + 5, mean_resizing=False)
    return lm, {"keys", "logits", "settings"}, set(), "wte.weight"


def fewer_positions(rng, base, lm):
    lm.transformer.wpe = torch.nn.Embedding.from_pretrained(lm.transformer.wpe.weight[:4].detach().clone())
    return lm.eval(), {"keys", "logits", "settings"}, set(), "wpe.weight"


def layer_lost(rng, base, lm):
    del lm.transformer.h[rng.randrange(len(lm.transformer.h))]
    return lm, {"keys", "logits"}, {"weights", "settings"}, "missing h."


def other_heads(rng, base, lm):
    heads = 1 if lm.config.n_head == 2 else rng.choice([1, 2])
    return rebuilt(lm, n_head=heads), {"settings", "logits"}, set(), f"num_heads {lm.config.n_head} → {heads}"


def heads_of_one_layer(rng, base, lm):
    block = rng.randrange(lm.config.n_layer)
    attention = lm.transformer.h[block].attn
    attention.num_heads, attention.head_dim = 1, attention.embed_dim
    return lm, {"settings", "logits"}, set(), f"h.{block}.attn.num_heads"


def other_activation(rng, base, lm):
    other = rng.choice([name for name in ACTIVATIONS if name != lm.config.activation_function])
    return rebuilt(lm, activation_function=other), {"settings", "logits"}, set(), "activation_function"


def other_epsilon(rng, base, lm):
    norm = rng.choice([name for name, m in lm.named_modules() if isinstance(m, torch.nn.LayerNorm)])
    lm.get_submodule(norm).eps = 0.5
    return lm, {"settings", "logits"}, set(), f"{norm.removeprefix('transformer.')}.eps"


def lost_generation_config(rng, base, lm):
    lm.generation_config = GenerationConfig.from_model_config(lm.config)
    return lm, {"generation"}, set(), "max_new_tokens"


def no_generation_config(rng, base, lm):
    lm.generation_config = None
    return lm, {"generation"}, set(), "None"


def forgotten_hook(rng, base, lm):
    lm.transformer.h[rng.randrange(lm.config.n_layer)].mlp.register_forward_hook(lambda m, i, o: o * 0)
    return lm, {"logits"}, set(), "hooks on: transformer.h."


def head_with_bias(rng, base, lm):
    lm.lm_head.bias = torch.nn.Parameter(torch.ones(lm.config.vocab_size))
    return lm, {"logits"}, set(), "off by up to 1"


def founding_snippet(rng, base, lm):
    shell = GPT2LMHeadModel(base.config)
    shell.transformer = base
    return shell, {"tie", "logits", "mode", "generation"}, set(), "lm.lm_head"


FAULTS = [
    untied, tied_copy, same_storage_two_parameters, tie_switched_off, layer_swapped, modules_swapped,
    one_bias_changed, one_number_changed, transposed, transposed_square, missing_prefix, training_mode,
    whole_in_training, wrong_dtype, one_tensor_wrong_dtype, resized_vocabulary, resized_through_the_base,
    fewer_positions, layer_lost, other_heads, heads_of_one_layer, other_activation, other_epsilon,
    lost_generation_config, no_generation_config, forgotten_hook, head_with_bias, founding_snippet,
]  # fmt: skip


@pytest.mark.parametrize("pair", SEEDS, indirect=True)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_planted_fault_is_named(fault, pair):
    rng, base, lm = pair
    assert verify(base, lm), verify(base, lm)
    broken, must, may, named = fault(*pair)
    report = verify(base, broken)
    assert not report
    assert must <= set(report.failed) <= must | may, report
    problems = [check.problem for check in report.checks if check.name in must]
    assert any(named in problem.en for problem in problems), report
    assert all(problem.zh and problem.en for problem in problems)


@pytest.mark.parametrize("pair", SEEDS, indirect=True)
def test_the_snippet_is_mended_in_three_lines(pair):
    _, base, lm = pair
    shell = GPT2LMHeadModel(base.config)
    shell.transformer = base
    shell.tie_weights()
    shell.eval()
    shell.generation_config = GenerationConfig.from_pretrained(base.name_or_path)
    assert verify(base, shell), verify(base, shell)


def test_a_resize_through_the_base_is_seen_from_inside():
    lm = GPT2LMHeadModel(config(random.Random(0))).eval()
    lm.transformer.resize_token_embeddings(70, mean_resizing=False)
    report = verify(lm.transformer, lm)
    assert report.failed == ("keys",) and "out_features" in str(report)


def routes(model, folder):
    """(base, lm) by every right route."""
    model.save_pretrained(folder)
    base = AutoModel.from_pretrained(folder)
    yield base, AutoModelForCausalLM.from_pretrained(folder)
    yield base, to_lm_head(base, copy=True)
    yield to_base(model), model
    yield to_base(model, copy=True), model
    if model.config.tie_word_embeddings:
        fresh = GPT2LMHeadModel(model.config).eval().to(model.dtype)
        fresh.transformer.load_state_dict(base.state_dict())
        yield base, fresh
    yield base, deepcopy(AutoModelForCausalLM.from_pretrained(folder))
    yield base, to_lm_head(base)


@pytest.mark.parametrize("seed", range(12))
def test_healthy_models_never_fail(seed, tmp_path):
    rng = random.Random(seed)
    given = {
        "tie_word_embeddings": rng.random() < 0.7,
        "scale_attn_weights": rng.random() < 0.7,
        "scale_attn_by_inverse_layer_idx": rng.random() < 0.3,
        "layer_norm_epsilon": rng.choice([1e-5, 1e-3]),
        "n_layer": rng.randint(1, 4),
        "n_positions": rng.choice([1, 3, 64]),
        "vocab_size": rng.choice([1, 50, 301]),
        "resid_pdrop": rng.choice([0.0, 0.5]),
        "dtype": rng.choice([torch.float32, torch.bfloat16]),
    }
    model = GPT2LMHeadModel(config(rng, **given)).eval()
    model = model if rng.random() < 0.3 else randomised(model, rng)
    model = model.to(given["dtype"])
    for base, lm in routes(model, tmp_path):
        report = verify(base, lm)
        assert report.failed == () and len(report.checks) == 8, report
        # A head of its own, of a model that no checkpoint holds: nothing to compare it with.
        nowhere = not base.name_or_path and not model.config.tie_word_embeddings
        assert report.unjudged == (("weights", "logits") if nowhere else ()), report
        assert bool(report) != nowhere


def test_a_resized_vocabulary_stays_healthy():
    for tied in (True, False):
        lm = GPT2LMHeadModel(config(random.Random(1), tie_word_embeddings=tied)).eval()
        lm.resize_token_embeddings(90, mean_resizing=False)
        report = verify(to_base(lm), lm)
        assert report.failed == () and report.unjudged == (() if tied else ("weights", "logits")), report


@pytest.mark.parametrize("pair", SEEDS[:1], indirect=True)
def test_attention_implementations_agree(pair):
    _, base, lm = pair
    lm.set_attn_implementation("eager")
    assert verify(base, lm), verify(base, lm)


def test_sharing_and_copying():
    torch.manual_seed(0)
    base = GPT2Model(config(random.Random(2)))
    lm, own = to_lm_head(base), to_lm_head(base, copy=True)
    assert lm.transformer is base and lm.lm_head.weight is base.wte.weight and lm.config is base.config
    assert own.lm_head.weight is own.transformer.wte.weight and own.lm_head.weight is not base.wte.weight
    assert to_base(lm) is base and to_base(own, copy=True) is not own.transformer
    assert not any(module.training for model in (lm, own) for module in model.modules())


def test_to_base_copy_leaves_the_model_as_it_was():
    lm = GPT2LMHeadModel(config(random.Random(2))).train()
    assert not to_base(lm, copy=True).training
    assert all(module.training for module in lm.modules())


def test_verify_changes_nothing():
    rng = random.Random(3)
    lm = randomised(GPT2LMHeadModel(config(rng, resid_pdrop=0.3)), rng)
    lm.transformer.h[1].mlp.train()
    modes, state = [m.training for m in lm.modules()], deepcopy(lm.state_dict())
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    assert verify(lm.transformer, lm).failed == ("mode",)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert [m.training for m in lm.modules()] == modes
    assert all(torch.equal(state[name], tensor) for name, tensor in lm.state_dict().items())


def test_given_generation_config_comes_first():
    base = GPT2Model(config(random.Random(4)))
    wanted = GenerationConfig(max_new_tokens=5, bos_token_id=0, eos_token_id=0)
    lm = to_lm_head(base, generation_config=wanted)
    assert lm.generation_config.max_new_tokens == 5 and lm.generation_config is not wanted
    assert verify(base, lm, generation_config=wanted)
    wanted.max_new_tokens = 6
    assert verify(base, lm, generation_config=wanted).failed == ("generation",)


def test_untied_head_comes_from_the_checkpoint(tmp_path):
    rng = random.Random(5)
    lm = randomised(GPT2LMHeadModel(config(rng, tie_word_embeddings=False)), rng)
    lm.save_pretrained(tmp_path / "whole")
    base = GPT2Model.from_pretrained(tmp_path / "whole")
    again = to_lm_head(base)
    assert torch.equal(again.lm_head.weight, lm.lm_head.weight)
    base.save_pretrained(tmp_path / "base")
    for headless in (GPT2Model.from_pretrained(tmp_path / "base"), GPT2Model(lm.config)):
        with pytest.raises(CourseError, match="lm_head.weight"):
            to_lm_head(headless)


def test_through_another_head_and_back():
    rng = random.Random(6)
    classifier = randomised(GPT2ForSequenceClassification(config(rng, num_labels=3)), rng)
    base = to_base(classifier)
    assert type(base) is GPT2Model and verify(base, to_lm_head(base))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", [LlamaConfig, GPTNeoXConfig])
def test_other_decoders(kind, tied, tmp_path):
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    other = kind(**sizes, vocab_size=50, max_position_embeddings=32, tie_word_embeddings=tied)
    lm = AutoModelForCausalLM.from_config(other).eval()
    lm.save_pretrained(tmp_path)
    base = AutoModel.from_pretrained(tmp_path)
    again = to_lm_head(base)
    assert torch.equal(again.get_output_embeddings().weight, lm.get_output_embeddings().weight)
    assert verify(base, again), verify(base, again)
    assert verify(to_base(lm), lm).unjudged == (() if tied else ("weights", "logits"))
    lm.get_output_embeddings().weight = torch.nn.Parameter(torch.randn(50, 16))
    assert verify(base, lm).failed == (("tie", "logits") if tied else ("weights", "logits"))


def test_wrong_arguments_name_the_remedy():
    lm = GPT2LMHeadModel(config(random.Random(7)))
    base = lm.transformer
    bert = BertModel(
        BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    )
    with torch.device("meta"):
        nothing = GPT2Model(base.config)
    for call, word in [
        (lambda: to_lm_head(lm), "to_base"),
        (lambda: to_base(base), "already"),
        (lambda: verify(lm, base), "to_base"),
        (lambda: verify(base, base), "base model first"),
        (lambda: verify(base, "lm"), "not str"),
        (lambda: to_lm_head(torch.nn.Linear(2, 2)), "not Linear"),
        (lambda: to_lm_head(nothing), "meta"),
        (lambda: to_lm_head(bert), "from_pretrained"),
    ]:
        with pytest.raises(CourseError, match=word) as error:
            call()
        assert error.value.text.zh


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "the head is"), ("zh", "輸出層"), ("both", " | the head is")]
)
def test_report_speaks_the_learners_language(language, shown, monkeypatch):
    monkeypatch.setenv("COURSE_LANGUAGE", language)
    lm = GPT2LMHeadModel(config(random.Random(8))).train()
    report = verify(lm.transformer, lm)
    assert isinstance(report, Report) and repr(report) == str(report)
    assert str(report).count("✓") == 7 and str(report).count("✗") == 1 and shown in str(report)
    assert ("Mend it" in str(report)) == (language != "zh") and ("修正" in str(report)) == (language != "en")


def test_nothing_is_said_on_the_way(capfd, tmp_path):
    lm = GPT2LMHeadModel(config(random.Random(9))).eval()
    lm.save_pretrained(tmp_path)
    capfd.readouterr()
    base = GPT2Model.from_pretrained(tmp_path)
    assert verify(base, to_lm_head(base))
    assert "[transformers]" not in capfd.readouterr().err
    assert transformers.__version__.startswith("5.")
