"""From a base model to one with an LM head and back, and the proof that a conversion is right.

`to_lm_head` and `to_base` share the weights they are given unless told to copy them. `verify` compares a base model
and a model with an LM head point by point and says, in both languages, what is wrong and how to mend it.

Nothing here is written for GPT-2 alone: the classes come from `AutoModelForCausalLM` and the model's own
`base_model`. `verify` asks for logits that are the head applied to `last_hidden_state`; this holds for GPT-2,
Llama and most other decoders, but not where a model scales or caps its logits (Gemma 2, Cohere).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from .insight.forward import as_found
from .language import CourseError, both, current

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedModel

Problem = tuple[str, str]  # what is wrong and how to mend it, in English and in Chinese

PROBE_TOKENS = 16
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 3e-2}

# What a configuration says beyond the computation: names, versions, special tokens, outputs, tasks.
_ASIDE = re.compile(
    r"_.*|architectures|auto_map|transformers_version|dtype|use_cache|return_dict|output_.*|.*_token_id|summary_.*"
    r"|id2label|label2id|num_labels|problem_type|task_specific_params|name_or_path|chunk_size_feed_forward"
)
_PASSING = {"training", "name_or_path", "gradient_checkpointing"}  # attributes of modules that may differ


def to_lm_head(
    base: "PreTrainedModel", *, copy: bool = False, generation_config: "GenerationConfig | None" = None
) -> "PreTrainedModel":
    """Return a model with an LM head around `base`, in evaluation mode; for GPT-2 a GPT2LMHeadModel.

    The new model holds `base` itself, not a copy, and shares its configuration: train one and you train the other.
    With `copy=True` it gets weights of its own. A tied head is the embedding. A head of its own (a checkpoint with
    `tie_word_embeddings=False`) is not in `base`, and is read from the checkpoint that `base` was loaded from.
    `generation_config`: else the one of that checkpoint is taken, else the library's own.

    Raise CourseError if `base` is no base model, or the weights of the head are nowhere to be found.
    """
    _require_base(base)
    _require_weights(base)
    base = deepcopy(base) if copy else base
    lm = _empty_shell(base)
    setattr(lm, lm.base_model_prefix, base)
    lm.config = base.config
    lm.tie_weights()
    _fill_head(lm, base)
    known = generation_config or _generation_config_of(base)
    if known is not None:
        lm.generation_config = deepcopy(known)
    return lm.eval()


def to_base(model: "PreTrainedModel", *, copy: bool = False) -> "PreTrainedModel":
    """Return the base model inside a model with any head, in evaluation mode; for GPT-2 a GPT2Model.

    It is the very module, shared memory and all, and then `model` is put in evaluation mode with it; with
    `copy=True` it is a copy with weights of its own, and `model` stays as it was.
    Raise CourseError if `model` has no head or is no model of transformers.
    """
    _require_model(model)
    if model.base_model is model:
        raise CourseError(
            f"{type(model).__name__} is a base model already: use it as it is.",
            f"{type(model).__name__} 本來就是基礎模型：直接用它就好。",
        )
    if copy:
        return deepcopy(model.base_model).eval()
    model.eval()
    return model.base_model


@dataclass(frozen=True)
class Check:
    """One check: its name, what it asks (English, Chinese), and the problem it found, None if it holds."""

    name: str
    asks: tuple[str, str]
    problem: Problem | None

    @property
    def holds(self) -> bool:
        """Say whether nothing was found."""
        return self.problem is None

    def __str__(self) -> str:
        en, zh = self.asks
        asks = {"en": en, "zh": zh, "both": f"{zh} | {en}"}[current()]
        line = f"{'✓' if self.holds else '✗'} {self.name}: {asks}"
        if self.problem is None:
            return line
        return line + "\n    " + both(*self.problem).replace("\n", "\n    ")


@dataclass(frozen=True, repr=False)
class Report:
    """What `verify` found: every check, in order. It is true exactly when every check holds."""

    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the names of the checks that do not hold."""
        return tuple(check.name for check in self.checks if not check.holds)

    def __bool__(self) -> bool:
        return not self.failed

    def __str__(self) -> str:
        return "\n".join(map(str, self.checks))

    __repr__ = __str__


