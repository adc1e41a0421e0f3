"""The conversions: an LM head around a base model, and the base model inside a model with a head."""

import warnings
from copy import deepcopy
from typing import TYPE_CHECKING, overload

from ..insight.narrow import base_of
from ..texts import Bilingual, CourseError
from .library import around, fill, head_in_checkpoint
from .required import require_base, require_embedding, require_model, require_weights
from .stored import generation_config as stored_generation_config

if TYPE_CHECKING:
    from transformers import GenerationConfig, GPT2LMHeadModel, GPT2Model, PreTrainedModel


@overload
def to_lm_head(
    base: "GPT2Model", *, copy: bool = False, generation_config: "GenerationConfig | None" = None
) -> "GPT2LMHeadModel": ...
@overload
def to_lm_head(
    base: "PreTrainedModel", *, copy: bool = False, generation_config: "GenerationConfig | None" = None
) -> "PreTrainedModel": ...
def to_lm_head(
    base: "PreTrainedModel", *, copy: bool = False, generation_config: "GenerationConfig | None" = None
) -> "PreTrainedModel":
    """Return a model with an LM head around `base`, in evaluation mode; for GPT-2 a GPT2LMHeadModel.

    The new model holds `base` itself, not a copy, and shares its configuration: train one and you train the other.
    With `copy=True` it gets weights of its own. A tied head is the embedding. What only the head has (all of it
    with `tie_word_embeddings=False`, the bias of some tied heads) is not in `base`, and is read from the checkpoint
    that `base` was loaded from; if `base` has been changed since, a UserWarning says that the head has not.
    `generation_config`: else the one of that checkpoint is taken, else the library's own.

    Raise CourseError if `base` is no base model, or the weights of the head are nowhere to be found.
    """
    require_base(base)
    require_weights(base)
    base = deepcopy(base) if copy else base
    built = around(base)
    head = head_in_checkpoint(base, built)
    if head.lacking:
        raise CourseError(
            f"`{head.lacking[0]}` is a weight that only the head has: the base model does not hold it, nor was it found "
            "in the base's checkpoint. Load the whole model instead: AutoModelForCausalLM.from_pretrained(folder).",
            f"`{head.lacking[0]}` 是輸出層自己的權重，不在基礎模型裡，在它的檢查點裡也找不到。"
            "請改為載入整個模型：AutoModelForCausalLM.from_pretrained(folder)。",
        )
    if head.changed is not None:
        warnings.warn(
            str(
                Bilingual(
                    f"The head comes from {base.name_or_path}, but the base was changed after loading "
                    f"(`{head.changed}`): the two may not fit. Train and save the whole model, not its base alone.",
                    f"輸出層取自 {base.name_or_path}，但基礎模型在載入之後改動過（`{head.changed}`），兩者不一定相配。"
                    "請訓練並儲存整個模型，不要只處理裡面的基礎模型。",
                )
            ),
            stacklevel=2,
        )
    fill(built.lm, head.values)
    known = generation_config or stored_generation_config(base)
    if known is not None:
        built.lm.generation_config = deepcopy(known)
    return built.lm.eval()


def to_base(model: "PreTrainedModel", *, copy: bool = False) -> "PreTrainedModel":
    """Return the base model inside a model with any head, in evaluation mode; for GPT-2 a GPT2Model.

    It is the very module, shared memory and all, and then `model` is put in evaluation mode with it; with
    `copy=True` it is a copy with weights of its own, and `model` stays as it was.
    Raise CourseError if `model` has no head, has an encoder and a decoder, or is no model of transformers.
    """
    require_model(model)
    if model.base_model is model:
        if model.get_output_embeddings() is not None:
            raise CourseError(
                f"{type(model).__name__} has a head, but no part of it is named as its base model.",
                f"{type(model).__name__} 有輸出層，但沒有標明哪一部分是基礎模型。",
            )
        raise CourseError(
            f"{type(model).__name__} is a base model already: use it as it is.",
            f"{type(model).__name__} 本來就是基礎模型，直接使用就好。",
        )
    base = base_of(model)
    require_embedding(base)
    if copy:
        return deepcopy(base).eval()
    model.eval()
    return base
