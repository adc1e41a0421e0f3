"""GPT-2 in plain PyTorch, from top to bottom: the model that lesson 07 builds cell by cell.

The names are those of transformers, so a checkpoint fits without translation: `wte`, `wpe`, `h`, `ln_1`, `c_attn`, …
Sizes in comments: B batch, T tokens, C hidden (`n_embd`), H heads, D = C / H, V vocabulary.

Source of the architecture: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
"""

import copy
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import GPT2Config
from transformers.utils import cached_file

from .language import CourseError


class Conv1D(nn.Module):
    """A linear layer whose weight is stored [in, out], as GPT-2's checkpoints have it."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).view(*x.shape[:-1], -1)


class Cache:
    """Room for the keys and values of `room` tokens, laid out once; `length` of them are filled."""

    def __init__(self, config: GPT2Config, batch: int, room: int, like: torch.Tensor) -> None:
        size = (config.n_layer, batch, config.n_head, room, config.n_embd // config.n_head)
        self.keys, self.values = like.new_zeros(size), like.new_zeros(size)  # [layer, B, H, room, D]
        self.length = 0

    def append(self, layer: int, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Store new keys and values, [B, H, T, D]; return all so far, [B, H, length + T, D]."""
        end = self.length + k.shape[2]
        if end > self.keys.shape[3]:
            raise IndexError(f"the cache has room for {self.keys.shape[3]} tokens, not {end}: make it larger")
        self.keys[layer, :, :, self.length : end] = k
        self.values[layer, :, :, self.length : end] = v
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


class Attention(nn.Module):
    """Masked self-attention with several heads."""

    def __init__(self, config: GPT2Config, layer: int) -> None:
        super().__init__()
        self.layer, self.n_head = layer, config.n_head
        self.c_attn = Conv1D(config.n_embd, 3 * config.n_embd)
        self.c_proj = Conv1D(config.n_embd, config.n_embd)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None, cache: Cache | None) -> torch.Tensor:
        B, T, C = x.shape
        q, k, v = self.c_attn(x).view(B, T, 3, self.n_head, -1).permute(2, 0, 3, 1, 4)  # each [B, H, T, D]
        if cache is not None:
            k, v = cache.append(self.layer, k, v)
        y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # [B, H, T, D]
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))


class MLP(nn.Module):
    """Two linear layers with a GELU in between, for each token by itself."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        inner = config.n_inner or 4 * config.n_embd
        self.c_fc = Conv1D(config.n_embd, inner)
        self.c_proj = Conv1D(inner, config.n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.c_proj(nn.functional.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    """What is read from the residual stream, after a norm, is added to it: first attention, then the MLP."""

    def __init__(self, config: GPT2Config, layer: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = Attention(config, layer)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = MLP(config)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None, cache: Cache | None) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x), mask, cache)
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    """The base model: token ids to hidden states."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.h = nn.ModuleList(Block(config, layer) for layer in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)

    def forward(
        self, ids: torch.Tensor, attention_mask: torch.Tensor | None = None, cache: Cache | None = None
    ) -> torch.Tensor:
        """Return the hidden states of `ids` [B, T], [B, T, C]. `attention_mask`: 1 for each real token so far."""
        past, T = 0 if cache is None else cache.length, ids.shape[1]
        positions = torch.arange(past, past + T, device=ids.device)[None]
        mask = torch.ones(T, past + T, dtype=torch.bool, device=ids.device).tril(past) if T > 1 else None
        if attention_mask is not None:
            positions = (attention_mask.cumsum(dim=-1) - 1).clamp(min=0)[:, past:]
            real = attention_mask[:, None, None].bool()  # [B, 1, 1, all tokens so far]
            mask = real if mask is None else mask & real
        x = self.wte(ids) + self.wpe(positions)  # [B, T, C]
        for block in self.h:
            x = block(x, mask, cache)
        if cache is not None:
            cache.length += T
        return self.ln_f(x)


class GPT2LM(nn.Module):
    """The base model and an LM head: token ids to logits."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.transformer = GPT2(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.transformer.wte.weight

    def forward(
        self, ids: torch.Tensor, attention_mask: torch.Tensor | None = None, cache: Cache | None = None
    ) -> torch.Tensor:
        """Return the logits of `ids` [B, T], [B, T, V]."""
        return self.lm_head(self.transformer(ids, attention_mask, cache))


def choose(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return a token for each row of logits, [B, V] -> [B, 1]; at temperature 0 the most probable one."""
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    return torch.multinomial((logits / temperature).softmax(dim=-1), 1)