def verify(
    base: "PreTrainedModel", lm: "PreTrainedModel", *, generation_config: "GenerationConfig | None" = None
) -> Report:
    """Compare a base model with a model that should be it plus an LM head; neither is changed.

    The checks: `tie` (the head is the embedding, if the configuration says so), `keys` (names and shapes of all
    tensors), `weights` (their values, to the bit), `dtype`, `settings` (configuration and modules: heads,
    epsilon, …), `logits` (equal on probe inputs, within a tolerance that scales), `mode` (every module in
    evaluation mode), `generation` (the settings of `generate()` are those of the checkpoint that `base` was
    loaded from, or the given `generation_config`; with neither, there must be some).
    A head of its own (`tie_word_embeddings=False`) is not in `base`: its numbers cannot be judged, only their use.
    Raise CourseError for anything but a base model and a model with an LM head, in this order.
    """
    _require_base(base)
    _require_model(lm)
    if lm.get_output_embeddings() is None or lm.base_model is lm:
        raise CourseError(
            f"{type(lm).__name__} has no LM head: call verify(base, lm), the base model first.",
            f"{type(lm).__name__} 沒有 LM head：請寫 verify(base, lm)，基礎模型在前。",
        )
    wanted = generation_config or _generation_config_of(base)
    checks = []
    for name, (asks, find) in _CHECKS.items():
        problem = _generation(lm, wanted) if find is None else find(base, lm)
        checks.append(Check(name, asks, problem))
    return Report(tuple(checks))


@dataclass(frozen=True)
class Part:
    """A part of the pipeline: its name, such as `h[2]`, and whether it computes in `lm` what it does in `base`."""

    name: str
    is_same: bool


@dataclass(frozen=True)
class Pipeline:
    """A model with an LM head part by part, beside the base model it should hold.

    `parts`: `wte + wpe`, each block, `ln_f`; `is_tied`: the head is the embedding, `is_training`: some module is
    in training mode.
    """

    parts: tuple[Part, ...]
    is_tied: bool
    is_training: bool


def pipeline(base: "PreTrainedModel", lm: "PreTrainedModel") -> Pipeline:
    """Return a GPT-2 with an LM head part by part, beside the base model `base`: what `show.pipeline` draws."""
    inner = lm.base_model
    pairs = [("wte + wpe", (base.wte, inner.wte), (base.wpe, inner.wpe))]
    pairs += [(f"h[{at}]", (one, other)) for at, (one, other) in enumerate(zip(base.h, inner.h, strict=True))]
    pairs.append(("ln_f", (base.ln_f, inner.ln_f)))
    parts = tuple(Part(name, all(_equal(one, other) for one, other in modules)) for name, *modules in pairs)
    tied = lm.get_output_embeddings().weight is lm.get_input_embeddings().weight
    return Pipeline(parts, tied, any(module.training for module in lm.modules()))


def _equal(one: nn.Module, other: nn.Module) -> bool:
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def _require_model(model: Any) -> None:
    from transformers import PreTrainedModel

    if not isinstance(model, PreTrainedModel):
        raise CourseError(
            f"A model of transformers is needed, not {type(model).__name__}.",
            f"這裡需要 transformers 的模型，不是 {type(model).__name__}。",
        )


def _require_base(base: Any) -> None:
    _require_model(base)
    if base.base_model is not base or base.get_output_embeddings() is not None:
        raise CourseError(
            f"{type(base).__name__} has a head already: give its base model, `to_base(model)`.",
            f"{type(base).__name__} 已經有輸出層：請給它裡面的基礎模型，`to_base(model)`。",
        )


def _require_weights(base: "PreTrainedModel") -> None:
    """Refuse a model whose weights are not there (on the meta device)."""
    if any(parameter.is_meta for parameter in base.parameters()):
        raise CourseError(
            "The base model's weights are on the meta device, which holds no numbers: load it first.",
            "這個基礎模型的權重在 meta 裝置上，沒有任何數值：請先載入。",
        )


