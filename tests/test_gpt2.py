"""GPT-2 from scratch against the library: any size, any of its files, padding, cache; and lesson 07 against the module."""

import ast
import json
import random
from pathlib import Path

import pytest
import torch
from tiny import build
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model

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


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("activation_function", "relu"),
        ("scale_attn_by_inverse_layer_idx", True),
        ("scale_attn_weights", False),
    ],
)
def test_settings_that_would_give_other_numbers_are_refused(saved, setting, value):
    with pytest.raises(CourseError, match=setting):
        gpt2.load(saved(build(**{setting: value})))


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
    assert taught <= lesson.keys()
    for name in taught:
        assert lesson[name] == module[name], (
            f"{name} is not the same in the lesson and in course_utils/gpt2.py"
        )
