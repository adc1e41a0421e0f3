"""A tiny GPT-2 with random weights, and a tokenizer that knows bytes alone."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from course_utils import BUNDLED, insight

END = "<|endoftext|>"


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """256 bytes, and an end-of-text token with the id 256."""
    alphabet = {char: at for at, char in enumerate(sorted(insight.byte_alphabet()))}
    core = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([END])
    return PreTrainedTokenizerFast(tokenizer_object=core, eos_token=END)


def build(seed: int = 0, scale: float = 1.0, **sizes: int) -> GPT2LMHeadModel:
    """A tiny GPT-2 for these tokens; `scale` sharpens what it expects."""
    torch.manual_seed(seed)
    settings = {
        "n_layer": 2,
        "n_head": 2,
        "n_embd": 16,
        "n_positions": 48,
        "vocab_size": 257,
        "bos_token_id": 256,
        "eos_token_id": 256,
    } | sizes
    model = GPT2LMHeadModel(GPT2Config(**settings)).eval()
    with torch.no_grad():
        model.transformer.wte.weight.mul_(scale)
    return model


def checkpoint_in(folder: Path) -> Path:
    """Write a tiny checkpoint into the folder, with random weights and the bundled model's tokenizer; return the folder.

    Where a test is not about a lesson's claims, it runs the lesson on it.
    """
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED)
    tokenizer.save_pretrained(folder)
    end = tokenizer.eos_token_id
    build(
        n_head=3, n_embd=24, n_positions=512, vocab_size=len(tokenizer), bos_token_id=end, eos_token_id=end
    ).save_pretrained(folder)
    return folder