def _empty_shell(base: "PreTrainedModel") -> "PreTrainedModel":
    """Return the class with an LM head, without memory: all of its weights are still to come."""
    from transformers import AutoModelForCausalLM

    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(base.config)
    except ValueError as error:
        raise CourseError(
            f"transformers has no model with an LM head for {type(base).__name__}.",
            f"transformers 沒有與 {type(base).__name__} 對應、帶 LM head 的模型。",
        ) from error


def _fill_head(lm: "PreTrainedModel", base: "PreTrainedModel") -> None:
    """Give the weights that are in `lm` and not in `base` their values, from the checkpoint of `base`."""
    empty = [name for name, value in _tensors(lm) if value.is_meta]
    if not empty:
        return
    held = _head_from_checkpoint(base, empty)
    like = next(base.parameters())
    for name in empty:
        if name not in held or held[name].shape != lm.get_parameter(name).shape:
            raise CourseError(
                f"`{name}` has weights of its own (tie_word_embeddings=False), and a base model does not hold them. "
                "Load the whole model instead: AutoModelForCausalLM.from_pretrained(folder).",
                f"`{name}` 有自己的權重（tie_word_embeddings=False），基礎模型裡沒有。"
                "請改為載入整個模型：AutoModelForCausalLM.from_pretrained(folder)。",
            )
        owner, _, attribute = name.rpartition(".")
        value = held[name].detach().to(device=like.device, dtype=like.dtype)
        setattr(lm.get_submodule(owner), attribute, nn.Parameter(value))


def _head_from_checkpoint(base: "PreTrainedModel", names: list[str]) -> dict[str, torch.Tensor]:
    """Return those of the tensors that the checkpoint of `base` really holds."""
    from transformers import AutoModelForCausalLM

    try:
        whole, info = AutoModelForCausalLM.from_pretrained(
            base.name_or_path, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError):
        return {}
    return {n: t for n, t in _tensors(whole) if n in names and n not in info["missing_keys"]}


def _tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _generation_config_of(base: "PreTrainedModel") -> "GenerationConfig | None":
    """Return the settings of `generate()` in the checkpoint that `base` came from, None if it has none here."""
    from transformers import GenerationConfig

    try:
        return GenerationConfig.from_pretrained(base.name_or_path, local_files_only=True)
    except OSError:
        return None


def _tie(base: "PreTrainedModel", lm: "PreTrainedModel") -> Problem | None:
    head, embedding = lm.get_output_embeddings().weight, lm.get_input_embeddings().weight
    tied = base.config.get_text_config().tie_word_embeddings
    if tied == (head is embedding):
        return None
    if not tied:
        return (
            "The head is the embedding, but the configuration says that it has weights of its own. "
            "Load the model with its head: AutoModelForCausalLM.from_pretrained(folder).",
            "輸出層就是嵌入，但設定說它有自己的權重。請連同輸出層一起載入：AutoModelForCausalLM.from_pretrained(folder)。",
        )
    copied = _same(head, embedding)
    mend = "lm.tie_weights()"
    if not lm.config.get_text_config().tie_word_embeddings:
        mend = f"lm.config.tie_word_embeddings = True; {mend}"
    return (
        f"The head is {'a copy of the embedding' if copied else 'another tensor'}, not the embedding itself"
        f"{': the two part when you train' if copied else ''}. Mend it: {mend}",
        f"輸出層{'只是嵌入的副本' if copied else '是另一個張量'}，不是嵌入本身"
        f"{'：一訓練就會分開' if copied else ''}。修正：{mend}",
    )


def _keys(base: "PreTrainedModel", lm: "PreTrainedModel") -> Problem | None:
    wanted, found = base.state_dict(), lm.base_model.state_dict()
    missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    shapes = [name for name in wanted.keys() & found.keys() if wanted[name].shape != found[name].shape]
    turned = [name for name in shapes if wanted[name].shape == found[name].T.shape]
    if missing or extra:
        return (
            f"Names do not match: missing {_listed(missing)}; extra {_listed(extra)}. Rebuild with to_lm_head(base).",
            f"名稱不符：缺少 {_listed(missing)}；多出 {_listed(extra)}。請用 to_lm_head(base) 重建。",
        )
    if turned:
        return (
            f"Transposed: {_listed(turned)}. Conv1D stores [in, out], nn.Linear [out, in]: turn it back with .T",
            f"轉置了：{_listed(turned)}。GPT-2 的 Conv1D 存成 [in, out]，nn.Linear 存成 [out, in]：請用 .T 轉回來",
        )
    if shapes:
        return (
            f"Shapes differ: {_listed(_shape_changes(shapes, wanted, found))}. Load from the same checkpoint; "
            "resize a vocabulary only with lm.resize_token_embeddings(n).",
            f"形狀不同：{_listed(_shape_changes(shapes, wanted, found))}。請從同一個檢查點載入；"
            "要改詞彙表大小，只用 lm.resize_token_embeddings(n)。",
        )
    return _head_shape(lm)


