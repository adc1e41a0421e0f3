"""Exercises of lesson 04: conversion."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from transformers import AutoModel, AutoModelForCausalLM, GPT2LMHeadModel, GPT2Model, PreTrainedModel

from .. import conversion
from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.compare import is_same
from .engine.exercise import Exercise
from .engine.forbidden import Forbidden, does_without, module_functions
from .engine.questions import Option, Question
from .engine.samples import Sizes, random_normal, tiny_base, tiny_lm

quick1 = Question(
    name="quick1",
    prompt=Bilingual(
        "You put another base model into `lm.transformer`. What does `lm.lm_head` use from then on?",
        "你把另一個基礎模型放進 `lm.transformer`。從此以後，`lm.lm_head` 用的是什麼？",
    ),
    options=(
        Option(
            Bilingual("the embedding of the new base", "新基礎模型的嵌入"),
            False,
            Bilingual(
                "The tie is between two tensors, not between two names; the new ones are not tied yet.",
                "綁定的是張量，不是名稱；新的嵌入還沒有綁定。",
            ),
        ),
        Option(
            Bilingual(
                "the embedding of the old base, which is gone from the model",
                "舊基礎模型的嵌入，雖然它已經不在模型裡",
            ),
            True,
            Bilingual(
                "The head keeps the tensor that it was tied to; `tie_weights()` ties it anew.",
                "輸出層仍用著當初綁定的張量；`tie_weights()` 才會重新綁定。",
            ),
        ),
        Option(
            Bilingual("nothing, and calling it raises an error", "什麼都沒有，呼叫就會報錯"),
            False,
            Bilingual(
                "It computes as if nothing had happened, which makes this fault hard to notice.",
                "照樣算得出結果，所以這個錯很難發現。",
            ),
        ),
    ),
)

quick2 = Question(
    name="quick2",
    prompt=Bilingual(
        "`base = lm.transformer`, and then you fine-tune `base`. What happens to `lm`?",
        "`base = lm.transformer`，接著你微調 `base`。`lm` 會怎樣？",
    ),
    options=(
        Option(
            Bilingual("nothing, since `base` is a model of its own", "不受影響，因為 `base` 是獨立的模型"),
            False,
            Bilingual(
                "An assignment copies nothing; both names lead to the same object.",
                "指定（assignment）不會複製；兩個名稱指的是同一個物件。",
            ),
        ),
        Option(
            Bilingual("its blocks change, its head does not", "它的區塊（block）會變，輸出層不會"),
            False,
            Bilingual(
                "The blocks do change, but so does the head: it is tied to the embedding.",
                "區塊確實會變，但輸出層也會，因為它和嵌入綁定。",
            ),
        ),
        Option(
            Bilingual("it changes too, head and all", "它也跟著變，連輸出層都會變"),
            True,
            Bilingual(
                "Same memory, and the head is the embedding. For weights of your own, use `copy.deepcopy`.",
                "記憶體是同一塊，而輸出層就是嵌入。想要獨立的權重，請用 `copy.deepcopy`。",
            ),
        ),
    ),
)


def _names() -> tuple[str, int, int]:
    lm = tiny_lm(n_layer=2)
    extra = [name for name in lm.state_dict() if not name.startswith("transformer.")]
    return (
        "transformer.wte.weight",
        len(extra),
        len(list(lm.parameters())) - len(list(lm.transformer.parameters())),
    )


q1 = Exercise(
    key="04.1",
    title=Bilingual("Predict the names", "預測名稱"),
    statement=Bilingual(
        "In a base model the embedding is called `wte.weight`. Write a tuple about the LM head model with a tied "
        "head: the name of the same tensor in its `state_dict()`, how many more names its `state_dict()` has "
        "than that of the base, and how many more tensors its `parameters()` returns than that of the base.",
        "在基礎模型裡，嵌入叫作 `wte.weight`。現在有一個 LM head 綁定的語言模型，請寫出一個 tuple，依序是同一個張量在它的 "
        "`state_dict()` 裡的名稱、`state_dict()` 比基礎模型多幾個名稱，以及 `parameters()` 比基礎模型多回傳幾個張量。",
    ),
    hints=(
        Bilingual(
            "The base is an attribute of the LM head model, and the attribute's name becomes a prefix.",
            "基礎模型是語言模型的一個屬性，屬性的名稱會變成前綴。",
        ),
        Bilingual(
            "`state_dict()` lists names, and two names may mean one tensor; `parameters()` lists each "
            "tensor once.",
            "`state_dict()` 列出名稱，兩個名稱可以指同一個張量；`parameters()` 則每個張量只列一次。",
        ),
    ),
    why=Bilingual(
        "The prefix is `transformer.`; the extra name is `lm_head.weight`, and it is no new tensor but `wte` again.",
        "前綴是 `transformer.`；多出來的名稱是 `lm_head.weight`，但不是新的張量，還是 `wte`。",
    ),
    worth_knowing=Bilingual(
        "`save_pretrained` writes a shared tensor only once, so the extra name is missing in the file.",
        "`save_pretrained` 對共用的張量只存一份，所以檔案裡看不到多出來的那個名稱。",
    ),
    checker=Value(_names),
)


@q1.solved_by
def names():
    return ("transformer.wte.weight", 1, 0)


q1.wrong_value(("wte.weight", 1, 0), "The prefix is missing.", "少了前綴。")


q1.wrong_value(
    ("lm_head.weight", 1, 0),
    "That name, too, refers to the same tensor; but the one of the base's own `wte` is wanted.",
    "這個名稱也指向同一個張量，但題目要的是基礎模型自己的 `wte` 用的名稱。",
)

q1.wrong_value(
    ("transformer.wte.weight", 0, 0),
    "The head has a name in `state_dict()`, tied or not.",
    "無論有沒有綁定，輸出層在 `state_dict()` 裡都有名稱。",
)

q1.wrong_value(("transformer.wte.weight", 1, 1), "You counted one tensor twice.", "同一個張量，你算了兩次。")


def _copy_head(lm: GPT2LMHeadModel) -> None:
    lm.lm_head.weight = torch.nn.Parameter(lm.transformer.wte.weight.detach().clone())


def _equal_copy(seed: int) -> GPT2LMHeadModel:
    lm = tiny_lm(seed)
    _copy_head(lm)
    return lm


def _flag_only(seed: int) -> GPT2LMHeadModel:
    lm = tiny_lm(seed)
    lm.config.tie_word_embeddings = False
    return lm


def _longer_head(seed: int) -> GPT2LMHeadModel:
    lm = tiny_lm(seed)
    lm.lm_head.weight = torch.nn.Parameter(random_normal(100, 24, seed=seed))
    return lm


def _embedding_for_a_head(seed: int) -> GPT2LMHeadModel:
    lm = tiny_lm(seed)
    lm.lm_head = lm.transformer.wte
    return lm


q2 = Exercise(
    key="04.2",
    title=Bilingual("Is the head tied?", "判斷輸出層是否綁定"),
    statement=Bilingual(
        "Write `is_tied(lm)`: whether head and embedding are one and the same tensor, as `True` or `False`. An equal "
        "copy is not tied, and a flag in the configuration proves nothing.",
        "寫出 `is_tied(lm)`，判斷輸出層和嵌入是不是同一個張量，回傳 `True` 或 `False`。值相等的副本不算綁定，"
        "設定裡的旗標也證明不了什麼。",
    ),
    hints=(
        Bilingual(
            "What still holds for a tied pair after one more training step, and not for a copy?",
            "再訓練一步之後，哪件事對綁定的輸出層仍然成立，對副本卻不成立？",
        ),
        Bilingual(
            "Python has an operator that asks whether two things are the same object.",
            "Python 有一個運算子，問的就是兩者是不是同一個物件。",
        ),
    ),
    why=Bilingual(
        "`is` compares objects, not values: only one and the same tensor changes in both places at once.",
        "`is` 比的是物件，不是值；只有同一個張量，改一處才會兩處都變。",
    ),
    worth_knowing=Bilingual(
        "Equal values prove nothing: after one training step a copy goes its own way.",
        "值相等證明不了什麼；只要再訓練一步，副本和嵌入就各走各的了。",
    ),
    checker=Function(
        lambda: [
            (_equal_copy(1),),
            (tiny_lm(2),),
            (_flag_only(3),),
            (tiny_lm(4, tie_word_embeddings=False, n_layer=1, n_embd=12),),
            (_longer_head(5),),
            (_embedding_for_a_head(6),),
        ]
    ),
)


@q2.solved_by
def is_tied(lm):
    return lm.lm_head.weight is lm.transformer.wte.weight


@q2.mistake("You compare values, and cannot tell an equal copy.", "你比的是值，分辨不出值相等的副本。")
def _tied_by_value(lm: GPT2LMHeadModel) -> bool:
    return torch.equal(lm.lm_head.weight, lm.transformer.wte.weight)


@q2.mistake("You compare shapes; these are always the same.", "你比的是形狀，但形狀本來就一樣。")
def _tied_by_shape(lm: GPT2LMHeadModel) -> bool:
    return lm.lm_head.weight.shape == lm.transformer.wte.weight.shape


@q2.mistake("You trust the flag; look at the tensors.", "你相信了旗標；請看張量本身。")
def _tied_by_config(lm: GPT2LMHeadModel) -> bool:
    return lm.config.tie_word_embeddings


@q2.mistake(
    "You compare the two modules. A `Linear` and an `Embedding` are different objects; what do they hold?",
    "你比的是兩個模組。`Linear` 和 `Embedding` 本來就是不同的物件；它們各自裝的張量呢？",
)
def _tied_as_modules(lm: GPT2LMHeadModel) -> bool:
    return lm.lm_head is lm.transformer.wte


@q2.mistake("To you every head looks tied.", "不管哪個模型，你都判斷為已綁定。")
def _tied_always(lm):
    return True


@q2.mistake("To you every head looks untied.", "不管哪個模型，你都判斷為未綁定。")
def _tied_never(lm):
    return False


@q2.mistake("Your answer is the wrong way round.", "你的答案正好相反。")
def _tied_turned_round(lm):
    return not is_tied(lm)


State = dict[str, torch.Tensor]


def _renamed(state: State) -> State:
    return {
        **{f"transformer.{name}": tensor for name, tensor in state.items()},
        "lm_head.weight": state["wte.weight"],
    }


q3 = Exercise(
    key="04.3",
    title=Bilingual("Rename a state dict", "替 state dict 的名稱加上前綴"),
    statement=Bilingual(
        "Write `renamed(state)`: from the `state_dict()` of a base model, make one that `GPT2LMHeadModel` loads with "
        "`strict=True`, every name right and the head included.",
        "寫出 `renamed(state)`，把基礎模型的 `state_dict()` 改成 `GPT2LMHeadModel` 能用 `strict=True` 載入的 dict，"
        "名稱要全部正確，也要包含輸出層。",
    ),
    hints=(
        Bilingual("All names of the base get one prefix.", "基礎模型的每個名稱都要加上同一個前綴。"),
        Bilingual(
            "The head needs `lm_head.weight`; which tensor of the base is that?",
            "輸出層需要 `lm_head.weight`；這是基礎模型裡的哪個張量？",
        ),
    ),
    why=Bilingual(
        "The base is under `transformer.`, the head beside it; and the head's weight is the embedding.",
        "基礎模型在 `transformer.` 底下，輸出層則和 `transformer.` 並列，權重就是嵌入。",
    ),
    worth_knowing=Bilingual(
        "`from_pretrained` does this renaming itself, and so it loads either file into either class.",
        "`from_pretrained` 會自己改名，所以不管檔案是哪一種類別存的，兩種類別都載得進來。",
    ),
    checker=Function(
        lambda: [
            (tiny_base(5).state_dict(),),
            (tiny_base(6, n_layer=1, n_embd=12).state_dict(),),
            (dict(tiny_base(7, n_layer=3, n_head=2, vocab_size=31).state_dict()),),
        ],
        right=_renamed,
    ),
)


@q3.solved_by
def renamed(state):
    new = {f"transformer.{name}": tensor for name, tensor in state.items()}
    new["lm_head.weight"] = state["wte.weight"]
    return new


@q3.mistake("The head is missing: strict loading would raise an error.", "少了輸出層，用嚴格模式載入會報錯。")
def _renamed_without_head(state: State) -> State:
    return {f"transformer.{name}": tensor for name, tensor in state.items()}


@q3.mistake("The names of the base still lack their prefix.", "基礎模型的名稱還沒加上前綴。")
def _not_renamed(state: State) -> State:
    return {**state, "lm_head.weight": state["wte.weight"]}


@q3.mistake(
    "The head got the prefix, too; it is not inside the base.",
    "你替輸出層也加了前綴，但輸出層並不在基礎模型裡面。",
)
def _renamed_head_too(state: State) -> State:
    return {
        f"transformer.{name}": tensor
        for name, tensor in {**state, "lm_head.weight": state["wte.weight"]}.items()
    }


@q3.mistake(
    "Look at your names: the prefix runs straight into what follows it.",
    "看看你的名稱，前綴和後面的部分黏在一起了。",
)
def _renamed_without_dot(state: State) -> State:
    return {name.replace("transformer.", "transformer"): tensor for name, tensor in _renamed(state).items()}


@q3.mistake("The old names are still there beside the new ones.", "舊的名稱還留在裡面，和新的並存。")
def _renamed_and_kept(state: State) -> State:
    return {**state, **_renamed(state)}


@q3.mistake("You took the position embeddings for the head.", "你把位置嵌入當成輸出層了。")
def _renamed_positions_as_head(state: State) -> State:
    return {**_renamed(state), "lm_head.weight": state["wpe.weight"]}


@q3.mistake(
    "Your head is transposed: `Linear` keeps `[vocab, hidden]`.",
    "你的輸出層轉置了，`Linear` 儲存的形狀是 `[vocab, hidden]`。",
)
def _renamed_transposed(state: State) -> State:
    return {**_renamed(state), "lm_head.weight": state["wte.weight"].T}


_SIZES: dict[int, Sizes] = {  # by number of layers
    2: {},
    1: {"n_layer": 1, "n_embd": 12},
    3: {"n_layer": 3, "n_embd": 16, "n_head": 2, "vocab_size": 31},
}


def _given(n_layer: int) -> GPT2Model:
    """The base that a case hands out, made anew: a learner's function may have changed the one that it got."""
    return tiny_base(6 + n_layer, **_SIZES[n_layer])


