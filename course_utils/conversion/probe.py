"""The check that runs both models: the logits of the library's class around the base, against those of `lm`."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from ..insight.forward import as_found
from ..insight.narrow import embedding_of
from ..texts import Bilingual
from .checks import NO_CLASS, Pair
from .library import Around, Head, fill
from .report import Doubt, Problem
from .tensors import named_tensors

PROBE_TOKENS = 16
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 3e-2}


def logits(pair: Pair) -> Problem | Doubt | None:
    """Both give the same logits on probe inputs, within a tolerance that scales with them."""
    if pair.library is None or pair.head is None:
        return NO_CLASS
    try:
        wanted, found = _probe(pair, pair.library, pair.head)
    except Exception as error:  # a wrong conversion can fail in as many ways as there are kinds of it
        what = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        return Problem(
            f"The probe does not run ({what}). Mend the other checks first, or build again: to_lm_head(base)",
            f"試算無法執行（{what}）。請先修正其他檢查，或重建：to_lm_head(base)",
        )
    if wanted.shape != found.shape:
        return Problem(
            f"The logits have shape {list(found.shape)}, not {list(wanted.shape)}: the head has another vocabulary.",
            f"logits 的形狀是 {list(found.shape)}，不是 {list(wanted.shape)}，可見輸出層的詞彙表不同。",
        )
    off = (wanted.double() - found.double()).abs().max().item()
    scale = max(1.0, wanted.double().abs().max().item())
    coarsest = max(TOLERANCE.get(tensor.dtype, 1e-5) for tensor in (wanted, found))
    if off <= coarsest * scale:  # false for NaN, too
        return pair.head.doubt
    return _off(pair, off)


def _off(pair: Pair, off: float) -> Problem:
    hooked = [name or "lm" for name, module in pair.lm.named_modules() if _hooks(module)]
    where = ", ".join(hooked[:4]) + " …" * (len(hooked) > 4)
    advice = (
        Bilingual(f"There are hooks on: {where}.", f"這些模組掛了 hook（算完就被呼叫的函式）：{where}。")
        if hooked
        else Bilingual(
            "If they all hold, look for a forward() of its own.",
            "如果其他檢查都成立，請找找看有沒有改寫過的 forward()。",
        )
    )
    return Problem(
        f"The logits are off by up to {off:.2g}. Mend the other checks. {advice.en}",
        f"logits 最多差了 {off:.2g}。請先修正其他檢查。{advice.zh}",
    )


def _probe(pair: Pair, library: Around, head: Head) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits of the library's class around the base, and those of `lm`: [2, seq, vocab], on the CPU.

    What only the head has comes from the checkpoint, where that is a measure, else from `lm` itself.
    """
    base, lm = pair.base, pair.lm
    vocabulary = min(len(embedding_of(base).weight), len(embedding_of(lm).weight))
    room = getattr(base.config, "max_position_embeddings", None) or 0
    length = min(PROBE_TOKENS, room) if room > 0 else PROBE_TOKENS  # XLNet, without a limit, says -1
    ids = torch.randint(vocabulary, (2, length), generator=torch.Generator().manual_seed(0))
    reference = library.lm
    theirs = dict(named_tensors(lm))
    judged = head.doubt is None
    fill(reference, head.values if judged else {names: theirs[names[0]] for names in library.own})
    with as_found(reference), _without_hooks(base):
        wanted = reference(ids.to(base.device), use_cache=False).logits
    with as_found(lm):
        found = lm(ids.to(lm.device), use_cache=False).logits
    return wanted.cpu(), found.cpu()


def _hooks(module: nn.Module) -> list:
    """The forward hooks of a module that the library has not put there itself."""
    hooks = [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
    return [hook for hook in hooks if not (getattr(hook, "__module__", "") or "").startswith("transformers.")]


@contextmanager
def _without_hooks(model: nn.Module) -> Iterator[None]:
    """Take the forward hooks away; afterwards they are back, in their order, before any that came meanwhile."""
    kept = [
        (hooks, dict(hooks))
        for module in model.modules()
        for hooks in (module._forward_pre_hooks, module._forward_hooks)
    ]
    for hooks, _ in kept:
        hooks.clear()
    try:
        yield
    finally:
        for hooks, before in kept:
            since = dict(hooks)
            hooks.clear()
            hooks.update({**before, **since})