def _shape_changes(names: list[str], wanted: dict, found: dict) -> list[str]:
    return [f"{name} {list(wanted[name].shape)} → {list(found[name].shape)}" for name in sorted(names)]


def _head_shape(lm: "PreTrainedModel") -> Problem | None:
    """The head has one row for each entry of the vocabulary, and says so."""
    head, embedding = lm.get_output_embeddings(), lm.get_input_embeddings()
    rows, said = len(embedding.weight), getattr(head, "out_features", len(head.weight))
    if len(head.weight) == rows == said:
        return None
    return (
        f"The vocabulary has {rows} entries, the head {len(head.weight)} rows and out_features {said}. "
        "Resize through the whole model, lm.resize_token_embeddings(n), never through its base.",
        f"詞彙表有 {rows} 項，輸出層卻有 {len(head.weight)} 列，out_features 是 {said}。"
        "改大小要對整個模型做，lm.resize_token_embeddings(n)，不要對裡面的基礎模型做。",
    )


def _weights(base: "PreTrainedModel", lm: "PreTrainedModel") -> Problem | None:
    wanted, found = base.state_dict(), lm.base_model.state_dict()
    common = [name for name in wanted if name in found and wanted[name].shape == found[name].shape]
    wrong = [name for name in common if not _same(wanted[name].to(found[name].dtype), found[name])]
    if not wrong:
        return None
    matrices = [name for name in common if wanted[name].dim() > 1]
    if matrices and set(matrices) <= set(wrong):
        prefix = lm.base_model_prefix
        return (
            "None of the base's matrices arrived. load_state_dict(…, strict=False) skips every name that lacks the "
            f'prefix "{prefix}." without a word: lm.{prefix}.load_state_dict(base.state_dict())',
            "基礎模型的矩陣一個也沒有載入。load_state_dict(…, strict=False) 會默默略過所有缺少前綴 "
            f'"{prefix}." 的名稱：lm.{prefix}.load_state_dict(base.state_dict())',
        )
    what_en, what_zh = _kind_of_difference(wrong, wanted, found)
    return (
        f"{what_en}: {_listed(wrong)}. Load them again: lm.{lm.base_model_prefix}.load_state_dict(base.state_dict())",
        f"{what_zh}：{_listed(wrong)}。重新載入：lm.{lm.base_model_prefix}.load_state_dict(base.state_dict())",
    )


def _kind_of_difference(wrong: list[str], wanted: dict, found: dict) -> Problem:
    if all(wanted[name].dim() == 2 and _same(wanted[name].T, found[name]) for name in wrong):
        return "Transposed (square, so the shape does not show it)", "轉置了（方陣，從形狀看不出來）"
    swapped = _swapped_blocks(wrong, wanted, found)
    if swapped:
        where = ", ".join(f"{here} ← {there}" for here, there in sorted(swapped.items()))
        return f"Blocks in the wrong place ({where})", f"區塊放錯位置（{where}）"
    return f"{len(wrong)} tensors have other values", f"有 {len(wrong)} 個張量的值不同"


def _swapped_blocks(wrong: list[str], wanted: dict, found: dict) -> dict[str, str]:
    """Return {block: the block whose weights it holds}, empty unless this explains every difference."""
    swapped = {}
    blocks = {match[1] for name in wanted if (match := re.match(r"(.*?\b\d+)\.", name))}
    for block in {re.match(r"(.*?\b\d+|)\.?", name)[1] for name in wrong}:
        inside = [name[len(block) :] for name in wanted if block and name.startswith(f"{block}.")]
        sources = (
            other
            for other in sorted(blocks - {block})
            if inside and all(_same(wanted.get(other + rest), found.get(block + rest)) for rest in inside)
        )
        swapped[block] = next(sources, None)
    return {} if None in swapped.values() else swapped


