"""Small inputs for checking functions: the same at every call, and of odd sizes, so that nothing fits by chance."""

from typing import TypedDict, TypeVar, Unpack

import torch
from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel, GPT2Model

_M = TypeVar("_M", bound=torch.nn.Module)


class Sizes(TypedDict, total=False):
    """What can be otherwise in a small model."""

    vocab_size: int
    n_positions: int
    n_embd: int
    n_layer: int
    n_head: int
    tie_word_embeddings: bool


class _Settings(Sizes, total=False):
    initializer_range: float


def tiny_config(**changes: Unpack[_Settings]) -> GPT2Config:
    """A GPT-2 with 97 tokens, 2 layers, 3 heads, width 24 and context 40."""
    sizes = _Settings(vocab_size=97, n_positions=40, n_embd=24, n_layer=2, n_head=3)
    sizes.update(changes)
    end = sizes["vocab_size"] - 1
    return GPT2Config(**sizes, bos_token_id=end, eos_token_id=end)


def tiny_lm(seed: int = 0, **changes: Unpack[Sizes]) -> GPT2LMHeadModel:
    """A random GPT-2 with its LM head, in eval mode; its weights are large enough for clear preferences."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _as_trained(GPT2LMHeadModel(tiny_config(initializer_range=0.25, **changes)))


def _as_trained(model: _M) -> _M:
    """Norms and biases that are not all ones and not all zeros; and eval mode."""
    for parameter in model.parameters():
        if parameter.ndim == 1:
            parameter.data += 0.2 * torch.randn_like(parameter)
    return model.eval()


def tiny_classifier(
    seed: int = 0, *, num_labels: int = 2, **changes: Unpack[Sizes]
) -> GPT2ForSequenceClassification:
    """A random classifier of texts, as `tiny_lm`; its padding token is the last of the vocabulary."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = tiny_config(initializer_range=0.25, **changes)
        config.pad_token_id, config.num_labels = config.vocab_size - 1, num_labels
        return _as_trained(GPT2ForSequenceClassification(config))


def tiny_base(seed: int = 0, **changes: Unpack[Sizes]) -> GPT2Model:
    """The base model of `tiny_lm`."""
    return tiny_lm(seed, **changes).transformer


def random_ids(rows: int, length: int, seed: int = 0, vocab: int = 97) -> torch.Tensor:
    """Token ids, [rows, length]."""
    return torch.randint(vocab, (rows, length), generator=torch.Generator().manual_seed(seed))


def random_normal(*shape: int, seed: int = 0) -> torch.Tensor:
    """Numbers of the standard normal distribution."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
