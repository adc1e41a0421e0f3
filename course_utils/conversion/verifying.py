"""`verify`: all checks of a pair, in order."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..texts import Bilingual, CourseError
from . import checks
from .checks import Pair
from .library import around, head_in_checkpoint
from .probe import logits
from .report import Check, Doubt, Problem, Report
from .required import require_base, require_model
from .stored import generation_config as stored_generation_config

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedModel

_CHECKS: dict[str, tuple[Bilingual, Callable[[Pair], Problem | Doubt | None]]] = {
    "tie": (Bilingual("the head is the embedding, as the configuration says", "輸出層與嵌入的綁定和設定一致"), checks.tie),
    "keys": (Bilingual("the same names and shapes", "名稱與形狀相同"), checks.keys),
    "weights": (Bilingual("the same values, the head's own included", "數值相同，包括輸出層自己的權重"), checks.weights),
    "dtype": (Bilingual("the same data types", "資料型別相同"), checks.dtype),
    "settings": (Bilingual("built with the same settings", "建立時的設定相同"), checks.settings),
    "logits": (Bilingual("the same logits on probe inputs", "試算的 logits 相同"), logits),
    "mode": (Bilingual("every module in evaluation mode", "每個模組都在評估模式"), checks.mode),
    "generation": (Bilingual("the checkpoint's settings of generate()", "generate() 的設定和檢查點一致"), checks.generation),
}  # fmt: skip


def verify(
    base: "PreTrainedModel", lm: "PreTrainedModel", *, generation_config: "GenerationConfig | None" = None
) -> Report:
    """Compare a base model with a model that should be it plus an LM head; neither is changed.

    The checks: `tie` (the head is the embedding, if the configuration says so), `keys` (names and shapes of all
    tensors), `weights` (their values, to the bit), `dtype`, `settings` (configuration and modules: heads,
    epsilon, …), `logits` (those of the library's own class around `base`, on probe inputs, within a tolerance
    that scales), `mode` (every module in evaluation mode), `generation` (the settings of `generate()` are those of
    the checkpoint that `base` was loaded from, or the given `generation_config`; with neither, there must be some).

    What only the head has (all of it with `tie_word_embeddings=False`, the bias of some tied heads) is not in `base`:
    it is compared with the checkpoint that `base` was loaded from. Where there is none, or `base` has been changed
    since, `weights` and `logits` cannot be judged, and the report is not true.

    What it cannot see:
    - what is wrong in `base` itself: `base` is the measure, and a tensor that both models share is compared with
      itself;
    - other inputs than two rows of at most 16 random ids: padding, a mask, the cache, long texts;
    - frozen parameters (`requires_grad`), an optimizer that holds other tensors: what shows in training only;
    - a `forward()` put in the place of a module's own, where both models share that module (forward hooks it does
      see: `base` is computed without them);
    - the tokenizer, special tokens, and labels.

    Raise CourseError for anything but a base model and a model with an LM head, in this order, and for models with
    an encoder and a decoder.
    """
    require_base(base)
    require_model(lm)
    if lm.base_model is lm or lm.get_output_embeddings() is None:
        raise CourseError(
            f"{type(lm).__name__} has no LM head: call verify(base, lm), the base model first.",
            f"{type(lm).__name__} 沒有 LM head。請寫成 verify(base, lm)，基礎模型在前。",
        )
    pair = _pair(base, lm, generation_config or stored_generation_config(base))
    return Report(tuple(_check(name, asks, find(pair)) for name, (asks, find) in _CHECKS.items()))


def _pair(base: "PreTrainedModel", lm: "PreTrainedModel", wanted: "GenerationConfig | None") -> Pair:
    try:
        built = around(base)
    except CourseError:
        return Pair(base, lm, None, None, wanted)
    return Pair(base, lm, built, head_in_checkpoint(base, built), wanted)


def _check(name: str, asks: Bilingual, found: Problem | Doubt | None) -> Check:
    return Check(name, asks, doubt=found) if isinstance(found, Doubt) else Check(name, asks, found)
