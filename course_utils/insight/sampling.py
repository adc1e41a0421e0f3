"""What each sampling setting does to the next token's distribution, one after the other, as `generate` applies them."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    LogitsProcessor,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from ..texts import CourseError
from .forward import as_found, check_head, text_ids
from .pieces import decoded, id_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LEAST_TEMPERATURE = 0.01
"""Below it the logits of a float32 model can overflow; `do_sample=False` is what temperature 0 means."""


@dataclass(frozen=True)
class Sampling:
    """The settings of `generate(do_sample=True)`; as they stand here, none of them changes anything.

    Raise CourseError for a value that `generate` would refuse.
    """

    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        rules = (
            ("repetition_penalty", self.repetition_penalty > 0, "above 0", "必須大於 0"),
            ("temperature", self.temperature >= LEAST_TEMPERATURE, f"at least {LEAST_TEMPERATURE}",
             f"必須至少是 {LEAST_TEMPERATURE}"),
            ("top_k", isinstance(self.top_k, int) and self.top_k >= 0, "0 (off) or a whole number above it",
             "必須是 0（不用）或正整數"),
            ("top_p", 0 < self.top_p <= 1, "above 0 and at most 1", "必須大於 0，最多是 1"),
            ("min_p", 0 <= self.min_p <= 1, "from 0 to 1", "必須是 0 到 1"),
        )  # fmt: skip
        for name, holds, en, zh in rules:
            if not holds:
                raise CourseError(
                    f"{name} must be {en}, not {getattr(self, name)}.",
                    f"{name} {zh}，不能是 {getattr(self, name)}。",
                )

    def options(self) -> dict[str, Any]:
        """Return the arguments of `generate` that ask for exactly this, whatever the checkpoint's own settings are."""
        return {"do_sample": True, **asdict(self)}


@dataclass(frozen=True, eq=False)
class Filtered:
    """The next token's distribution before and after each setting that is in use.

    `stages`: "model", then the names of these settings in the order of `generate`; `probabilities`: float32
    [stage, vocab], the last row is what a token is drawn from; `kept`: how many tokens have a probability above
    0 at each stage, int64 [stage]; `ids`, `labels`: the tokens that reach the highest probability at any stage.
    """

    prompt: str
    stages: tuple[str, ...]
    probabilities: torch.Tensor
    ids: tuple[int, ...]
    labels: tuple[str, ...]

    @property
    def shown(self) -> list[list[float]]:
        """Return the probabilities of the tokens in `ids`, at each stage."""
        return self.probabilities[:, list(self.ids)].tolist()

    @property
    def rest(self) -> list[float]:
        """Return the probability of all other tokens together, at each stage."""
        return (1 - self.probabilities[:, list(self.ids)].sum(dim=-1)).clamp(min=0, max=1).tolist()

    @property
    def kept(self) -> torch.Tensor:
        """Return the number of tokens left at each stage."""
        return (self.probabilities > 0).sum(dim=-1)

    def __repr__(self) -> str:
        return f"Filtered({' → '.join(self.stages)}, {self.probabilities.shape[-1]} tokens)"


@dataclass(frozen=True, eq=False)
class Reading:
    """A prompt that the model has read once: `ids` [1, seq] and the next token's `logits` [1, vocab], on the CPU.

    `filtered` then costs no forward pass.
    """

    prompt: str
    ids: torch.Tensor
    logits: torch.Tensor
    tokenizer: "PreTrainedTokenizerBase"

    def filtered(self, sampling: Sampling, k: int = 10) -> Filtered:
        """Return what the settings make of the distribution, with the library's own processors; `k` tokens by name."""
        stages, scores = ["model"], [self.logits]
        for name, processor in _processors(sampling):
            stages.append(name)
            scores.append(processor(self.ids, scores[-1]))
        probabilities = torch.cat(scores).softmax(dim=-1)
        best = probabilities.amax(dim=0).sort(descending=True, stable=True).indices[:k].tolist()
        labels = tuple(id_label(self.tokenizer, token_id) for token_id in best)
        return Filtered(self.prompt, tuple(stages), probabilities, tuple(best), labels)


def read_prompt(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", prompt: "str | Sequence[int]"
) -> Reading:
    """Let the model read `prompt`, text or ids; an empty one is the end-of-text token.

    Raise CourseError for a model without an LM head, or a prompt that is too long.
    """
    check_head(model)
    ids = text_ids(model, tokenizer, prompt)
    with as_found(model):
        logits = model(ids, use_cache=False, logits_to_keep=1).logits[:, -1]
    text = prompt if isinstance(prompt, str) else decoded(tokenizer, prompt)
    return Reading(text, ids.cpu(), logits.float().cpu(), tokenizer)


def filters(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: str,
    sampling: Sampling,
    k: int = 10,
) -> Filtered:
    """Return the next token's distribution after `prompt`, before and after each setting. Errors: `read_prompt`."""
    return read_prompt(model, tokenizer, prompt).filtered(sampling, k)


def _processors(sampling: Sampling) -> list[tuple[str, LogitsProcessor]]:
    """Return the processors in use, in the order of transformers' `_get_logits_processor` (5.24)."""
    found: list[tuple[str, LogitsProcessor]] = []
    if sampling.repetition_penalty != 1:
        found.append(("repetition_penalty", RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty)))
    if sampling.temperature != 1:
        found.append(("temperature", TemperatureLogitsWarper(float(sampling.temperature))))
    if sampling.top_k != 0:
        found.append(("top_k", TopKLogitsWarper(sampling.top_k)))
    if sampling.top_p < 1:
        found.append(("top_p", TopPLogitsWarper(sampling.top_p)))
    if sampling.min_p > 0:
        found.append(("min_p", MinPLogitsWarper(sampling.min_p)))
    return found
