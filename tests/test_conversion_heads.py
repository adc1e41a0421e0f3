"""conversion, where the head is more than the embedding: heads of their own, heads that do more, and what is refused."""

import json
import warnings
from copy import deepcopy

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    BartConfig,
    BartForCausalLM,
    BartModel,
    BertConfig,
    CodeGenConfig,
    CohereConfig,
    CTRLConfig,
    Gemma2Config,
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    GPT2Model,
    GPTJConfig,
    GPTNeoXConfig,
    GraniteConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PhiConfig,
    T5Config,
    T5ForConditionalGeneration,
    T5Model,
    XLNetConfig,
)

from course_utils import CourseError
from course_utils.conversion import pipeline, to_base, to_lm_head, verify

SIZES = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 50,
    "max_position_embeddings": 32,
}  # fmt: skip
OLD_SIZES = {"n_embd": 16, "n_layer": 2, "n_head": 2, "vocab_size": 50, "n_positions": 32}
TOKENS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
HEAD = ("weights", "logits")
# Heads that cap, scale, transform or add a bias; each of them an exact conversion.
MORE_THAN_A_MATRIX = {
    "capped": Gemma2Config(**SIZES, **TOKENS, num_key_value_heads=1, head_dim=8, final_logit_softcapping=1.0),
    "multiplied": CohereConfig(**SIZES, **TOKENS, logit_scale=0.2),
    "divided": GraniteConfig(**SIZES, **TOKENS, logits_scaling=3.0),
    "transformed": BertConfig(**SIZES, is_decoder=True),
    "bias, tied": PhiConfig(**SIZES, **TOKENS, tie_word_embeddings=True),
    "GPT-J, tied": GPTJConfig(**OLD_SIZES, rotary_dim=4, tie_word_embeddings=True),
    "CodeGen, tied": CodeGenConfig(**{**OLD_SIZES, "n_head": 4}, rotary_dim=4, tie_word_embeddings=True),
    "CTRL": CTRLConfig(**OLD_SIZES, dff=16),
    "XLNet": XLNetConfig(d_model=16, n_layer=2, n_head=2, d_inner=16, vocab_size=50),
}


def randomised(model):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model.eval()


def small(**given):
    return randomised(GPT2LMHeadModel(GPT2Config(**OLD_SIZES, bos_token_id=0, eos_token_id=0, **given)))


def llama(folder, **given):
    """A Llama with a head of its own, saved in `folder`."""
    lm = randomised(LlamaForCausalLM(LlamaConfig(**SIZES, **given)))
    lm.save_pretrained(folder)
    return lm