_UNTIED = Bilingual(
    "The head is not tied to the embedding inside the model: it multiplies by other numbers.",
    "輸出層沒有和模型裡的嵌入綁定，乘上的是別的數字。",
)
_COPIED = Bilingual(
    "The head has the right values, but it is a copy: training parts it from the embedding.",
    "輸出層的值正確，但只是副本，一訓練就會和嵌入不同。",
)
_MODULE_AS_HEAD = Bilingual(
    "You put a module in the head's place that is no `Linear`: it cannot multiply.",
    "你放在輸出層位置的模組不是 `Linear`，不會做矩陣乘法。",
)
_TRAINING = Bilingual(
    "The model is still in training mode: dropout would be at work.", "模型還在訓練模式，dropout 會起作用。"
)
_PARTLY_TRAINING = Bilingual(
    "The shell is in evaluation mode, but a part inside is still in training mode; "
    "the base that is given may be in either.",
    "外殼處於評估模式，裡面卻有一部分還在訓練模式；收到的基礎模型，兩種模式都有可能。",
)
_OTHER_WEIGHTS = Bilingual(
    "The weights inside are not those of the base that you were given.",
    "裡面的權重不是你收到的那個基礎模型的權重。",
)
_NO_MODEL = Bilingual("A `GPT2LMHeadModel` is wanted as the result.", "結果應該是一個 `GPT2LMHeadModel`。")


