"""The logit lens: what the model would say next if it stopped after each layer.

After nostalgebraist, "interpreting GPT: the logit lens" (2020).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from .forward import as_found, check_head, text_ids
from .narrow import base_of
from .pieces import Token, id_label, tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, eq=False)
class LogitLens:
    """The most probable next token at each hidden state, read through the final norm and the head.

    Entry 0 reads the embeddings, entry i the output of block i, and the last one is the model's own answer.
    `ids`: int64 [layer + 1, seq]; `probabilities`: theirs, float32 [layer + 1, seq]; `labels`: how they are
    shown; `divergence`: KL(last entry ‖ this entry), nats, float32 [layer + 1, seq].
    """

    tokens: tuple[Token, ...]
    ids: torch.Tensor
    labels: tuple[tuple[str, ...], ...]
    probabilities: torch.Tensor
    divergence: torch.Tensor

    def __repr__(self) -> str:
        return f"LogitLens({len(self.ids)} entries, {len(self.tokens)} tokens)"


def logit_lens(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str) -> LogitLens:
    """Return what each layer would say comes after each token of `text`.

    The final norm `ln_f` is applied once to each hidden state; the last entry of `hidden_states` has been
    through it already. `model`: a GPT-2 with an LM head. Raise CourseError for a model without one, or a
    text that is too long.
    """
    check_head(model)
    ids = text_ids(model, tokenizer, text)
    with as_found(model):
        base = base_of(model)
        *raw, last = base(ids, output_hidden_states=True, use_cache=False).hidden_states
        # One entry after another: all of GPT-2's at once would take gigabytes.
        answer = _log_probabilities(model, last)
        norm = base.get_submodule("ln_f")
        entries = [_entry(_log_probabilities(model, norm(state)), answer) for state in raw]
        entries.append(_entry(answer, answer))
    best, probabilities, divergence = map(torch.stack, zip(*entries, strict=True))
    return LogitLens(
        tokens=tuple(tokens(tokenizer, text)),
        ids=best,
        labels=tuple(tuple(id_label(tokenizer, one) for one in row) for row in best.tolist()),
        probabilities=probabilities,
        divergence=divergence,
    )


def _log_probabilities(model: "PreTrainedModel", normed: torch.Tensor) -> torch.Tensor:
    """Return what the head makes of states after `ln_f`: [1, seq, hidden] -> float64 [seq, vocab]."""
    return model.get_output_embeddings()(normed)[0].cpu().double().log_softmax(dim=-1)


def _entry(said: torch.Tensor, answer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the best ids, their probabilities and KL(answer ‖ said) in nats, each [seq]."""
    best = said.max(dim=-1)
    divergence = (answer.exp() * (answer - said)).sum(dim=-1).clamp(min=0)
    return best.indices, best.values.exp().float(), divergence.float()
