"""Small inputs for checking functions: the same at every call, and of odd sizes, so that nothing fits by chance."""

import torch
from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel, GPT2Model


def tiny_config(**changes: object) -> GPT2Config:
    """A GPT-2 with 97 tokens, 2 layers, 3 heads, width 24 and context 40."""
    sizes = {"vocab_size": 97, "n_positions": 40, "n_embd": 24, "n_layer": 2, "n_head": 3, **changes}
    end = sizes["vocab_size"] - 1
    return GPT2Config(**sizes, bos_token_id=end, eos_token_id=end)


def tiny_lm(seed: int = 0, **changes: object) -> GPT2LMHeadModel:
    """A random GPT-2 with its LM head, in eval mode; its weights are large enough for clear preferences."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _as_trained(GPT2LMHeadModel(tiny_config(initializer_range=0.25, **changes)))


def _as_trained(model: torch.nn.Module) -> torch.nn.Module:
    """Norms and biases that are not all ones and not all zeros; and eval mode."""
    for parameter in model.parameters():
        if parameter.ndim == 1:
            parameter.data += 0.2 * torch.randn_like(parameter)
    return model.eval()


def tiny_classifier(seed: int = 0, **changes: object) -> GPT2ForSequenceClassification:
    """A random classifier of texts, as `tiny_lm`; its padding token is the last of the vocabulary."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = tiny_config(initializer_range=0.25, **changes)
        config.pad_token_id = config.eos_token_id
        return _as_trained(GPT2ForSequenceClassification(config))


def tiny_base(seed: int = 0, **changes: object) -> GPT2Model:
    """The base model of `tiny_lm`."""
    return tiny_lm(seed, **changes).transformer


def random_ids(rows: int, length: int, seed: int = 0, vocab: int = 97) -> torch.Tensor:
    """Token ids, [rows, length]."""
    return torch.randint(vocab, (rows, length), generator=torch.Generator().manual_seed(seed))


def random_normal(*shape: int, seed: int = 0) -> torch.Tensor:
    """Numbers of the standard normal distribution."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