def _conversion_cases() -> list[tuple[GPT2Model]]:
    half = _given(3)
    half.h[1].train()
    return [(_given(2),), (_given(1).train(),), (half,)]


def _ready_made(base: GPT2Model) -> list[Forbidden]:
    classes = (PreTrainedModel, AutoModel, AutoModelForCausalLM)
    return [
        *(Forbidden(one, "from_pretrained", does_without("from_pretrained")) for one in classes),
        *module_functions(conversion, "course_utils.conversion"),
    ]


def _judge_conversion(lm: Any, arguments: tuple[GPT2Model]) -> Bilingual | None:
    if not isinstance(lm, GPT2LMHeadModel):
        return _NO_MODEL
    if not isinstance(lm.transformer, GPT2Model):
        return _OTHER_WEIGHTS
    if not isinstance(lm.lm_head, torch.nn.Linear):
        return _MODULE_AS_HEAD
    failed = conversion.verify(_given(arguments[0].config.n_layer), lm).failed
    known = {
        "weights": _OTHER_WEIGHTS,
        "tie": _COPIED if torch.equal(lm.lm_head.weight, lm.transformer.wte.weight) else _UNTIED,
        "mode": _TRAINING if lm.training else _PARTLY_TRAINING,
    }
    return next((says for name, says in known.items() if name in failed), None) or _other_checks(failed)


