"""What a model writes without chance: the best completions of a text, and the greedy continuation of a prompt."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from transformers import StoppingCriteriaList

from .decoding import prepare
from .forward import as_found
from .narrow import generate
from .pieces import decoded
from .samples import Watch

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def completions(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    ids: Sequence[int],
    *,
    choices: int,
    max_new_tokens: int,
) -> tuple[str, ...]:
    """Return what may follow `ids`, the most probable first: the results of a beam search with `choices` beams.

    Empty texts, half characters and what is there already are left out, so there may be fewer.
    """
    rows = torch.tensor([list(ids)], device=model.device)
    with as_found(model):
        found = generate(
            model,
            rows,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            num_beams=choices,
            num_return_sequences=choices,
            pad_token_id=tokenizer.eos_token_id,
        )
    texts = tokenizer.batch_decode(found[:, len(ids) :], skip_special_tokens=True)
    return tuple(dict.fromkeys(text for text in texts if text and "\ufffd" not in text))


def continuation(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompt: str,
    *,
    max_new_tokens: int,
    watch: Callable[[str], bool] | None = None,
) -> str:
    """Return the greedy continuation of a prompt, by the model as it is: in training mode, dropout acts.

    `watch` is called after each token with the text so far; writing stops once it returns False. Raise CourseError
    for a model without `generate`, or a prompt that leaves no room.
    """
    ids = prepare(model, tokenizer, prompt, max_new_tokens, {})

    def text(rows: torch.Tensor) -> str:
        return decoded(tokenizer, rows[0, ids.shape[1] :].tolist())

    criteria = [] if watch is None else [Watch(lambda rows: watch(text(rows)))]
    rows = generate(
        model,
        ids,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.eos_token_id,
        stopping_criteria=StoppingCriteriaList(criteria),
    )
    return text(rows)
