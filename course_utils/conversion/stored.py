"""What the checkpoint that a base model came from holds: single tensors, and the settings of `generate()`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..insight.narrow import embedding_of
from .tensors import named_tensors, same

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedConfig, PreTrainedModel

_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")


class Stored:
    """The tensors of a checkpoint on this machine, read one at a time: `get(name)`, None for one that it lacks."""

    def __init__(self, readers: dict[str, Callable[[str], torch.Tensor]]) -> None:
        self._readers = readers

    @property
    def names(self) -> set[str]:
        """Return the names of all of them, as the file has them."""
        return set(self._readers)

    def get(self, *names: str) -> torch.Tensor | None:
        """Return the tensor under the first of these names that the checkpoint knows."""
        found = next((name for name in names if name in self._readers), None)
        return None if found is None else self._readers[found](found)


def stored_tensors(base: "PreTrainedModel") -> Stored | None:
    """Return the tensors of the checkpoint that `base` was loaded from, None if there is none on this machine.

    Safetensors files are opened, not loaded. Of a checkpoint in the old `.bin` format all is read.
    """
    if not base.name_or_path:
        return None
    files = _safetensors(base)
    if files:
        return Stored({name: reader for file in files for name, reader in _readers(file).items()})
    if any(_local(base, name) for name in _PICKLED):
        return loaded_whole(base)
    return None


def checkpoint_config(base: "PreTrainedModel") -> "PreTrainedConfig | None":
    """Return the configuration in the checkpoint of `base`, without what was changed on loading; None if none is here."""
    from transformers import AutoConfig

    if not base.name_or_path:
        return None
    try:
        return AutoConfig.from_pretrained(base.name_or_path, local_files_only=True)
    except (OSError, ValueError):
        return None


def generation_config(base: "PreTrainedModel") -> "GenerationConfig | None":
    """Return the settings of `generate()` in the checkpoint that `base` came from, None if it has none here.

    A base that was built from a configuration came from none. (The library would read a file of that name in the
    current folder.)
    """
    from transformers import GenerationConfig

    if not base.name_or_path:
        return None
    try:
        return GenerationConfig.from_pretrained(base.name_or_path, local_files_only=True)
    except OSError:
        return None


def first_change(base: "PreTrainedModel", stored: Stored) -> str | None:
    """Return the name of a tensor of `base` that is not as in its checkpoint any more, None if there is none.

    Tensors that the checkpoint keeps under other names are passed over; if the embedding is one of them, it counts
    as changed.
    """
    embedding = embedding_of(base).weight
    for name, value in base.state_dict(keep_vars=True).items():
        kept = stored.get(f"{base.base_model_prefix}.{name}", name)
        if kept is None and value is not embedding:
            continue
        if kept is None or not same(kept.to(value.dtype), value):
            return name
    return None


def _local(base: "PreTrainedModel", file: str) -> Path | None:
    """Return a file of the checkpoint where it is on this machine."""
    from transformers.utils import cached_file

    try:
        path = cached_file(
            base.name_or_path or "",
            file,
            revision=getattr(base.config, "_commit_hash", None) or "main",
            local_files_only=True,
            _raise_exceptions_for_gated_repo=False,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
    except (OSError, ValueError):
        return None
    return Path(path) if path else None


def _safetensors(base: "PreTrainedModel") -> list[Path]:
    if whole := _local(base, _WEIGHTS):
        return [whole]
    index = _local(base, _INDEX)
    if index is None:
        return []
    names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    return [path for name in sorted(names) if (path := _local(base, name))]


def _readers(file: Path) -> dict[str, Callable[[str], torch.Tensor]]:
    from safetensors import safe_open

    opened = safe_open(file, framework="pt")
    return dict.fromkeys(opened.keys(), opened.get_tensor)


def loaded_whole(base: "PreTrainedModel") -> Stored | None:
    """Return the same by loading the whole model, under the names that the library gives; None if that fails."""
    from transformers import AutoModelForCausalLM

    try:
        # With the loading info it is a pair, which the library's annotation does not say.
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            base.name_or_path or "", local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError):
        return None
    whole, info = loaded
    kept = {name: value for name, value in named_tensors(whole) if name not in info["missing_keys"]}
    return Stored(dict.fromkeys(kept, kept.__getitem__))