def _other_checks(failed: tuple[str, ...]) -> Bilingual | None:
    if not failed:
        return None
    names = ", ".join(f"`{name}`" for name in failed)
    return Bilingual(f"`verify` finds fault with: {names}.", f"`verify` 檢查出這幾項不成立：{names}。")


def _converted(base: GPT2Model, *steps: Callable[[GPT2LMHeadModel], Any]) -> GPT2LMHeadModel:
    lm = GPT2LMHeadModel(base.config)
    lm.transformer = base
    for step in steps:
        step(lm)
    return lm


def _tie(lm: GPT2LMHeadModel) -> None:
    lm.tie_weights()


def _evaluate(lm: GPT2LMHeadModel) -> None:
    lm.eval()


def _embedding_as_head(lm: GPT2LMHeadModel) -> None:
    lm.lm_head = lm.transformer.wte


q4 = Exercise(
    key="04.4",
    title=Bilingual("A conversion that passes every check", "經得起檢查的轉換"),
    statement=Bilingual(
        "Write `to_lm(base)` by hand, without `from_pretrained` and without `course_utils.conversion`: a "
        "`GPT2LMHeadModel` around the base that it is given, with the head tied and in evaluation mode. "
        "`conversion.verify` will check it.",
        "不用 `from_pretrained`，也不用 `course_utils.conversion`，親手寫出 `to_lm(base)`，把收到的基礎模型裝進一個 "
        "`GPT2LMHeadModel`，輸出層要綁定，整個模型要處於評估模式。答案由 `conversion.verify` 檢查。",
    ),
    blank_imports=True,
    hints=(
        Bilingual(
            "`GPT2LMHeadModel(base.config)` makes the shell, with random weights in it.",
            "`GPT2LMHeadModel(base.config)` 建立外殼，裡面是隨機的權重。",
        ),
        Bilingual(
            "After `lm.transformer = base` the head still uses the random embedding.",
            "執行 `lm.transformer = base` 之後，輸出層用的仍是那個隨機的嵌入。",
        ),
        Bilingual(
            "One method ties, another switches dropout off.", "一個方法負責綁定，另一個負責關掉 dropout。"
        ),
    ),
    why=Bilingual(
        "The shell comes with a random base, a head tied to that, and training mode; each line mends one of these.",
        "外殼自帶隨機的基礎模型、和它綁定的輸出層，又處於訓練模式；每一行各修正其中一項。",
    ),
    worth_knowing=Bilingual(
        "For a base that came from a checkpoint, the settings of `generate` must be read as well: "
        "`GenerationConfig.from_pretrained`.",
        "如果基礎模型來自檢查點，還要用 `GenerationConfig.from_pretrained` 讀回 `generate` 的設定。",
    ),
    checker=Function(_conversion_cases, judge=_judge_conversion, forbidden=_ready_made),
)


