"""GPT-2 in plain PyTorch, from top to bottom: the model that lesson 07 builds cell by cell.

The names are those of transformers, so a checkpoint fits without translation: `wte`, `wpe`, `h`, `ln_1`, `c_attn`, …
Sizes in comments: B batch, T tokens, C hidden (`n_embd`), H heads, D = C / H, V vocabulary.

Source of the architecture: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).

Built from a configuration alone it starts as GPT-2 does (`initialize`), drops out in `train()` as the configuration
says, and so can be trained. Any dtype and device will do: `load(…, dtype=, device=)`, or `model.to(…)`. In float32 the
logits are the library's within 1e-5 of the largest one; in half precision both round, each in its own places, so that
they differ by about 1e-2 and a close call of greedy decoding may fall the other way.
"""

import copy
import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import GenerationConfig, GPT2Config
from transformers.utils import cached_file

from .texts import CourseError

# What other numbers would come of without a word, and the values with which this code gives the library's. The names
# of the activation are all of one function, the GELU with tanh.
_TANH_GELU = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python_tanh", "gelu_accurate")
_SETTINGS: dict[str, tuple[object, ...]] = {
    "model_type": ("gpt2",),
    "activation_function": _TANH_GELU,
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}


def check_settings(config: GPT2Config) -> None:
    """Raise CourseError for a setting that this code does not have, which would give other numbers without a word."""
    for name, allowed in _SETTINGS.items():
        if (value := getattr(config, name)) not in allowed:
            raise CourseError(
                f"This GPT-2 needs {name}={allowed[0]!r}; the configuration has {value!r}.",
                f"這個 GPT-2 需要 {name}={allowed[0]!r}，設定裡卻是 {value!r}。",
            )
    if config.n_embd % config.n_head:
        raise CourseError(
            f"n_embd={config.n_embd} cannot be divided among n_head={config.n_head} heads of equal size.",
            f"n_embd={config.n_embd} 沒辦法平均分給 n_head={config.n_head} 個頭。",
        )


def check_input(
    config: GPT2Config, ids: torch.Tensor, attention_mask: torch.Tensor | None = None, past: int = 0
) -> None:
    """Raise CourseError unless the model can read `ids` [B, T] behind `past` tokens.

    There are two axes, at least one token, `attention_mask` (if any) is [B, past + T], no row has more real
    tokens than `config.n_positions`, and every id is one of the vocabulary.
    """
    if ids.ndim != 2:
        raise CourseError(
            f"ids is {list(ids.shape)}; it needs a row for each text, [batch, tokens]: ids[None] makes one row.",
            f"ids 的形狀是 {list(ids.shape)}；每段文字要占一列，也就是 [批次, token 數]：用 ids[None] 變成一列。",
        )
    size = (len(ids), past + ids.shape[1])
    if ids.shape[1] == 0:
        raise CourseError(
            "There is no token to read: an empty prompt has no last token to go on from. Begin with the "
            f"end-of-text token, torch.tensor([[{config.eos_token_id}]]).",
            "沒有任何 token 可以讀：空的提示詞沒有最後一個 token，無從接著寫。請從結尾 token 開始："
            f"torch.tensor([[{config.eos_token_id}]])。",
        )
    if attention_mask is not None and attention_mask.shape != size:
        raise CourseError(
            f"attention_mask is {list(attention_mask.shape)}; it needs a number for each token so far, {list(size)}.",
            f"attention_mask 的形狀是 {list(attention_mask.shape)}；到目前為止每個 token 都要有一個數字，也就是 {list(size)}。",
        )
    if ids.is_meta or torch.compiler.is_compiling():  # what follows looks at values
        return
    tokens = size[1] if attention_mask is None else int(attention_mask.sum(dim=-1).max())
    _check_length(config, tokens)
    if not 0 <= int(ids.min()) <= int(ids.max()) < config.vocab_size:
        raise CourseError(
            f"The ids run from {int(ids.min())} to {int(ids.max())}; the vocabulary has 0 to {config.vocab_size - 1}. "
            "Were tokens added to the tokenizer, or is it another model's?",
            f"id 從 {int(ids.min())} 到 {int(ids.max())}；詞彙表只有 0 到 {config.vocab_size - 1}。"
            "是不是替 tokenizer 加了新的 token，或者用了別的模型的 tokenizer？",
        )


def check_request(
    config: GPT2Config,
    ids: torch.Tensor,
    max_new_tokens: int,
    attention_mask: torch.Tensor | None = None,
    temperature: float = 0.0,
) -> None:
    """Raise CourseError for what `generate` cannot do, before it has computed anything.

    Besides what `check_input` refuses: a prompt that leaves no room for `max_new_tokens` (the last new token is not
    read, and needs none), padding on the right, and a temperature below 0.
    """
    check_input(config, ids, attention_mask)
    tokens = ids.shape[1] if attention_mask is None else int(attention_mask.sum(dim=-1).max())
    _check_length(config, tokens + max_new_tokens - 1, f"{tokens} + {max_new_tokens} - 1 = ")
    if attention_mask is not None and not attention_mask[:, -1].all():
        raise CourseError(
            "A row ends in padding, and the text would go on from there: pad on the left, "
            'tokenizer.padding_side = "left".',
            '有一列的結尾是填充，接下去的文字會從填充開始寫：請在左邊填充，tokenizer.padding_side = "left"。',
        )
    if not temperature >= 0:
        raise CourseError(
            f"The temperature is {temperature}: choose 0 for the most probable token, or a number above 0.",
            f"溫度是 {temperature}：請選 0（取機率最高的 token），或大於 0 的數字。",
        )