def _dtype(base: "PreTrainedModel", lm: "PreTrainedModel") -> Problem | None:
    wanted, found = base.state_dict(), lm.base_model.state_dict()
    head, embedding = lm.get_output_embeddings().weight, base.get_input_embeddings().weight
    pairs = [(name, wanted[name].dtype, found[name].dtype) for name in wanted if name in found]
    pairs.append(("the LM head", embedding.dtype, head.dtype))
    wrong = [f"{name} {_short(was)} → {_short(now)}" for name, was, now in pairs if was != now]
    if not wrong:
        return None
    return (
        f"Another data type: {_listed(wrong)}. Mend it: lm.to(base.dtype); lost digits come back only by loading.",
        f"資料型態不同：{_listed(wrong)}。修正：lm.to(base.dtype)；已經捨去的位數，只有重新載入才拿得回來。",
    )


def _settings(base: "PreTrainedModel", lm: "PreTrainedModel") -> Problem | None:
    wrong = _differing(_config_of(base), _config_of(lm), "config.")
    theirs = dict(lm.base_model.named_modules())
    for name, module in base.named_modules():
        if name in theirs:
            wrong += _differing(_attributes(module), _attributes(theirs[name]), f"{name}." if name else "")
    if not wrong:
        return None
    return (
        f"Built with other settings: {_listed(wrong)}. The weights fit, the computation does not: "
        "build it from base.config.",
        f"建立時的設定不同：{_listed(wrong)}。權重放得進去，計算方式卻不一樣：請用 base.config 建立。",
    )


def _config_of(model: "PreTrainedModel") -> dict[str, Any]:
    return {name: value for name, value in model.config.to_dict().items() if not _ASIDE.fullmatch(name)}


def _attributes(module: nn.Module) -> dict[str, Any]:
    """The class of a module and its plain numbers, flags and words, such as `num_heads`, `eps`, `p`."""
    plain = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, bool | int | float | str) and not name.startswith("_") and name not in _PASSING
    }
    return {"class": type(module).__name__, **plain}


def _differing(wanted: dict[str, Any], found: dict[str, Any], prefix: str) -> list[str]:
    return [
        f"{prefix}{name} {wanted[name]} → {found[name]}"
        for name in wanted
        if name in found and wanted[name] != found[name]
    ]


def _logits(base: "PreTrainedModel", lm: "PreTrainedModel") -> Problem | None:
    try:
        wanted, found = _probe(base, lm)
    except Exception as error:  # a wrong conversion can fail in as many ways as there are kinds of it
        what = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        return (
            f"The probe does not run ({what}). Mend the other checks first, or build again: to_lm_head(base)",
            f"試算跑不動（{what}）。請先修正其他檢查，或重建：to_lm_head(base)",
        )
    if wanted.shape != found.shape:
        return (
            f"The logits have shape {list(found.shape)}, not {list(wanted.shape)}: the head has another vocabulary.",
            f"logits 的形狀是 {list(found.shape)}，不是 {list(wanted.shape)}：輸出層的詞彙表不同。",
        )
    error = (wanted.double() - found.double()).abs().max().item()
    scale = max(1.0, wanted.double().abs().max().item())
    coarsest = max(TOLERANCE.get(tensor.dtype, 1e-5) for tensor in (wanted, found))
    if error <= coarsest * scale:  # false for NaN, too
        return None
    return (
        f"The logits are off by up to {error:.2g}. Mend the other checks; if they all hold, look for hooks and for a "
        "forward() of its own.",
        f"logits 最多差了 {error:.2g}。請先修正其他檢查；如果其他都成立，就找找看有沒有 hook 或被改寫的 forward()。",
    )