@q4.solved_by
def to_lm(base):
    lm = GPT2LMHeadModel(base.config)
    lm.transformer = base
    lm.tie_weights()
    return lm.eval()


@q4.wrong_example(_UNTIED)
def _convert_by_snippet(base: GPT2Model) -> GPT2LMHeadModel:
    return _converted(base, _evaluate)


@q4.wrong_example(_COPIED)
def _convert_with_copy(base: GPT2Model) -> GPT2LMHeadModel:
    return _converted(base, _copy_head, _evaluate)


@q4.wrong_example(_MODULE_AS_HEAD)
def _convert_with_embedding(base: GPT2Model) -> GPT2LMHeadModel:
    return _converted(base, _embedding_as_head, _evaluate)


@q4.wrong_example(_TRAINING)
def _convert_in_training_mode(base: GPT2Model) -> GPT2LMHeadModel:
    return _converted(base, _tie)


@q4.wrong_example(_PARTLY_TRAINING)
def _convert_too_early(base: GPT2Model) -> GPT2LMHeadModel:
    lm = GPT2LMHeadModel(base.config).eval()
    lm.transformer = base
    lm.tie_weights()
    return lm


@q4.wrong_example(_OTHER_WEIGHTS)
def _convert_to_random(base: GPT2Model) -> GPT2LMHeadModel:
    return GPT2LMHeadModel(base.config).eval()