def _check_length(config: GPT2Config, tokens: int, sum_of: str = "") -> None:
    if tokens > config.n_positions:
        raise CourseError(
            f"{sum_of}{tokens} tokens are to be read, but the model has {config.n_positions} positions "
            "(n_positions): shorten the text, or ask for fewer new tokens.",
            f"總共要讀 {sum_of}{tokens} 個 token，模型卻只有 {config.n_positions} 個位置（n_positions）："
            "請縮短文字，或少生成幾個 token。",
        )


def initialize(module: nn.Module, config: GPT2Config) -> None:
    """Give the weights of a module the values that GPT-2 starts from.

    Normal with standard deviation `config.initializer_range`; for the two layers of a block that write to the residual
    stream, both called `c_proj`, divided by sqrt(N), where N = 2 * n_layer is how many of them there are (Radford et
    al., 2019, section 2.3). Biases (0) and norms (1) stay as they were made.
    """
    for name, weight in module.named_parameters():
        if weight.ndim == 2:
            added = 2 * config.n_layer if name.endswith("c_proj.weight") else 1
            nn.init.normal_(weight, std=config.initializer_range / math.sqrt(added))


def places(
    ids: torch.Tensor, attention_mask: torch.Tensor | None, past: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return where each token of `ids` [B, T] stands, [1 or B, T], and what it may look at, behind `past` tokens.

    The second is True at each place that may be seen, broadcast to [B, H, T, past + T], or None where attention can do
    without: a single token sees everything, and in a text read at once each token sees itself and those before it.
    """
    T, mask = ids.shape[1], None
    positions = torch.arange(past, past + T, device=ids.device)[None]  # [1, T]
    if T > 1 and (past > 0 or attention_mask is not None):
        mask = torch.ones(T, past + T, dtype=torch.bool, device=ids.device).tril(past)
    if attention_mask is not None:
        positions = (attention_mask.cumsum(dim=-1) - 1).clamp(min=0)[:, past:]  # [B, T]
        real = attention_mask[:, None, None].bool()  # [B, 1, 1, past + T]
        mask = real if mask is None else mask & real
    return positions, mask


class Conv1D(nn.Module):
    """A linear layer whose weight is stored [in, out], as GPT-2's checkpoints have it."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).view(*x.shape[:-1], -1)


class Cache:
    """A preallocated KV cache for up to `room` tokens; the first `length` are filled.

    `like`: a tensor of the dtype and on the device that they are to have, such as a weight of the model. The library's
    cache of this kind is `StaticCache`.
    """

    def __init__(self, config: GPT2Config, batch: int, room: int, like: torch.Tensor) -> None:
        size = (config.n_layer, batch, config.n_head, room, config.n_embd // config.n_head)
        self.keys, self.values = like.new_zeros(size), like.new_zeros(size)  # [layer, B, H, room, D]
        self.length = 0

    def append(self, layer: int, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Store new keys and values, [B, H, T, D]; return all so far, [B, H, length + T, D].

        Raise IndexError when the room is used up.
        """
        end = self.length + k.shape[2]
        if end > self.keys.shape[3]:
            raise IndexError(f"the cache has room for {self.keys.shape[3]} tokens, not {end}: make it larger")
        self.keys[layer, :, :, self.length : end] = k
        self.values[layer, :, :, self.length : end] = v
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


class Attention(nn.Module):
    """Causal self-attention with several heads, [B, T, C] -> [B, T, C].

    `mask`: True where a query (row) may look at a key (column); without one each token sees itself and those before.
    """

    def __init__(self, config: GPT2Config, layer: int) -> None:
        super().__init__()
        self.layer, self.n_head = layer, config.n_head
        self.c_attn = Conv1D(config.n_embd, 3 * config.n_embd)
        self.c_proj = Conv1D(config.n_embd, config.n_embd)
        self.attn_dropout, self.resid_dropout = nn.Dropout(config.attn_pdrop), nn.Dropout(config.resid_pdrop)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None, cache: Cache | None) -> torch.Tensor:
        B, T, C = x.shape
        q, k, v = self.c_attn(x).view(B, T, 3, self.n_head, -1).permute(2, 0, 3, 1, 4)  # each [B, H, T, D]
        if cache is not None:
            k, v = cache.append(self.layer, k, v)
        y = nn.functional.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=mask,
            dropout_p=self.attn_dropout.p * self.training,
            is_causal=mask is None and T > 1,
        )  # [B, H, T, D]
        return self.resid_dropout(self.c_proj(y.transpose(1, 2).reshape(B, T, C)))


class MLP(nn.Module):
    """Two linear layers with a GELU in between, for each token by itself, [B, T, C] -> [B, T, C]."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        inner = config.n_inner or 4 * config.n_embd
        self.c_fc = Conv1D(config.n_embd, inner)
        self.c_proj = Conv1D(inner, config.n_embd)
        self.dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.c_proj(nn.functional.gelu(self.c_fc(x), approximate="tanh")))


class Block(nn.Module):
    """Two residual updates: x + attention(norm(x)), then x + mlp(norm(x))."""

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
    """The base model: token ids to hidden states. Raise CourseError for settings that this code does not have."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        check_settings(config)
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList(Block(config, layer) for layer in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        initialize(self, config)

    def forward(
        self, ids: torch.Tensor, attention_mask: torch.Tensor | None = None, cache: Cache | None = None
    ) -> torch.Tensor:
        """Return the hidden states of `ids` [B, T], [B, T, C]; raise CourseError for what `check_input` refuses.

        `attention_mask` [B, tokens so far]: 1 for each real token, those in the cache included.
        """
        past = 0 if cache is None else cache.length
        check_input(self.config, ids, attention_mask, past)
        positions, mask = places(ids, attention_mask, past)
        x = self.drop(self.wte(ids) + self.wpe(positions))  # [B, T, C]
        for block in self.h:
            x = block(x, mask, cache)
        if cache is not None:
            cache.length += ids.shape[1]
        return self.ln_f(x)


class GPT2LM(nn.Module):
    """The base model and an LM head: token ids to logits.

    `generation_config`: the settings of generation of the checkpoint, which `load` reads and `save` writes; `generate`
    below goes by its arguments alone.
    """

    generation_config: GenerationConfig | None = None

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.transformer = GPT2(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.transformer.wte.weight
        else:
            initialize(self.lm_head, config)

    def forward(
        self, ids: torch.Tensor, attention_mask: torch.Tensor | None = None, cache: Cache | None = None
    ) -> torch.Tensor:
        """Return the logits of `ids` [B, T], [B, T, V]."""
        return self.lm_head(self.transformer(ids, attention_mask, cache))


def choose(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return a token for each row of logits, [B, V] -> [B, 1]; at temperature 0 the most probable one.

    The softmax is taken in float32, as the library's: bfloat16 has three digits, too few to draw by.
    """
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    return torch.multinomial((logits.float() / temperature).softmax(dim=-1), 1)


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
    it is over when every row has one, or after `max_new_tokens`. Raise CourseError for what `check_request` refuses.
    """
    check_request(model.transformer.config, ids, max_new_tokens, attention_mask, temperature)
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
    tensors: dict[str, torch.Tensor] = {}
    for file in _files(checkpoint):
        tensors |= load_file(file)
    unneeded = (".attn.bias", ".attn.masked_bias")
    return {
        name.removeprefix("transformer."): t for name, t in tensors.items() if not name.endswith(unneeded)
    }


def load(
    checkpoint: str, dtype: torch.dtype | None = None, device: str | torch.device | None = None
) -> GPT2LM:
    """Return the model of a GPT-2 checkpoint, in evaluation mode, whether a base or a language model was saved.

    `dtype`: by default what the configuration names, else the file's own, as in the library. A head in the file that is
    not the embedding is kept, even where the configuration ties the two: the library does so, too. Raise CourseError
    for another architecture, settings that this code does not have, or weights that do not fit.
    """
    config = GPT2Config.from_pretrained(checkpoint)
    check_settings(config)
    tensors = read_tensors(checkpoint)
    config.dtype = dtype or config.dtype or next(iter(tensors.values())).dtype
    assert isinstance(config.dtype, torch.dtype)  # the configuration has made one of the file's name
    tensors = {name: tensor.to(device, config.dtype) for name, tensor in tensors.items()}
    head = tensors.pop("lm_head.weight", None)
    if head is not None and "wte.weight" in tensors:
        config.tie_word_embeddings &= torch.equal(head, tensors["wte.weight"])
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
            f"{checkpoint!r} 的設定標明有自己的 LM head，權重裡卻沒有。",
        )
    if cached_file(checkpoint, "generation_config.json", _raise_exceptions_for_missing_entries=False):
        model.generation_config = GenerationConfig.from_pretrained(checkpoint)
    return model.eval()


def save(model: GPT2LM, folder: str | Path) -> None:
    """Write a checkpoint that transformers loads as a `GPT2LMHeadModel`, in the weights' dtype.

    A tied head is not stored: it is the embedding. `model.generation_config` is written, too, where there is one. The
    configuration of the model itself stays as it is.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    config, wte = copy.deepcopy(model.transformer.config), model.transformer.wte.weight
    config.architectures = ["GPT2LMHeadModel"]
    config.dtype = wte.dtype  # the library loads what this says, whatever the file holds
    config.tie_word_embeddings = model.lm_head.weight is wte
    config.save_pretrained(folder)
    if model.generation_config is not None:
        model.generation_config.save_pretrained(folder)
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    if config.tie_word_embeddings:
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
        return [file for shard in sorted(shards) if (file := cached_file(checkpoint, shard))]
    return [found]