class TestAHeadOfItsOwn:
    def test_a_random_head_in_an_untied_load_is_found(self, tmp_path):
        """The checkpoint is tied: its head is its embedding, and an untied model has to start from there."""
        small().save_pretrained(tmp_path)
        lm = GPT2LMHeadModel.from_pretrained(tmp_path, tie_word_embeddings=False)
        report = verify(lm.transformer, lm)
        assert report.failed == HEAD and "lm_head.weight" in report["weights"].problem.en
        with torch.no_grad():
            lm.lm_head.weight.copy_(lm.transformer.wte.weight)
        assert verify(lm.transformer, lm), verify(lm.transformer, lm)

    def test_a_random_head_is_held_against_the_checkpoint(self, tmp_path):
        lm = llama(tmp_path)
        base = AutoModel.from_pretrained(tmp_path)
        shell = LlamaForCausalLM(lm.config).eval()
        shell.model = base
        assert verify(base, shell).failed == HEAD
        assert verify(base, lm) and verify(base, to_lm_head(base))

    def test_without_a_checkpoint_it_cannot_be_judged(self):
        lm = randomised(LlamaForCausalLM(LlamaConfig(**SIZES)))
        report = verify(lm.model, lm)
        assert not report and report.failed == () and report.unjudged == HEAD
        assert all(report[name].doubt.en and report[name].doubt.zh for name in HEAD)
        assert not report["weights"].holds and report["weights"].sign == "?"
        assert str(report).count("?") >= 2 and "lm_head.weight" in str(report)

    def test_a_folder_of_the_base_alone_is_no_measure(self, tmp_path):
        lm = llama(tmp_path / "whole")
        lm.model.save_pretrained(tmp_path / "base")
        base = AutoModel.from_pretrained(tmp_path / "base")
        assert verify(base, lm).unjudged == HEAD
        with pytest.raises(CourseError, match=r"lm_head\.weight"):
            to_lm_head(base)

    def test_what_is_wrong_besides_is_still_said(self):
        lm = randomised(LlamaForCausalLM(LlamaConfig(**SIZES)))
        broken = deepcopy(lm)
        broken.model.layers[0].mlp.down_proj.weight.data[0, 0] += 1
        report = verify(lm.model, broken)
        assert report.failed == HEAD and report.unjudged == ()

    def test_the_misuse_of_an_unjudged_head_is_found(self):
        lm = randomised(LlamaForCausalLM(LlamaConfig(**SIZES)))
        lm.lm_head.register_forward_hook(lambda module, given, out: out + 1)
        report = verify(lm.model, lm)
        assert report.failed == ("logits",) and report.unjudged == ("weights",)

    def test_a_base_that_changed_since_is_said(self, tmp_path, monkeypatch):
        monkeypatch.setenv("COURSE_LANGUAGE", "both")
        llama(tmp_path)
        base = AutoModel.from_pretrained(tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            to_lm_head(base)
        with torch.no_grad():
            base.layers[1].mlp.down_proj.weight[0, 0] += 1
        with pytest.warns(UserWarning, match="changed after loading") as caught:
            lm = to_lm_head(base)
        assert "layers.1.mlp.down_proj.weight" in str(caught[0].message) and "改動" in str(caught[0].message)
        assert verify(base, lm).unjudged == HEAD

    def test_a_base_built_from_the_checkpoints_config_is_not_from_it(self, tmp_path):
        lm = llama(tmp_path)
        other = AutoModel.from_config(AutoModel.from_pretrained(tmp_path).config).eval()
        lm.model = other
        assert not verify(other, lm)

    def test_one_tensor_is_read_not_the_whole_model(self, tmp_path, monkeypatch):
        lm = llama(tmp_path)
        base = AutoModel.from_pretrained(tmp_path)

        def refused(*given, **named):
            raise AssertionError("a whole model was loaded")

        monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", refused)
        assert torch.equal(to_lm_head(base).lm_head.weight, lm.lm_head.weight)
        assert verify(base, lm)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_files_in_shards(self, dtype, tmp_path):
        lm = llama(tmp_path / "one")
        lm.save_pretrained(tmp_path / "many", max_shard_size="5KB")
        assert len(list((tmp_path / "many").glob("*.safetensors"))) > 1
        base = AutoModel.from_pretrained(tmp_path / "many", dtype=dtype)
        again = to_lm_head(base)
        assert torch.equal(again.lm_head.weight, lm.lm_head.weight.to(dtype))
        assert verify(base, again), verify(base, again)

    def test_the_old_format_is_read_too(self, tmp_path):
        lm = llama(tmp_path)
        torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
        (tmp_path / "model.safetensors").unlink()
        base = AutoModel.from_pretrained(tmp_path)
        assert torch.equal(to_lm_head(base).lm_head.weight, lm.lm_head.weight) and verify(base, lm)

    def test_names_that_only_the_library_can_translate(self, tmp_path):
        lm = randomised(AutoModelForCausalLM.from_config(GPTNeoXConfig(**SIZES, tie_word_embeddings=False)))
        lm.save_pretrained(tmp_path)
        assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")
        base = AutoModel.from_pretrained(tmp_path)
        assert torch.equal(to_lm_head(base).get_output_embeddings().weight, lm.get_output_embeddings().weight)
        assert verify(base, lm)

    def test_a_file_without_prefixes_serves(self, tmp_path):
        lm = small(tie_word_embeddings=False)
        lm.save_pretrained(tmp_path)
        state = load_file(tmp_path / "model.safetensors")
        bare = {name.removeprefix("transformer."): value for name, value in state.items()}
        save_file(bare, tmp_path / "model.safetensors", metadata={"format": "pt"})
        base = GPT2Model.from_pretrained(tmp_path)
        assert verify(base, to_lm_head(base)) and verify(base, lm)

    def test_the_picture_calls_it_neither_tied_nor_broken(self):
        lm = small(tie_word_embeddings=False)
        drawn = pipeline(lm.transformer, lm)
        assert not drawn.is_tied and not drawn.wants_tie


@pytest.mark.parametrize("kind", MORE_THAN_A_MATRIX)
class TestAHeadThatIsMoreThanAMatrix:
    @pytest.fixture
    def saved(self, kind, tmp_path):
        lm = randomised(AutoModelForCausalLM.from_config(deepcopy(MORE_THAN_A_MATRIX[kind])))
        lm.save_pretrained(tmp_path)
        return tmp_path

    def test_is_compared_as_it_is(self, saved):
        base, lm = AutoModel.from_pretrained(saved), AutoModelForCausalLM.from_pretrained(saved)
        ids = torch.arange(3, 13)[None]
        hidden = base(ids).last_hidden_state
        assert not torch.allclose(hidden @ lm.get_output_embeddings().weight.T, lm(ids).logits, atol=1e-3)
        again = to_lm_head(base)
        assert torch.equal(again(ids).logits, lm(ids).logits)
        for pair in ((base, lm), (base, again), (to_base(lm), lm)):
            assert verify(*pair), verify(*pair)

    def test_and_found_wrong_where_it_is(self, saved):
        base, lm = AutoModel.from_pretrained(saved), AutoModelForCausalLM.from_pretrained(saved)
        with torch.no_grad():
            lm.get_output_embeddings().weight.add_(0.5 * torch.randn(lm.get_output_embeddings().weight.shape))
        assert not verify(base, lm) and "logits" in verify(base, lm).failed


def test_a_lost_bias_of_a_tied_head_is_called_by_its_name():
    lm = randomised(AutoModelForCausalLM.from_config(MORE_THAN_A_MATRIX["bias, tied"]))
    with pytest.raises(CourseError, match=r"lm_head\.bias") as error:
        to_lm_head(to_base(lm))
    assert "tie_word_embeddings" not in str(error.value)
    assert verify(to_base(lm), lm).unjudged == HEAD


def bart():
    return BartConfig(
        d_model=8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=8, decoder_ffn_dim=8, vocab_size=20, max_position_embeddings=32,
    )  # fmt: skip


def test_an_encoder_with_a_decoder_is_refused():
    config = T5Config(d_model=8, d_ff=8, num_layers=1, num_heads=2, d_kv=4, vocab_size=20)
    t5 = T5ForConditionalGeneration(config)
    for call in (
        lambda: to_base(t5),
        lambda: to_lm_head(T5Model(config)),
        lambda: to_lm_head(BartModel(bart())),
        lambda: verify(t5.encoder, t5),
    ):
        with pytest.raises(CourseError, match="an encoder and a decoder") as error:
            call()
        assert "編碼器" in error.value.text.zh and "already" not in error.value.text.en


def test_a_wrapper_without_an_embedding_is_refused():
    with pytest.raises(CourseError, match="BartDecoderWrapper") as error:
        to_base(BartForCausalLM(bart()))
    assert error.value.text.zh


def test_a_base_without_a_checkpoint_reads_nothing_from_the_current_folder(tmp_path, monkeypatch):
    GenerationConfig(max_new_tokens=77, do_sample=True).save_pretrained(tmp_path)
    monkeypatch.chdir(tmp_path)
    lm = small()
    assert to_lm_head(lm.transformer).generation_config.max_new_tokens is None
    assert verify(lm.transformer, lm), verify(lm.transformer, lm)
    untied = small(tie_word_embeddings=False)
    untied.save_pretrained(tmp_path)
    assert verify(untied.transformer, untied).unjudged == HEAD


class TestWhatVerifySees:
    def test_a_hook_inside_a_base_that_both_share(self):
        lm = small()
        handle = lm.transformer.h[0].mlp.register_forward_hook(lambda module, given, out: out * 0)
        report = verify(lm.transformer, lm)
        assert report.failed == ("logits",) and "transformer.h.0.mlp" in report["logits"].problem.en
        ids = torch.arange(5)[None]
        hooked = lm(ids).logits
        handle.remove()
        assert not torch.allclose(hooked, lm(ids).logits, atol=1e-3), "verify took the hook away for good"
        assert verify(lm.transformer, lm)

    def test_a_hook_that_changes_nothing_is_no_fault(self):
        lm = small()
        seen = []
        lm.transformer.h[0].register_forward_hook(lambda module, given, out: seen.append(1))
        lm.transformer.h[0].register_forward_pre_hook(lambda module, given: seen.append(0))
        assert verify(lm.transformer, lm)
        seen.clear()
        lm(torch.arange(5)[None])
        assert seen == [0, 1]

    def test_the_librarys_own_hooks_live_on(self):
        lm = small()
        lm(torch.arange(5)[None], output_hidden_states=True)
        assert verify(lm.transformer, lm)
        fresh = small()
        assert verify(fresh.transformer, fresh)
        for model in (lm, fresh):
            assert len(model(torch.arange(5)[None], output_hidden_states=True).hidden_states) == 3

    def test_two_names_of_one_activation_are_one(self):
        lm = small()
        config = deepcopy(lm.config)
        config.activation_function = "gelu_pytorch_tanh"
        other = GPT2LMHeadModel(config).eval()
        other.load_state_dict(lm.state_dict())
        assert verify(lm.transformer, other), verify(lm.transformer, other)
        config.activation_function = "gelu"
        other = GPT2LMHeadModel(config).eval()
        other.load_state_dict(lm.state_dict())
        assert "settings" in verify(lm.transformer, other).failed

    def test_frozen_parameters_are_not_and_its_text_says_so(self):
        lm = small()
        lm.transformer.requires_grad_(False)
        assert verify(lm.transformer, lm)
        assert "requires_grad" in verify.__doc__

    def test_nothing_is_changed_by_looking(self):
        lm = randomised(LlamaForCausalLM(LlamaConfig(**SIZES)))
        before = json.dumps(lm.config.to_dict(), default=str), set(map(id, lm.parameters()))
        verify(lm.model, lm)
        assert (json.dumps(lm.config.to_dict(), default=str), set(map(id, lm.parameters()))) == before
        assert lm.model.config is lm.config
