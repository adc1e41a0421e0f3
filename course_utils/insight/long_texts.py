"""Writing on for as long as you like: when the context is full it slides, and the oldest tokens are forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from transformers import StoppingCriteriaList

from ..texts import CourseError
from .forward import as_found, check_head
from .narrow import generate
from .samples import Watch
from .sampling import Sampling

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class LongText:
    """`ids`: all tokens, old and new; `start`: where the new ones begin; `forgotten`: how many of the oldest the model
    can no longer see; `ended`: whether it wrote the end-of-text token, which is not among the ids."""

    ids: tuple[int, ...]
    start: int
    forgotten: int
    ended: bool


def write_on(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    ids: Sequence[int],
    sampling: Sampling,
    *,
    max_new_tokens: int,
    forgotten: int = 0,
    seed: int = 0,
    watch: Callable[[LongText], bool] | None = None,
) -> LongText:
    """Return `ids` with up to `max_new_tokens` more, drawn by `generate`; the text may grow longer than the context.

    When the context is full, the older half of it is forgotten and the model goes on from the rest. (A position has a
    learned vector of its own, so that the cache cannot be moved: the rest is read anew.) `forgotten`: how many tokens
    were forgotten before. `watch` is called after each token; writing stops once it returns False. The random state of
    torch is left as it was. Raise CourseError for an empty text, a number below 1, or a model without an LM head.
    """
    check_head(model)
    if not ids or max_new_tokens < 1:
        raise CourseError(
            "There must be a token to go on from, and at least 1 to write.",
            "至少要有一個 token 可以接，也至少要寫 1 個。",
        )
    text = LongText(tuple(ids), len(ids), forgotten, False)
    stopped = False

    def grown(rows: torch.Tensor, read: int) -> LongText:
        new = rows[0, read:].tolist()
        ended = tokenizer.eos_token_id in new
        new = new[: new.index(tokenizer.eos_token_id)] if ended else new
        return LongText((*text.ids, *new), text.start, text.forgotten, ended)

    with torch.random.fork_rng(), as_found(model):
        torch.manual_seed(seed)
        while not (stopped or text.ended) and (left := max_new_tokens - (len(text.ids) - text.start)) > 0:
            text, context = _slid(text, model.config.max_position_embeddings)
            rows = torch.tensor([context], device=model.device)

            def go_on(rows: torch.Tensor, read: int = len(context)) -> bool:
                nonlocal stopped
                stopped = watch is not None and not watch(grown(rows, read))
                return not stopped

            rows = generate(
                model,
                rows,
                **sampling.options(),
                max_new_tokens=min(left, model.config.max_position_embeddings - len(context)),
                pad_token_id=tokenizer.eos_token_id,
                stopping_criteria=StoppingCriteriaList([Watch(go_on)]),
            )
            text = grown(rows, len(context))
    return text


def _slid(text: LongText, limit: int) -> tuple[LongText, tuple[int, ...]]:
    """Return the text with as much forgotten as makes room for a new token, and what the model still reads."""
    forgotten = text.forgotten
    if len(text.ids) - forgotten >= limit:
        forgotten = len(text.ids) - max(limit // 2, 1)
    return LongText(text.ids, text.start, forgotten, text.ended), text.ids[forgotten:]
