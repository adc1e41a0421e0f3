"""A GPT-2 with an LM head part by part, beside its base: what `show.pipeline` draws."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel, GPT2Model


@dataclass(frozen=True)
class Part:
    """A part of the pipeline: its name, such as `h[2]`, and whether it computes in `lm` what it does in `base`."""

    name: str
    is_same: bool


@dataclass(frozen=True)
class Pipeline:
    """A model with an LM head part by part, beside the base model it should hold.

    `parts`: `wte + wpe`, each block, `ln_f`; `is_tied`: the head is the embedding, `is_training`: some module is
    in training mode; `wants_tie`: the configuration says that the head is the embedding.
    """

    parts: tuple[Part, ...]
    is_tied: bool
    is_training: bool
    wants_tie: bool = True


def pipeline(base: "GPT2Model", lm: "GPT2LMHeadModel") -> Pipeline:
    """Return a GPT-2 with an LM head part by part, beside the base model `base`: what `show.pipeline` draws."""
    inner = lm.transformer
    parts = (
        Part("wte + wpe", _equal(base.wte, inner.wte) and _equal(base.wpe, inner.wpe)),
        *(Part(f"h[{at}]", _equal(*blocks)) for at, blocks in enumerate(zip(base.h, inner.h, strict=True))),
        Part("ln_f", _equal(base.ln_f, inner.ln_f)),
    )
    tied = lm.get_output_embeddings().weight is lm.get_input_embeddings().weight
    training = any(module.training for module in lm.modules())
    return Pipeline(parts, tied, training, bool(base.config.tie_word_embeddings))


def _equal(one: nn.Module, other: nn.Module) -> bool:
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))
