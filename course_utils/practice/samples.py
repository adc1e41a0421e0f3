"""Small inputs for checking functions: the same at every call, and of odd sizes, so that nothing fits by chance."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model


def tiny_config(**changes: object) -> GPT2Config:
    """A GPT-2 with 97 tokens, 2 layers, 3 heads, width 24 and context 40."""
    sizes = {"vocab_size": 97, "n_positions": 40, "n_embd": 24, "n_layer": 2, "n_head": 3, **changes}
    end = sizes["vocab_size"] - 1
    return GPT2Config(**sizes, bos_token_id=end, eos_token_id=end)


def tiny_lm(seed: int = 0, **changes: object) -> GPT2LMHeadModel:
    """A random GPT-2 with its LM head, in eval mode; its weights are large enough for clear preferences."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GPT2LMHeadModel(tiny_config(initializer_range=0.25, **changes))
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:  # norms and biases as after training: not all ones, not all zeros
                parameter.data += 0.2 * torch.randn_like(parameter)
    return model.eval()


def tiny_base(seed: int = 0, **changes: object) -> GPT2Model:
    """The base model of `tiny_lm`."""
    return tiny_lm(seed, **changes).transformer


def random_ids(rows: int, length: int, seed: int = 0, vocab: int = 97) -> torch.Tensor:
    """Token ids, [rows, length]."""
    return torch.randint(vocab, (rows, length), generator=torch.Generator().manual_seed(seed))


def random_normal(*shape: int, seed: int = 0) -> torch.Tensor:
    """Numbers of the standard normal distribution."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
