"""What the functions of this package refuse, with the remedy."""

from typing import TYPE_CHECKING, Any

from ..texts import CourseError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def require_model(model: Any) -> None:
    """Refuse what is no model of the library, and what is made of an encoder and a decoder."""
    from transformers import PreTrainedModel

    if not isinstance(model, PreTrainedModel):
        raise CourseError(
            f"A model of transformers is needed, not {type(model).__name__}.",
            f"這裡需要 transformers 的模型，不是 {type(model).__name__}。",
        )
    if model.config.is_encoder_decoder:
        raise CourseError(
            f"{type(model).__name__} has an encoder and a decoder: it is not one base with an LM head on it, and "
            "cannot be converted here. Load it whole: AutoModelForSeq2SeqLM.from_pretrained(folder).",
            f"{type(model).__name__} 由編碼器和解碼器組成，不是「一個基礎模型加上 LM head」，這裡無法轉換。"
            "請載入整個模型：AutoModelForSeq2SeqLM.from_pretrained(folder)。",
        )


def require_base(base: Any) -> None:
    """Refuse anything but a base model."""
    require_model(base)
    if base.base_model is not base or base.get_output_embeddings() is not None:
        raise CourseError(
            f"{type(base).__name__} has a head already: give its base model, `to_base(model)`.",
            f"{type(base).__name__} 已經有輸出層。請傳入裡面的基礎模型，也就是 `to_base(model)`。",
        )
    require_embedding(base)


def require_embedding(base: "PreTrainedModel") -> None:
    """Refuse a part of a model that does not say where its embedding is (the wrapper inside BartForCausalLM)."""
    try:
        base.get_input_embeddings()
    except NotImplementedError as error:
        raise CourseError(
            f"{type(base).__name__} does not say where its embedding is, so it cannot be converted here.",
            f"{type(base).__name__} 沒有標明嵌入在哪裡，這裡無法轉換。",
        ) from error


def require_weights(base: "PreTrainedModel") -> None:
    """Refuse a model whose weights are not there (on the meta device)."""
    if any(parameter.is_meta for parameter in base.parameters()):
        raise CourseError(
            "The base model's weights are on the meta device, which holds no numbers: load it first.",
            "這個基礎模型的權重在 meta 裝置上，沒有任何數值。請先載入。",
        )