@q4.wrong_example(_NO_MODEL)
def _convert_to_nothing(base: GPT2Model) -> GPT2Model:
    return base


_NOTHING_LOADED = Bilingual(
    "The weights of the fresh model are still random: nothing was loaded.",
    "新模型的權重還是隨機值，什麼都沒載入。",
)
_PARTLY_LOADED = Bilingual(
    "Some tensors of the base were loaded, others were not.", "基礎模型的張量有些載入了，有些沒有。"
)
_BASE_CHANGED = Bilingual(
    "The base itself was changed; in which direction did you copy?",
    "基礎模型反而改變了，你是往哪個方向複製呢？",
)
_HEAD_UNTIED = Bilingual(
    "The blocks are loaded, but head and embedding are no longer one tensor.",
    "區塊（block）載入了，但輸出層和嵌入已經不是同一個張量。",
)
_SHARED = Bilingual(
    "The fresh model now holds the base's own tensors; it should have weights of its own.",
    "新模型裡放的是基礎模型的張量，但它應該有自己的一份權重。",
)
_NOT_RETURNED = Bilingual(
    "The function should return the model that it was given to fill.",
    "函式要回傳它收到、填好權重的那個模型。",
)


def _fresh_cases() -> list[tuple[GPT2LMHeadModel, GPT2Model]]:
    return [(tiny_lm(20 + n_layer, **sizes), _given(n_layer)) for n_layer, sizes in _SIZES.items()]


def _count_equal(found: State, wanted: State) -> int:
    return sum(name in found and torch.equal(found[name], tensor) for name, tensor in wanted.items())


def _judge_loading(lm: Any, arguments: tuple[GPT2LMHeadModel, GPT2Model]) -> Bilingual | None:
    fresh, base = arguments
    if lm is not fresh:
        return _NOT_RETURNED
    given = _given(base.config.n_layer)
    wanted = given.state_dict()
    if not is_same(base, given):
        return _BASE_CHANGED
    if {tensor.data_ptr() for tensor in lm.parameters()} & {
        tensor.data_ptr() for tensor in base.parameters()
    }:
        return _SHARED
    loaded = _count_equal(lm.state_dict(), {f"transformer.{name}": tensor for name, tensor in wanted.items()})
    if loaded < len(wanted):
        return _PARTLY_LOADED if loaded else _NOTHING_LOADED
    return None if is_tied(lm) else _HEAD_UNTIED


