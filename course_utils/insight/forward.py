"""What a forward pass holds: the next token's distribution, the attention weights, the hidden states.

Each function runs the model in evaluation mode, without gradients, and afterwards leaves it as it was:
the mode of every module, and the attention implementation.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..texts import CourseError
from .labels import visible
from .narrow import base_of, embedding_of
from .pieces import Token, decoded, id_label, token_ids, tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, eq=False)
class NextTokens:
    """The distribution of the token after `prompt`, and its `k` most probable tokens, the first one first.

    `ids`, `labels`: k of them, equally probable ones in order of id; `probabilities`: float32 [k];
    `full`: float32 [vocab]; `entropy`: of the whole distribution, in nats; `rest`: the probability of all
    other tokens together.
    """

    prompt: str
    ids: tuple[int, ...]
    labels: tuple[str, ...]
    probabilities: torch.Tensor
    entropy: float
    rest: float
    full: torch.Tensor

    def beside(self, truth: Mapping[int, float]) -> tuple[list[float], float]:
        """Return the true probabilities of the listed tokens, by their ids in `truth`, and of all others together."""
        listed = [truth.get(token_id, 0.0) for token_id in self.ids]
        return listed, sum(value for token_id, value in truth.items() if token_id not in self.ids)

    def __repr__(self) -> str:
        shown = _shortened(visible(self.prompt))
        return f"NextTokens(prompt={shown!r}, {len(self.ids)} of {len(self.full)} tokens)"


@dataclass(frozen=True, eq=False)
class Attention:
    """Attention weights of one text: `weights` is float32 [layer, head, query, key], each row sums to 1."""

    weights: torch.Tensor
    tokens: tuple[Token, ...]

    def __repr__(self) -> str:
        return f"Attention(weights {_shape(self.weights, 'layer', 'head', 'query', 'key')})"


@dataclass(frozen=True, eq=False)
class HiddenStates:
    """Hidden states of one text: `states` is float32 [layer + 1, seq, hidden].

    `states[0]` is token plus position embedding, `states[i]` comes out of block i, except the last entry:
    it is already after `ln_f`, and equals `last_hidden_state`.
    """

    states: torch.Tensor
    tokens: tuple[Token, ...]

    @property
    def norms(self) -> torch.Tensor:
        """Return the Euclidean length of each hidden state: float32 [layer + 1, seq]."""
        return self.states.norm(dim=-1)

    def __repr__(self) -> str:
        return f"HiddenStates(states {_shape(self.states, 'entry', 'seq', 'hidden')})"


def next_tokens(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str | Sequence[int], k: int = 10
) -> NextTokens:
    """Return what the model expects after `text`, or after ids; without any, after the end-of-text token.

    `model`: one with an LM head. `k`: how many tokens to list, at most the vocabulary.
    Raise CourseError for a model without an LM head, a text that is too long, or k < 1.
    """
    if k < 1:
        raise CourseError(f"k must be at least 1, not {k}.", f"k 至少要是 1，不能是 {k}。")
    check_head(model)
    with as_found(model):
        logits = model(text_ids(model, tokenizer, text), use_cache=False).logits[0, -1]
    log_probabilities = logits.cpu().double().log_softmax(dim=-1)
    full = log_probabilities.exp()
    # A stable sort, since topk leaves the order of equals open.
    best = full.sort(descending=True, stable=True).indices[:k]
    return NextTokens(
        prompt=text if isinstance(text, str) else decoded(tokenizer, text),
        ids=tuple(best.tolist()),
        labels=tuple(id_label(tokenizer, token_id) for token_id in best.tolist()),
        probabilities=full[best].float(),
        entropy=torch.special.entr(full).sum().item(),
        rest=max(0.0, 1.0 - full[best].sum().item()),
        full=full.float(),
    )


def attention(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str) -> Attention:
    """Return the attention weights of every layer and head for `text`, for a model with or without a head.

    The default attention, SDPA, never forms the weights, and `output_attentions=True` then yields an empty
    tuple without a word. So the model is switched to "eager" for this one pass.
    Raise CourseError for a text that is too long.
    """
    base = base_of(model)
    with as_found(model), _eager(base):
        layers = base(text_ids(model, tokenizer, text), output_attentions=True, use_cache=False).attentions
    return Attention(torch.cat(layers).float().cpu(), tuple(tokens(tokenizer, text)))


def hidden_states(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str) -> HiddenStates:
    """Return the hidden states before, between and after the blocks for `text`, with or without a head.

    Raise CourseError for a text that is too long.
    """
    base = base_of(model)
    with as_found(model):
        layers = base(
            text_ids(model, tokenizer, text), output_hidden_states=True, use_cache=False
        ).hidden_states
    return HiddenStates(torch.cat(layers).float().cpu(), tuple(tokens(tokenizer, text)))


def cosine_matrix(vectors: torch.Tensor) -> torch.Tensor:
    """Return the cosine similarity of each pair of vectors, [n, hidden] -> [n, n]; 0 with a zero vector."""
    units = torch.nn.functional.normalize(vectors.detach().float(), dim=-1)
    return (units @ units.T).clamp(-1, 1).cpu()


def check_head(model: "PreTrainedModel") -> None:
    """Raise CourseError for a model that gives no logits."""
    if model.get_output_embeddings() is None:
        raise CourseError(
            f"{type(model).__name__} gives hidden states, not logits: "
            "load GPT2LMHeadModel, which has an LM head.",
            f"{type(model).__name__} 只給隱藏狀態，沒有 logits：請載入有 LM head 的 GPT2LMHeadModel。",
        )


def text_ids(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str | Sequence[int]
) -> torch.Tensor:
    """Return the ids of `text`, [1, seq], on the model's device, or say why the model cannot take them."""
    ids = token_ids(tokenizer, text)
    limit, vocabulary = model.config.max_position_embeddings, embedding_of(model).num_embeddings
    if len(ids) > limit:
        raise CourseError(
            f"The text has {len(ids)} tokens, and this model takes at most {limit} (n_positions): "
            "shorten it, or keep only its end.",
            f"這段文字有 {len(ids)} 個 token，這個模型最多只能讀 {limit} 個（n_positions）：請縮短，或只留最後一段。",
        )
    if max(ids) >= vocabulary:
        raise CourseError(
            f"Token id {max(ids)} is beyond the model's vocabulary of {vocabulary}: "
            "load the tokenizer and the model from the same checkpoint.",
            f"token 編號 {max(ids)} 超出模型的詞彙表（{vocabulary} 個）：請從同一個檢查點載入 tokenizer 和模型。",
        )
    return torch.tensor([ids], device=model.device)


@contextmanager
def as_found(model: "PreTrainedModel") -> Iterator[None]:
    """Evaluate without gradients; then give every module its own mode back, for they can differ."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _eager(base: "PreTrainedModel") -> Iterator[None]:
    """Compute attention the plain way, which keeps its weights, and then as before."""
    before = base.config._attn_implementation
    base.set_attn_implementation("eager")
    try:
        yield
    finally:
        base.set_attn_implementation(before)


def _shape(tensor: torch.Tensor, *names: str) -> str:
    return "[" + ", ".join(f"{name} {size}" for name, size in zip(names, tensor.shape, strict=True)) + "]"


def _shortened(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