def _probe(base: "PreTrainedModel", lm: "PreTrainedModel") -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits as the base and the head define them, and as `lm` gives them: [2, seq, vocab], on the CPU."""
    embedding, head = base.get_input_embeddings().weight, lm.get_output_embeddings()
    vocabulary = min(len(embedding), len(lm.get_input_embeddings().weight))
    length = min(PROBE_TOKENS, getattr(base.config, "max_position_embeddings", None) or PROBE_TOKENS)
    ids = torch.randint(vocabulary, (2, length), generator=torch.Generator().manual_seed(0))
    tied = base.config.get_text_config().tie_word_embeddings
    with as_found(base):
        hidden = base(ids.to(base.device), use_cache=False).last_hidden_state
        weight = (embedding if tied else head.weight).to(device=hidden.device, dtype=hidden.dtype)
        wanted = nn.functional.linear(hidden, weight)
        if not tied and getattr(head, "bias", None) is not None:
            wanted = wanted + head.bias.to(wanted)
    with as_found(lm):
        found = lm(ids.to(lm.device), use_cache=False).logits
    return wanted.cpu(), found.cpu()


def _mode(base: "PreTrainedModel", lm: "PreTrainedModel") -> Problem | None:
    training = [f"lm{'.' * bool(name)}{name}" for name, module in lm.named_modules() if module.training]
    known = set(map(id, lm.modules()))
    training += [
        f"base{'.' * bool(name)}{name}"
        for name, module in base.named_modules()
        if module.training and id(module) not in known
    ]
    if not training:
        return None
    return (
        f"In training mode, where dropout acts: {_listed(training)}. Mend it: lm.eval(); base.eval()",
        f"還在訓練模式（dropout 會起作用）：{_listed(training)}。修正：lm.eval(); base.eval()",
    )


def _generation(lm: "PreTrainedModel", wanted: "GenerationConfig | None") -> Problem | None:
    found = getattr(lm, "generation_config", None)
    if found is None:
        wrong = ["generation_config None"]
    elif wanted is not None:
        theirs, ours = _said(wanted), _said(found)
        names = sorted(theirs.keys() | ours.keys())
        wrong = [f"{n} {theirs.get(n)} → {ours.get(n)}" for n in names if theirs.get(n) != ours.get(n)]
    else:
        wrong = []
    if not wrong:
        return None
    return (
        f"The settings of generate() are not the checkpoint's: {_listed(wrong)}. "
        "Mend it: lm.generation_config = GenerationConfig.from_pretrained(folder)",
        f"generate() 的設定和檢查點的不一樣：{_listed(wrong)}。"
        "修正：lm.generation_config = GenerationConfig.from_pretrained(folder)",
    )


def _said(config: "GenerationConfig") -> dict[str, Any]:
    """What the settings really ask for: unset and switched off are the same, and versions do not count."""
    aside = ("_from_model_config", "transformers_version", "_commit_hash")
    return {n: v for n, v in config.to_dict().items() if n not in aside and v is not None and v is not False}


def _same(left: torch.Tensor | None, right: torch.Tensor | None) -> bool:
    """Equal to the bit, wherever they are; tensors without numbers (meta) equal only themselves."""
    if left is right:
        return True
    if left is None or right is None or left.shape != right.shape or left.is_meta or right.is_meta:
        return False
    return torch.equal(left.detach().cpu(), right.detach().cpu())


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _listed(names: Iterable[str], limit: int = 4) -> str:
    names = list(names)
    rest = f" … (+{len(names) - limit})" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "0") + rest


_Find = Callable[["PreTrainedModel", "PreTrainedModel"], Problem | None]
_CHECKS: dict[str, tuple[tuple[str, str], _Find | None]] = {
    "tie": (("the head is the embedding, as the configuration says", "輸出層與嵌入的綁定和設定一致"), _tie),
    "keys": (("the same names and shapes", "名稱與形狀相同"), _keys),
    "weights": (("the same values", "數值相同"), _weights),
    "dtype": (("the same data types", "資料型態相同"), _dtype),
    "settings": (("built with the same settings", "建立時的設定相同"), _settings),
    "logits": (("the same logits on probe inputs", "試算的 logits 相同"), _logits),
    "mode": (("every module in evaluation mode", "每個模組都在評估模式"), _mode),
    "generation": (("the checkpoint's settings of generate()", "generate() 的設定和檢查點一致"), None),
}
