"""The checks of `verify`: each takes the pair and returns what is wrong, why it cannot be judged, or None."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..insight.narrow import embedding_of
from ..texts import Bilingual
from .library import Around, Head
from .report import Doubt, Problem
from .tensors import named_tensors, same

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedModel

# What a configuration says beyond the computation: names, versions, special tokens, outputs, tasks.
_IGNORED_CONFIG_KEYS = re.compile(
    r"_.*|architectures|auto_map|transformers_version|dtype|use_cache|return_dict|output_.*|.*_token_id|summary_.*"
    r"|id2label|label2id|num_labels|problem_type|task_specific_params|name_or_path|chunk_size_feed_forward"
)
_IGNORED_ATTRIBUTES = {
    "training",
    "name_or_path",
    "gradient_checkpointing",
}  # attributes of modules that may differ
# GELU by its tanh formula, under all the names and classes that the library has for it.
_SAME_FUNCTION = {
    **dict.fromkeys(("gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate"), "gelu_new"),
    **dict.fromkeys(("GELUTanh", "FastGELUActivation", "AccurateGELUActivation"), "NewGELUActivation"),
}
NO_CLASS = Doubt(
    "transformers has no class with an LM head for this base, so there is nothing to compare the head with.",
    "transformers 沒有與這個基礎模型對應、帶 LM head 的類別，輸出層沒有可以拿來比對的模型。",
)


@dataclass(frozen=True)
class Pair:
    """What `verify` compares: a base and a model with an LM head, and what they are measured by.

    `library`: the library's class around the base; `head`: what the checkpoint says of the head; both None where the
    library has no such class. `generation_config`: what is wanted, None if nothing is known.
    """

    base: "PreTrainedModel"
    lm: "PreTrainedModel"
    library: Around | None
    head: Head | None
    generation_config: "GenerationConfig | None"


def tie(pair: Pair) -> Problem | None:
    """The head is the embedding exactly if the configuration says so."""
    base, lm = pair.base, pair.lm
    head, embedding = lm.get_output_embeddings().weight, embedding_of(lm).weight
    tied = base.config.get_text_config().tie_word_embeddings
    if tied == (head is embedding):
        return None
    if not tied:
        return Problem(
            "The head is the embedding, but the configuration says that it has weights of its own. "
            "Load the model with its head: AutoModelForCausalLM.from_pretrained(folder).",
            "輸出層就是嵌入，但設定說它有自己的權重。請連同輸出層一起載入：AutoModelForCausalLM.from_pretrained(folder)。",
        )
    copied = same(head, embedding)
    mend = "lm.tie_weights()"
    if not lm.config.get_text_config().tie_word_embeddings:
        mend = f"lm.config.tie_word_embeddings = True; {mend}"
    return Problem(
        f"The head is {'a copy of the embedding' if copied else 'another tensor'}, not the embedding itself"
        f"{': the two part when you train' if copied else ''}. Mend it: {mend}",
        f"輸出層{'只是嵌入的副本' if copied else '是另一個張量'}，不是嵌入本身"
        f"{'：一訓練就會分開' if copied else ''}。修正：{mend}",
    )


def keys(pair: Pair) -> Problem | None:
    """The base's tensors are there, under their names and in their shapes, and the head has a row for each token."""
    base, lm = pair.base, pair.lm
    whole, found = base.state_dict(), lm.base_model.state_dict()
    wanted = {
        name: value for name, value in whole.items() if pair.library is None or name in pair.library.inside
    }
    missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - whole.keys())
    shapes = [name for name in wanted.keys() & found.keys() if wanted[name].shape != found[name].shape]
    turned = [name for name in shapes if wanted[name].shape == found[name].T.shape]
    if missing or extra:
        return Problem(
            f"Names do not match: missing {_listed(missing)}; extra {_listed(extra)}. Rebuild with to_lm_head(base).",
            f"名稱不符：缺少 {_listed(missing)}；多出 {_listed(extra)}。請用 to_lm_head(base) 重建。",
        )
    if turned:
        return Problem(
            f"Transposed: {_listed(turned)}. Conv1D stores [in, out], nn.Linear [out, in]: turn it back with .T",
            f"這些權重轉置了：{_listed(turned)}。GPT-2 的 Conv1D 存成 [in, out]，nn.Linear 存成 [out, in]，請用 .T 轉回來",
        )
    if shapes:
        return Problem(
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
    head, embedding = lm.get_output_embeddings(), embedding_of(lm)
    rows, said = len(embedding.weight), getattr(head, "out_features", len(head.weight))
    if len(head.weight) == rows == said:
        return None
    return Problem(
        f"The vocabulary has {rows} entries, the head {len(head.weight)} rows and out_features {said}. "
        "Resize through the whole model, lm.resize_token_embeddings(n), never through its base.",
        f"詞彙表有 {rows} 項，輸出層卻有 {len(head.weight)} 列，out_features 是 {said}。"
        "改大小要對整個模型做，lm.resize_token_embeddings(n)，不要對裡面的基礎模型做。",
    )


def weights(pair: Pair) -> Problem | Doubt | None:
    """The base's tensors have the same values, to the bit, and what only the head has those of the checkpoint."""
    return _base_weights(pair) or _head_weights(pair)


def _base_weights(pair: Pair) -> Problem | None:
    wanted, found = pair.base.state_dict(), pair.lm.base_model.state_dict()
    common = [name for name in wanted if name in found and wanted[name].shape == found[name].shape]
    wrong = [name for name in common if not same(wanted[name].to(found[name].dtype), found[name])]
    if not wrong:
        return None
    matrices = [name for name in common if wanted[name].dim() > 1]
    prefix = pair.lm.base_model_prefix
    if matrices and set(matrices) <= set(wrong):
        return Problem(
            "None of the base's matrices arrived. load_state_dict(…, strict=False) skips every name that lacks the "
            f'prefix "{prefix}." without a word: lm.{prefix}.load_state_dict(base.state_dict())',
            "基礎模型的矩陣一個也沒有載入。load_state_dict(…, strict=False) 會略過所有缺少前綴 "
            f'"{prefix}." 的名稱，而且毫無警告。請改用 lm.{prefix}.load_state_dict(base.state_dict())',
        )
    what = _kind_of_difference(wrong, wanted, found)
    return Problem(
        f"{what.en}: {_listed(wrong)}. Load them again: lm.{prefix}.load_state_dict(base.state_dict())",
        f"{what.zh}：{_listed(wrong)}。重新載入：lm.{prefix}.load_state_dict(base.state_dict())",
    )


def _head_weights(pair: Pair) -> Problem | Doubt | None:
    """What only the head has is compared with the checkpoint that the base came from, where that is a measure."""
    if pair.head is None:
        return NO_CLASS
    if pair.head.doubt is not None:
        return pair.head.doubt
    theirs = dict(named_tensors(pair.lm))
    wrong = [
        names[0]
        for names, value in pair.head.values.items()
        if (found := theirs.get(names[0])) is None or not same(value.to(found.dtype), found)
    ]
    if not wrong:
        return None
    return Problem(
        f"The head is not the checkpoint's: {_listed(wrong)}. Load the model with its head: "
        "AutoModelForCausalLM.from_pretrained(folder). If you have trained it, compare with the folder that you saved.",
        f"輸出層和檢查點裡的輸出層不同：{_listed(wrong)}。請連同輸出層一起載入：AutoModelForCausalLM.from_pretrained(folder)。"
        "如果是你訓練過的模型，請和你存下來的資料夾比對。",
    )


def _kind_of_difference(wrong: list[str], wanted: dict, found: dict) -> Bilingual:
    if all(wanted[name].dim() == 2 and same(wanted[name].T, found[name]) for name in wrong):
        return Bilingual(
            "Transposed (square, so the shape does not show it)", "轉置了（方陣，從形狀看不出來）"
        )
    swapped = _swapped_blocks(wrong, wanted, found)
    if swapped:
        where = ", ".join(f"{here} ← {there}" for here, there in sorted(swapped.items()))
        return Bilingual(f"Blocks in the wrong place ({where})", f"區塊放錯位置（{where}）")
    return Bilingual(f"{len(wrong)} tensors have other values", f"有 {len(wrong)} 個張量的值不同")


def _swapped_blocks(wrong: list[str], wanted: dict, found: dict) -> dict[str, str]:
    """Return {block: the block whose weights it holds}, empty unless this explains every difference."""
    right, present = _by_block(wanted), _by_block(found)
    swapped = {}
    for block in {_split(name)[0] for name in wrong}:
        names = right.get(block, {})
        source = next(
            (
                other
                for other in sorted(right.keys() - {block})
                if names
                and all(same(right[other].get(name), present.get(block, {}).get(name)) for name in names)
            ),
            None,
        )
        if source is None:
            return {}
        swapped[block] = source
    return swapped


def _by_block(tensors: dict) -> dict[str, dict]:
    """Return {"h.0": {"attn.c_attn.weight": tensor, …}, …}, without what is in no block."""
    blocks: dict[str, dict] = {}
    for name, tensor in tensors.items():
        block, inside = _split(name)
        if block:
            blocks.setdefault(block, {})[inside] = tensor
    return blocks


def _split(name: str) -> tuple[str, str]:
    """Split "h.0.attn.c_attn.weight" into the block, "h.0", and the rest; the block is "" outside of all blocks."""
    match = re.match(r"(.*?\b\d+)\.(.*)", name)
    return (match[1], match[2]) if match else ("", name)


def dtype(pair: Pair) -> Problem | None:
    """Every tensor of the base, and the head, has the data type that it has there."""
    base, lm = pair.base, pair.lm
    wanted, found = base.state_dict(), lm.base_model.state_dict()
    head, embedding = lm.get_output_embeddings().weight, embedding_of(base).weight
    pairs = [(name, wanted[name].dtype, found[name].dtype) for name in wanted if name in found]
    pairs.append(("the LM head", embedding.dtype, head.dtype))
    wrong = [f"{name} {_short(was)} → {_short(now)}" for name, was, now in pairs if was != now]
    if not wrong:
        return None
    return Problem(
        f"Another data type: {_listed(wrong)}. Mend it: lm.to(base.dtype); lost digits come back only by loading.",
        f"資料型別不同：{_listed(wrong)}。修正：lm.to(base.dtype)；已經捨去的位數，只有重新載入才能恢復。",
    )


def settings(pair: Pair) -> Problem | None:
    """Configuration and modules were built with the same settings: heads, epsilon, activation, …"""
    base, lm = pair.base, pair.lm
    wrong = _differing(_config_of(base), _config_of(lm), "config.")
    theirs = dict(lm.base_model.named_modules())
    for name, module in base.named_modules():
        if name in theirs:
            wrong += _differing(_attributes(module), _attributes(theirs[name]), f"{name}." if name else "")
    if not wrong:
        return None
    return Problem(
        f"Built with other settings: {_listed(wrong)}. The weights fit, the computation does not: "
        "build it from base.config.",
        f"建立時的設定不同：{_listed(wrong)}。權重放得進去，計算方式卻不一樣。請用 base.config 建立。",
    )


def _config_of(model: "PreTrainedModel") -> dict[str, Any]:
    settings = model.config.to_dict().items()
    return {name: _one_name(value) for name, value in settings if not _IGNORED_CONFIG_KEYS.fullmatch(name)}


def _one_name(value: Any) -> Any:
    """One name for the settings that name the same function."""
    return _SAME_FUNCTION.get(value, value) if isinstance(value, str) else value


def _attributes(module: nn.Module) -> dict[str, Any]:
    """The class of a module and its plain numbers, flags and words, such as `num_heads`, `eps`, `p`."""
    plain = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, bool | int | float | str)
        and not name.startswith("_")
        and name not in _IGNORED_ATTRIBUTES
    }
    return {"class": _one_name(type(module).__name__), **plain}