@torch.no_grad()
def generate(
    model: GPT2LM,
    ids: torch.Tensor,
    max_new_tokens: int,
    attention_mask: torch.Tensor | None = None,
    temperature: float = 0.0,
    eos_token_id: int | None = None,
) -> torch.Tensor:
    """Return `ids` [B, T] with new tokens behind them; at temperature 0 the most probable ones.

    `attention_mask` [B, T]: 0 where a row is padded, on the left. After its `eos_token_id` a row repeats that token;
    it is over when every row has one, or after `max_new_tokens`.
    """
    cache = Cache(model.transformer.config, len(ids), ids.shape[1] + max_new_tokens, model.lm_head.weight)
    ended, new = torch.zeros(len(ids), 1, dtype=torch.bool, device=ids.device), ids
    for _ in range(max_new_tokens):
        hidden = model.transformer(new, attention_mask, cache)
        new = choose(model.lm_head(hidden[:, -1]), temperature)  # [B, 1]
        if eos_token_id is not None:
            new = new.masked_fill(ended, eos_token_id)
            ended = ended | (new == eos_token_id)
        ids = torch.cat([ids, new], dim=1)
        if attention_mask is not None:
            attention_mask = torch.cat([attention_mask, torch.ones_like(new)], dim=1)
        if ended.all():
            break
    return ids


def read_tensors(checkpoint: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a GPT-2 checkpoint, a folder or a hub name, under the names of the base model.

    A file of a language model has the prefix `transformer.`, one of a base model has not; both are read. The causal
    masks that old files hold (`attn.bias`) are left out. Raise CourseError if there are no safetensors.
    """
    tensors = {}
    for file in _files(checkpoint):
        tensors |= load_file(file)
    unneeded = (".attn.bias", ".attn.masked_bias")
    return {
        name.removeprefix("transformer."): t for name, t in tensors.items() if not name.endswith(unneeded)
    }


def load(checkpoint: str) -> GPT2LM:
    """Return the model of a GPT-2 checkpoint, in evaluation mode, whether a base or a language model was saved.

    Raise CourseError for another architecture, settings that this code does not have, or weights that do not fit.
    """
    config = GPT2Config.from_pretrained(checkpoint)
    _check(config)
    tensors = read_tensors(checkpoint)
    head = tensors.pop("lm_head.weight", None)
    with torch.device("meta"):  # no memory and no random numbers for weights that are about to come
        model = GPT2LM(config)
    try:
        model.transformer.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise CourseError(
            f"The weights of {checkpoint!r} do not fit its configuration: {error}",
            f"{checkpoint!r} 的權重和它的設定不合：{error}",
        ) from error
    if config.tie_word_embeddings:
        model.lm_head.weight = model.transformer.wte.weight
    elif head is not None:
        model.lm_head.weight = nn.Parameter(head)
    else:
        raise CourseError(
            f"{checkpoint!r} has an LM head of its own in its settings, but not in its weights.",
            f"{checkpoint!r} 的設定說有自己的 LM head，權重裡卻沒有。",
        )
    return model.eval()


def save(model: GPT2LM, folder: str | Path) -> None:
    """Write a checkpoint that transformers loads, in the weights' dtype. A tied head is not stored: it is the embedding."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    config = copy.deepcopy(model.transformer.config)
    config.dtype = (
        model.transformer.wte.weight.dtype
    )  # the library loads what this says, whatever the file holds
    config.save_pretrained(folder)
    tensors = model.state_dict()
    if model.lm_head.weight is model.transformer.wte.weight:
        del tensors["lm_head.weight"]
    save_file(tensors, Path(folder) / "model.safetensors", metadata={"format": "pt"})


def _files(checkpoint: str) -> list[str]:
    """Return the weight files: one, or the several that an index names."""
    for name in ("model.safetensors", "model.safetensors.index.json"):
        found = cached_file(checkpoint, name, _raise_exceptions_for_missing_entries=False)
        if found is not None:
            break
    else:
        raise CourseError(
            f"{checkpoint!r} has no model.safetensors: load it with transformers and save_pretrained() it once.",
            f"{checkpoint!r} 裡沒有 model.safetensors：請先用 transformers 載入，再 save_pretrained() 存一次。",
        )
    if found.endswith(".json"):
        shards = set(json.loads(Path(found).read_text(encoding="utf-8"))["weight_map"].values())
        return [cached_file(checkpoint, shard) for shard in sorted(shards)]
    return [found]


def _check(config: GPT2Config) -> None:
    """Refuse what would give other numbers without a word."""
    wanted = {
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
    }
    for name, value in wanted.items():
        if getattr(config, name) != value:
            raise CourseError(
                f"This GPT-2 needs {name}={value!r}; the checkpoint has {getattr(config, name)!r}.",
                f"這個 GPT-2 需要 {name}={value!r}，檢查點卻是 {getattr(config, name)!r}。",
            )