q5 = Exercise(
    key="04.5",
    title=Bilingual("A load that loads nothing (find the bug)", "什麼都沒載入（除錯）"),
    statement=Bilingual(
        "Someone fills a fresh `GPT2LMHeadModel` with `fresh.load_state_dict(base.state_dict(), strict=False)`. There "
        "is no error, but the text is nonsense. Write `fill(fresh, base)`: copy the weights of the base into `fresh` so that "
        "it has a copy of its own, with the head still tied, and return `fresh`.",
        "有人用 `fresh.load_state_dict(base.state_dict(), strict=False)` 填一個新的 `GPT2LMHeadModel`。沒有報錯，"
        "生成的卻是胡言亂語。請寫出 `fill(fresh, base)`，把基礎模型的權重複製進 `fresh`，讓它有自己的一份，"
        "輸出層仍然綁定，最後回傳 `fresh`。",
    ),
    hints=(
        Bilingual(
            "Print what `load_state_dict` returns: it lists the names that did not match.",
            "印出 `load_state_dict` 的回傳值，裡面列著對不上的名稱。",
        ),
        Bilingual(
            "Inside `fresh` there is a module whose names are exactly those of the base.",
            "`fresh` 裡面有一個模組，名稱和基礎模型完全相同。",
        ),
    ),
    why=Bilingual(
        "All names lacked the prefix, and `strict=False` skipped every one. Loading copies values into the tensors "
        "that are there, so the tie stays.",
        "每個名稱都少了前綴，`strict=False` 就一個個略過。載入只把值複製進原有的張量，所以仍然綁定。",
    ),
    worth_knowing=Bilingual(
        "`strict=False` is no way to silence an error; if you need it, read `missing_keys` and `unexpected_keys`.",
        "`strict=False` 不是用來消除錯誤訊息的工具；真的需要時，要看看 `missing_keys` 和 `unexpected_keys` 列了什麼。",
    ),
    checker=Function(_fresh_cases, judge=_judge_loading),
)


@q5.solved_by
def fill(fresh, base):
    fresh.transformer.load_state_dict(base.state_dict())
    return fresh


@q5.wrong_example(_NOTHING_LOADED)
def _load_nothing(fresh: GPT2LMHeadModel, base: GPT2Model) -> GPT2LMHeadModel:
    fresh.load_state_dict(base.state_dict(), strict=False)
    return fresh


@q5.wrong_example(_BASE_CHANGED)
def _load_backwards(fresh: GPT2LMHeadModel, base: GPT2Model) -> GPT2LMHeadModel:
    base.load_state_dict(fresh.transformer.state_dict())
    return fresh


@q5.wrong_example(_PARTLY_LOADED)
def _load_embedding(fresh: GPT2LMHeadModel, base: GPT2Model) -> GPT2LMHeadModel:
    fresh.transformer.wte.load_state_dict(base.wte.state_dict())
    return fresh


@q5.wrong_example(_SHARED)
def _load_shared(fresh: GPT2LMHeadModel, base: GPT2Model) -> GPT2LMHeadModel:
    fresh.transformer = base
    fresh.tie_weights()
    return fresh


@q5.wrong_example(_HEAD_UNTIED)
def _load_untied(fresh: GPT2LMHeadModel, base: GPT2Model) -> GPT2LMHeadModel:
    fresh.transformer = copy.deepcopy(base)
    return fresh


@q5.wrong_example(_NOT_RETURNED)
def _load_report(fresh: GPT2LMHeadModel, base: GPT2Model) -> Any:
    return fresh.transformer.load_state_dict(base.state_dict())


q6 = Exercise(
    key="04.6",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "A colleague shows you a converted model and says: “It runs without errors, so the conversion is right.” "
        "Answer in two or three sentences: what would you check, and why is it not enough that the text looks fine?",
        "同事給你看轉換好的模型，對你說「執行時沒有報錯，所以轉對了」。請用兩三句話回答，你會檢查什麼？為什麼光是文字看起來正常還不夠？",
    ),
    hints=(
        Bilingual(
            "Which faults of this lesson leave the first logits untouched and strike later?",
            "這一課的哪些錯誤，一開始的 logits 完全正常，之後才發作？",
        ),
    ),
    why=Bilingual(
        "A good answer compares with the original model on the same input, and names a fault that shows only later.",
        "好的回答會用同樣的輸入和原來的模型比對，並舉出一種之後才看得出來的錯誤。",
    ),
    worth_knowing=Bilingual(
        "`conversion.verify` checks all of this in one call.", "`conversion.verify` 一次就能檢查這些。"
    ),
    checker=Open(),
)


@q6.solved_by
def words():
    return """I would compare logits on the same ids with the original, and check that the head is the
embedding itself, that every tensor was loaded, that all parts are in eval mode, and that the settings
of generate came along. An equal copy of the head writes the same text and drifts apart in training."""