def _differing(wanted: dict[str, Any], found: dict[str, Any], prefix: str) -> list[str]:
    return [
        f"{prefix}{name} {wanted[name]} → {found[name]}"
        for name in wanted
        if name in found and wanted[name] != found[name]
    ]


def mode(pair: Pair) -> Problem | None:
    """No module is in training mode."""
    base, lm = pair.base, pair.lm
    training = [f"lm{'.' * bool(name)}{name}" for name, module in lm.named_modules() if module.training]
    known = set(map(id, lm.modules()))
    training += [
        f"base{'.' * bool(name)}{name}"
        for name, module in base.named_modules()
        if module.training and id(module) not in known
    ]
    if not training:
        return None
    return Problem(
        f"In training mode, where dropout acts: {_listed(training)}. Mend it: lm.eval(); base.eval()",
        f"還在訓練模式（dropout 會起作用）：{_listed(training)}。修正：lm.eval(); base.eval()",
    )


def generation(pair: Pair) -> Problem | None:
    """The settings of `generate()` are those that are wanted; where none are known, there are some."""
    lm, wanted = pair.lm, pair.generation_config
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
    return Problem(
        f"The settings of generate() are not the checkpoint's: {_listed(wrong)}. "
        "Mend it: lm.generation_config = GenerationConfig.from_pretrained(folder)",
        f"generate() 的設定和檢查點裡的設定不一樣：{_listed(wrong)}。"
        "修正：lm.generation_config = GenerationConfig.from_pretrained(folder)",
    )


def _said(config: "GenerationConfig") -> dict[str, Any]:
    """What the settings really ask for: unset and switched off are the same, and versions do not count."""
    aside = ("_from_model_config", "transformers_version", "_commit_hash")
    return {n: v for n, v in config.to_dict().items() if n not in aside and v is not None and v is not False}


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _listed(names: Iterable[str], limit: int = 4) -> str:
    names = list(names)
    rest = f" … (+{len(names) - limit})" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "0") + rest
