"""The library's own class with an LM head around a base model, and the weights that only its head has."""

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from ..insight.narrow import embedding_of
from ..texts import CourseError
from .report import Doubt
from .stored import Stored, checkpoint_config, first_change, loaded_whole, stored_tensors
from .tensors import named_tensors

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Names = tuple[str, ...]  # every name of one tensor


@dataclass(frozen=True)
class Around:
    """The library's class with an LM head around a base: `lm` holds the base itself, tied as its configuration says.

    `own`: the tensors that `base` does not hold and that no tie supplies, still without numbers, each with all its
    names. `inside`: the names of what the class wants in its base.
    """

    lm: "PreTrainedModel"
    own: tuple[Names, ...]
    inside: frozenset[str]


def around(base: "PreTrainedModel") -> Around:
    """Build it. Raise CourseError if the library has no such class."""
    lm = _empty_shell(base)
    inside = frozenset(lm.base_model.state_dict())
    setattr(lm, lm.base_model_prefix, base)
    lm.config = base.config
    lm.tie_weights()
    within = {id(value) for _, value in named_tensors(base)}
    own: dict[int, list[str]] = {}
    for name, value in named_tensors(lm):
        if value.is_meta and id(value) not in within:
            own.setdefault(id(value), []).append(name)
    return Around(lm, tuple(map(tuple, own.values())), inside)


def fill(lm: "PreTrainedModel", values: dict[Names, torch.Tensor]) -> None:
    """Give tensors of `lm` their values, under all of their names, with the device and data type of its base."""
    like = next(lm.base_model.parameters())
    for names, value in values.items():
        tensor = nn.Parameter(value.detach().to(device=like.device, dtype=like.dtype))
        for name in names:
            owner, _, attribute = name.rpartition(".")
            setattr(lm.get_submodule(owner), attribute, tensor)


@dataclass(frozen=True)
class Head:
    """What the checkpoint of a base model says of the weights that only its head has.

    `values`: those that it holds, in the right shape; `lacking`: a name of each that it does not; `changed`: the
    name of a tensor of the base that is not as in the checkpoint any more, so that the head need not fit it.
    """

    values: dict[Names, torch.Tensor]
    lacking: Names
    changed: str | None

    @property
    def doubt(self) -> Doubt | None:
        """Say why the checkpoint cannot be the measure, None if it can."""
        if self.lacking:
            names = ", ".join(f"`{name}`" for name in self.lacking)
            return Doubt(
                f"The base does not hold {names}, and no checkpoint that does was found: whether it is right cannot be "
                "judged from here.",
                f"基礎模型裡沒有 {names}，也找不到存有它的檢查點可以比對，因此無法判斷對不對。",
            )
        if self.changed is not None:
            return Doubt(
                f"The base is no longer what its checkpoint holds (`{self.changed}`), so that checkpoint is no measure "
                "for the head: it cannot be judged from here.",
                f"基礎模型已經和它的檢查點不同（`{self.changed}`），不能再用那個檢查點來比對，因此無法判斷輸出層對不對。",
            )
        return None


def head_in_checkpoint(base: "PreTrainedModel", found: Around) -> Head:
    """Look up the weights that only the head has in the checkpoint that `base` was loaded from.

    They are read one by one. Only where the file has names that the classes do not know (GPT-NeoX calls its head
    `embed_out`) is the whole model loaded, for the library to translate them.
    """
    if not found.own:
        return Head({}, (), None)
    stored = stored_tensors(base)
    if stored is None:
        return Head({}, tuple(names[0] for names in found.own), None)
    head = _looked_up(base, found, stored)
    if head.lacking and stored.names - _known_names(base, found.lm):
        whole = loaded_whole(base)
        head = head if whole is None else _looked_up(base, found, whole)
    return head


def _looked_up(base: "PreTrainedModel", found: Around, stored: Stored) -> Head:
    values, lacking = {}, []
    for names in found.own:
        value = _kept(base, found.lm, names, stored)
        if value is None or value.shape != found.lm.get_parameter(names[0]).shape:
            lacking.append(names[0])
        else:
            values[names] = value
    return Head(values, tuple(lacking), first_change(base, stored) if values else None)


def _known_names(base: "PreTrainedModel", lm: "PreTrainedModel") -> set[str]:
    return set(lm.state_dict()) | set(base.state_dict())


def _kept(
    base: "PreTrainedModel", lm: "PreTrainedModel", names: Names, stored: Stored
) -> torch.Tensor | None:
    """Return a tensor of the head as stored. A checkpoint that is tied by its own account stores it as the embedding."""
    value = stored.get(*names)
    if value is not None or lm.get_parameter(names[0]) is not lm.get_output_embeddings().weight:
        return value
    config = checkpoint_config(base)
    if config is None or not config.get_text_config().tie_word_embeddings:
        return None
    embedding = embedding_of(base).weight
    inside = next(name for name, tensor in named_tensors(base) if tensor is embedding)
    return stored.get(f"{base.base_model_prefix}.{inside}", inside)


def _empty_shell(base: "PreTrainedModel") -> "PreTrainedModel":
    """Return the class with an LM head, without memory: all of its weights are still to come."""
    from transformers import AutoModelForCausalLM

    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(deepcopy(base.config))
    except ValueError as error:
        raise CourseError(
            f"transformers has no model with an LM head for {type(base).__name__}.",
            f"transformers 沒有與 {type(base).__name__} 對應、帶 LM head 的模型。",
        ) from error
