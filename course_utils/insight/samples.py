"""Several sampled continuations of one prompt, watched while they grow, and the call that gives them again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from ..texts import CourseError
from .decoding import prepare
from .forward import as_found
from .narrow import generate
from .pieces import decoded
from .sampling import Sampling

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MOST_SAMPLES = 4
MOST_SEEDS = 2**31


@dataclass(frozen=True)
class Samples:
    """Continuations of `prompt`: `texts` as far as they are written, `ended` which of them came to their end.

    `steps`: tokens written so far; `call`: the code that gives exactly these texts again, for `lm` and `tokenizer`.
    """

    prompt: str
    texts: tuple[str, ...]
    ended: tuple[bool, ...]
    steps: int
    call: str


def sample(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: str,
    sampling: Sampling,
    *,
    seed: int = 0,
    max_new_tokens: int = 40,
    samples: int = 1,
    watch: Callable[[Samples], bool] | None = None,
) -> Samples:
    """Return continuations of `prompt`, drawn by `generate` in one batch.

    `watch` is called after each token with what is there so far; generation stops once it returns False.
    The random state of torch is left as it was. Raise CourseError for numbers out of range, a model without
    `generate`, or a text that would become too long.
    """
    _check("samples", samples, 1, MOST_SAMPLES)
    _check("seed", seed, 0, MOST_SEEDS - 1)
    ids = prepare(model, tokenizer, prompt, max_new_tokens, {})
    start = ids.shape[1]

    def so_far(rows: torch.Tensor) -> Samples:
        texts, ended = zip(*(_text(tokenizer, row) for row in rows[:, start:].tolist()), strict=True)
        steps = rows.shape[1] - start
        wanted = max_new_tokens if all(ended) else steps
        return Samples(prompt, texts, ended, steps, _call(tokenizer, prompt, sampling, seed, wanted, samples))

    criteria = [] if watch is None else [Watch(lambda rows: watch(so_far(rows)))]
    with torch.random.fork_rng(), as_found(model):
        torch.manual_seed(seed)
        rows = generate(
            model,
            ids,
            **sampling.options(),
            max_new_tokens=max_new_tokens,
            num_return_sequences=samples,
            pad_token_id=tokenizer.eos_token_id,
            stopping_criteria=StoppingCriteriaList(criteria),
        )
    return so_far(rows)


class Watch(StoppingCriteria):
    """Shows every step to a function, and stops all rows once it returns False."""

    def __init__(self, go_on: Callable[[torch.Tensor], bool]) -> None:
        self.go_on = go_on

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: object) -> torch.Tensor:
        return torch.full((len(input_ids),), not self.go_on(input_ids), device=input_ids.device)


def _text(tokenizer: "PreTrainedTokenizerBase", ids: list[int]) -> tuple[str, bool]:
    """Return the text up to the end-of-text token, and whether there is one."""
    end = tokenizer.eos_token_id
    ended = end in ids
    return decoded(tokenizer, ids[: ids.index(end)] if ended else ids), ended


def _check(name: str, value: int, least: int, most: int) -> None:
    if not isinstance(value, int) or not least <= value <= most:
        raise CourseError(
            f"{name} must be a whole number from {least} to {most}, not {value}.",
            f"{name} 必須是 {least} 到 {most} 的整數，不能是 {value}。",
        )


def _call(
    tokenizer: "PreTrainedTokenizerBase", prompt: str, sampling: Sampling, seed: int, new: int, samples: int
) -> str:
    options = ", ".join(f"{name}={value!r}" for name, value in sampling.options().items())
    return (
        f"torch.manual_seed({seed})\n"
        f'inputs = tokenizer({prompt or tokenizer.eos_token!r}, return_tensors="pt")\n'
        f"output = lm.generate(\n    **inputs, {options},\n"
        f"    max_new_tokens={new}, num_return_sequences={samples}, pad_token_id=tokenizer.eos_token_id,\n)\n"
        f'print(*tokenizer.batch_decode(output), sep="\\n\\n")'
    )
