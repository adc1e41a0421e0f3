"""Parts of a model by the types that they have.

The library annotates them more widely: a part as any module, and `generate` not at all on the class that all models
share. What is wide there is narrowed here; nothing is computed.
"""

from typing import TYPE_CHECKING, Any, cast

import torch

if TYPE_CHECKING:
    from transformers import GenerationMixin, PreTrainedModel


def base_of(model: "PreTrainedModel") -> "PreTrainedModel":
    """Return the base model inside a model; of a base model itself."""
    return cast("PreTrainedModel", model.base_model)


def embedding_of(model: "PreTrainedModel") -> torch.nn.Embedding:
    """Return the token embedding of a model. Raise NotImplementedError for one that does not say where it is."""
    return cast(torch.nn.Embedding, model.get_input_embeddings())


def generate(model: "PreTrainedModel", ids: torch.Tensor, /, **options: Any) -> Any:
    """Return what `model.generate` makes of rows of ids, [batch, seq], of which none is padded."""
    return cast("GenerationMixin", model).generate(ids, attention_mask=torch.ones_like(ids), **options)
