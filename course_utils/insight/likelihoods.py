"""How probable a model holds a text to be, token by token."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from .forward import as_found, check_head, text_ids
from .pieces import Token, tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, eq=False)
class TextLikelihood:
    """What a model thinks of a text, given its first token.

    `tokens`: all of them; `log_probabilities`: of each token but the first, given all before it, in nats:
    float64 [seq - 1]. A text of one token has none, and its figures are NaN.
    """

    tokens: tuple[Token, ...]
    log_probabilities: torch.Tensor

    @property
    def nats(self) -> float:
        """Return the negative log-likelihood of the whole text, in nats."""
        return -self.log_probabilities.sum().item()

    @property
    def loss(self) -> float:
        """Return the mean over the tokens, in nats per token: the library's `loss` for this text."""
        return -self.log_probabilities.mean().item()

    @property
    def perplexity(self) -> float:
        """Return exp(loss): among how many equally likely tokens the model wavers, on (geometric) average."""
        return math.exp(self.loss)

    @property
    def bits_per_byte(self) -> float:
        """Return the bits per UTF-8 byte, which do not depend on how a tokenizer cuts the text."""
        size = sum(len(token.bytes) for token in self.tokens[1:])
        return self.nats / math.log(2) / size if size else math.nan

    def __repr__(self) -> str:
        return f"TextLikelihood({len(self.tokens)} tokens)"


def likelihood(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str) -> TextLikelihood:
    """Return the log-probability of each token of `text` but the first, in one forward pass.

    `model`: one with an LM head. Raise CourseError for a model without one, or a text that is too long.
    """
    check_head(model)
    ids = text_ids(model, tokenizer, text)
    with as_found(model):
        logits = model(ids, use_cache=False).logits[0, :-1]
    log_probabilities = logits.cpu().double().log_softmax(dim=-1).gather(-1, ids[0, 1:, None].cpu())[:, 0]
    return TextLikelihood(tuple(tokens(tokenizer, text)), log_probabilities)
