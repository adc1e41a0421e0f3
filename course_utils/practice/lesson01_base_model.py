"""Exercises of lesson 01: the base model."""

import torch
from transformers import GPT2Model

from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.exercise import Exercise
from .engine.forbidden import Forbidden, does_without
from .engine.questions import Option, Question
from .engine.samples import random_ids, random_normal, tiny_base

quick1 = Question(
    name="quick1",
    prompt=Bilingual(
        "A text of 6 tokens goes into the base model. How many vectors does `last_hidden_state` hold for it?",
        "一段 6 個 token 的文字送進基礎模型，`last_hidden_state` 裡會有幾個向量？",
    ),
    options=(
        Option(
            Bilingual("1, for the whole text", "1 個，代表整段文字"),
            False,
            Bilingual(
                "No vector stands for the whole text until you pool: the model keeps one for each token.",
                "做池化之前，沒有哪個向量代表整段文字，因為模型替每個 token 各留一個向量。",
            ),
        ),
        Option(
            Bilingual("6, one for each token", "6 個，每個 token 一個"),
            True,
            Bilingual(
                "Every position keeps its own vector from the embeddings to the last layer.",
                "從嵌入到最後一層，每個位置都有自己的向量。",
            ),
        ),
        Option(
            Bilingual("as many as there are layers", "和層數一樣多"),
            False,
            Bilingual(
                "The layers come one after another; `last_hidden_state` is the result of the last one. "
                "For all of them, ask for `output_hidden_states=True`.",
                "各層依序計算，`last_hidden_state` 只是最後一層的結果；想看每一層，要加上 `output_hidden_states=True`。",
            ),
        ),
    ),
)

quick2 = Question(
    name="quick2",
    prompt=Bilingual(
        "You change the last token of a text. Which hidden states change?",
        "把一段文字的最後一個 token 換掉，哪些隱藏狀態會變？",
    ),
    options=(
        Option(
            Bilingual("all of them", "全部"),
            False,
            Bilingual(
                "That would be so in a model that reads in both directions. GPT-2's causal mask hides what comes later.",
                "雙向的模型才會這樣。GPT-2 的因果遮罩會把後面的 token 擋住。",
            ),
        ),
        Option(
            Bilingual("only that of the last position", "只有最後一個位置的隱藏狀態"),
            True,
            Bilingual(
                "Each position sees itself and what stands before it, so nothing before the change can notice it.",
                "每個位置只看得到自己和前面的位置，所以排在改動之前的位置完全不受影響。",
            ),
        ),
        Option(
            Bilingual("none, until the model is trained again", "都不變，要重新訓練才會變"),
            False,
            Bilingual(
                "The weights stay as they are; the hidden states are computed anew from every input.",
                "權重確實不變，但隱藏狀態每次都依輸入重新計算。",
            ),
        ),
    ),
)


def _sizes() -> tuple[tuple[int, ...], int, tuple[int, ...]]:
    base, ids = tiny_base(n_layer=5), random_ids(3, 7)
    base.set_attn_implementation("eager")
    with torch.no_grad():
        out = base(ids, output_hidden_states=True, output_attentions=True)
    return tuple(out.last_hidden_state.shape), len(out.hidden_states), tuple(out.attentions[0].shape)


q1 = Exercise(
    key="01.1",
    title=Bilingual("Predict the sizes", "預測大小"),
    statement=Bilingual(
        "A base model has `n_layer=5`, `n_head=3`, `n_embd=24` and a vocabulary of 97. It gets 3 texts of 7 tokens "
        "each. Write, without running it, a tuple of three items: the shape of `last_hidden_state`, how many tensors "
        "`hidden_states` holds, and the shape of one entry of `attentions`.",
        "某個基礎模型的 `n_layer=5`、`n_head=3`、`n_embd=24`，詞彙表大小是 97。現在送進 3 段文字，每段 7 個 token。"
        "先不要執行，寫出一個 tuple，依序填入三項：`last_hidden_state` 的形狀、`hidden_states` 裡有幾個張量、"
        "`attentions` 其中一項的形狀。",
    ),
    hints=(
        Bilingual(
            "Every token of every text has one vector of width `n_embd`.",
            "每段文字的每個 token 都有一個寬度為 `n_embd` 的向量。",
        ),
        Bilingual(
            "There is a tensor before the first layer, too, and `hidden_states` begins with it.",
            "第一層之前還有一個張量，`hidden_states` 就從它開始。",
        ),
        Bilingual(
            "The attention weights are a table of queries and keys, one for each head of each text.",
            "注意力權重是一張 query 對 key 的表，每段文字的每個頭各有一張。",
        ),
    ),
    why=Bilingual(
        "`last_hidden_state` is `[batch, seq, hidden]`. `hidden_states` holds the embeddings and then one tensor for "
        "each layer: 5 + 1. The attention weights are `[batch, heads, query, key]`.",
        "`last_hidden_state` 的形狀是 `[batch, seq, hidden]`。`hidden_states` 先放嵌入，再放每一層各一個張量，所以是 5 + 1。"
        "注意力權重的形狀是 `[batch, heads, query, key]`。",
    ),
    worth_knowing=Bilingual(
        "The vocabulary's size appears in none of them: the base model never comes back from vectors to tokens.",
        "三個答案都和詞彙表的大小無關，因為基礎模型不會再從向量回到 token。",
    ),
    checker=Value(_sizes),
)


@q1.solved_by
def sizes():
    return ((3, 7, 24), 6, (3, 3, 7, 7))


q1.wrong_value(
    ((3, 7, 97), 6, (3, 3, 7, 7)),
    "The last axis of your first shape is the vocabulary: those would be logits, and the base model "
    "has no head.",
    "你的第一個形狀，最後一軸是詞彙表的大小。那是 logits 的形狀，而基礎模型沒有輸出層。",
)

q1.wrong_value(
    ((3, 7, 24), 5, (3, 3, 7, 7)),
    "You counted the layers only. A tensor is stored before the first layer as well.",
    "你只數了層數；第一層之前也存了一個張量。",
)

q1.wrong_value(
    ((3, 7, 24), 6, (3, 7, 7)),
    "One axis is missing from the attention weights: every layer has several heads.",
    "注意力權重少了一軸，因為每一層都有好幾個頭。",
)

q1.wrong_value(
    ((3, 24), 6, (3, 3, 7, 7)),
    "Your `last_hidden_state` has one vector for each text; that is the result of pooling, not the model's output.",
    "你的 `last_hidden_state` 是每段文字一個向量；那是池化之後的形狀，不是模型的輸出。",
)


def _embed(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base(ids, output_hidden_states=True).hidden_states[0]


def _embed_cases() -> list[tuple[GPT2Model, torch.Tensor]]:
    return [
        (tiny_base(1), random_ids(2, 5, 1)),
        (tiny_base(2, n_embd=12, vocab_size=31), random_ids(1, 9, 2, vocab=31)),
        (tiny_base(3, n_layer=1), random_ids(4, 1, 3)),
        (tiny_base(4, n_head=2, n_positions=7), random_ids(3, 7, 4)),
    ]


q2 = Exercise(
    key="01.2",
    title=Bilingual("The embeddings, by hand", "親手算出嵌入"),
    statement=Bilingual(
        "Write `embed(base, ids)`: what enters the first layer, for token ids of shape `[batch, seq]`. "
        "Use `base.wte` and `base.wpe`; it must work for any GPT-2.",
        "寫出 `embed(base, ids)`：給定形狀為 `[batch, seq]` 的 token id，回傳第一層的輸入。"
        "請用 `base.wte` 和 `base.wpe`；任何 GPT-2 都要能用。",
    ),
    hints=(
        Bilingual(
            "Two tables are looked up: one by the token's id, one by its position.",
            "要查兩張表，一張依 token 的編號，一張依 token 的位置。",
        ),
        Bilingual(
            "`torch.arange(ids.shape[1])` counts the positions; the two results are added.",
            "`torch.arange(ids.shape[1])` 會數出位置；兩個查表結果相加。",
        ),
    ),
    why=Bilingual(
        "`wte` gives `[batch, seq, hidden]` and `wpe` `[seq, hidden]`; the sum is broadcast over the batch.",
        "查 `wte` 得到 `[batch, seq, hidden]`，查 `wpe` 得到 `[seq, hidden]`；相加時會沿批次廣播（broadcast）。",
    ),
    worth_knowing=Bilingual(
        "This sum is the only place where GPT-2 learns about order: without `wpe` the first layer could not tell "
        "which of two tokens it attends to came first.",
        "GPT-2 只在這個加法裡直接得知順序。少了 `wpe`，第一層分不出它注意的兩個 token 誰先誰後。",
    ),
    checker=Function(
        _embed_cases,
        right=_embed,
        forbidden=lambda base, ids: [Forbidden(GPT2Model, "forward", does_without("base(…)"))],
    ),
)


@q2.solved_by
def embed(base, ids):
    positions = torch.arange(ids.shape[1], device=ids.device)
    return base.wte(ids) + base.wpe(positions)


@q2.mistake(
    "That is the token part only; nothing in it says where each token stands.",
    "這只有 token 的部分，看不出每個 token 的位置。",
)
def _embed_without_positions(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base.wte(ids)


@q2.mistake("Your positions are off by one: the first one is not 1.", "你的位置差了一格，第一個位置不是 1。")
def _embed_from_one(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base.wte(ids) + base.wpe(torch.arange(1, ids.shape[1] + 1))


@q2.mistake(
    "You looked positions up by token id; `wpe` wants to know where the token stands, not which it is.",
    "你拿 token 的編號去查位置；`wpe` 要用 token 的位置去查，和它是哪個 token 無關。",
)
def _embed_ids_as_positions(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base.wte(ids) + base.wpe(ids.clamp(max=base.config.n_positions - 1))


@q2.mistake(
    "You went one step too far: `ln_1` already belongs to the first layer.",
    "多走了一步，`ln_1` 已經屬於第一層。",
)
def _embed_normed(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base.h[0].get_submodule("ln_1")(base.wte(ids) + base.wpe(torch.arange(ids.shape[1])))


def _pooling_cases() -> list[tuple[torch.Tensor, torch.Tensor]]:
    left = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]])
    right = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0]])
    either = torch.tensor([[1, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]])
    return [
        (random_normal(3, 5, 8, seed=1), left),
        (random_normal(2, 4, 6, seed=2), right),
        (random_normal(4, 4, 4, seed=3), either),
        (random_normal(1, 3, 5, seed=4), torch.ones(1, 3, dtype=torch.long)),
    ]


def _pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return torch.stack([row[keep.bool()].mean(dim=0) for row, keep in zip(hidden, mask)])


q3 = Exercise(
    key="01.3",
    title=Bilingual("A mean that ignores the padding", "略過填充的平均"),
    statement=Bilingual(
        "Write `pool(hidden, mask)`: for hidden states `[batch, seq, hidden]` and an attention mask `[batch, seq]` "
        "of 0 and 1, the mean of the real tokens of each text, `[batch, hidden]`. The padding may stand on either "
        "side.",
        "寫出 `pool(hidden, mask)`：給定隱藏狀態 `[batch, seq, hidden]` 和由 0 與 1 組成的 attention mask `[batch, seq]`，"
        "回傳每段文字裡真正的 token 的平均，形狀是 `[batch, hidden]`。填充可能在左邊，也可能在右邊。",
    ),
    hints=(
        Bilingual(
            "Multiplying by the mask turns the vectors of the padding into zeros.",
            "乘上 mask，填充的向量就會變成零。",
        ),
        Bilingual(
            "`mask[:, :, None]` has a third axis to be broadcast over.",
            "`mask[:, :, None]` 多出第三軸，可以廣播。",
        ),
        Bilingual(
            "A mean is a sum divided by a count: what is to be counted in each text?",
            "平均是總和除以個數。每段文字該數的是什麼？",
        ),
    ),
    why=Bilingual(
        "The mask removes the padding from the sum, and its own sum counts the real tokens of each text.",
        "mask 把填充從總和裡拿掉，而 mask 自己的總和，正好是每段文字裡真正的 token 的個數。",
    ),
    worth_knowing=Bilingual(
        "With a mean over everything, a text's vector would depend on how long the other texts of its batch are.",
        "如果連填充一起平均，一段文字的向量就會因同批的其他文字有多長而改變。",
    ),
    checker=Function(_pooling_cases, right=_pool),
)


@q3.solved_by
def pool(hidden, mask):
    mask = mask[:, :, None]
    return (hidden * mask).sum(dim=1) / mask.sum(dim=1)


@q3.mistake(
    "You never used the mask: the padding is in your mean.", "你沒有用到 mask，所以填充也算進平均裡了。"
)
def _pool_everything(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return hidden.mean(dim=1)


@q3.mistake(
    "The padding is out of your sum, but it is still counted when you divide.",
    "總和裡已經沒有填充，但相除時的個數還包含填充。",
)
def _pool_divided_by_length(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (hidden * mask[..., None]).mean(dim=1)


@q3.mistake("That is a sum; a mean is wanted.", "這是總和；題目要的是平均。")
def _pool_sum(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (hidden * mask[..., None]).sum(dim=1)


@q3.mistake(
    "You divide by the number of tokens in the whole batch; each text has a count of its own.",
    "你除以整批的 token 數；每段文字有自己的個數。",
)
def _pool_whole_batch(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (hidden * mask[..., None]).sum(dim=1) / mask.sum()


def _final(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base(ids).last_hidden_state


def _final_cases() -> list[tuple[GPT2Model, torch.Tensor]]:
    return [
        (tiny_base(3), random_ids(2, 6, 3)),
        (tiny_base(4, n_layer=3), random_ids(1, 4, 4)),
        (tiny_base(5, n_layer=1, n_embd=12), random_ids(3, 1, 5)),
    ]


def _without_hidden_states(base: GPT2Model, ids: torch.Tensor) -> list[Forbidden]:
    says = Bilingual(
        "Your function calls `base` without `output_hidden_states=True`: start from `hidden_states`.",
        "你的函式呼叫 `base` 時沒有加 `output_hidden_states=True`；請從 `hidden_states` 取。",
    )

    def asked(named: dict[str, object]) -> bool:
        return bool(named.get("output_hidden_states") or base.config.output_hidden_states)

    return [Forbidden(base, "forward", says, unless=asked)]


q4 = Exercise(
    key="01.4",
    title=Bilingual("One norm too many (find the bug)", "多了一次正規化（除錯）"),
    statement=Bilingual(
        "Someone wants the last hidden state and writes "
        "`base.ln_f(base(ids, output_hidden_states=True).hidden_states[-1])`. "
        "No error is raised, and yet the result is not `last_hidden_state`. Write `final(base, ids)`: it, too, starts "
        "from `hidden_states`, and it returns exactly `last_hidden_state`.",
        "有人想要最後的隱藏狀態，寫成 `base.ln_f(base(ids, output_hidden_states=True).hidden_states[-1])`。"
        "程式沒有報錯，結果卻不是 `last_hidden_state`。請寫出 `final(base, ids)`，一樣從 `hidden_states` 取，"
        "但要剛好等於 `last_hidden_state`。",
    ),
    hints=(
        Bilingual(
            "Which step has the last entry of `hidden_states` already been through, and no other entry?",
            "和其他各項相比，`hidden_states` 的最後一項已經多經過了哪一步？",
        ),
        Bilingual(
            "Compare `hidden_states[-1]` with `last_hidden_state` using `torch.equal`.",
            "用 `torch.equal` 比比看 `hidden_states[-1]` 和 `last_hidden_state`。",
        ),
    ),
    why=Bilingual(
        "The library applies `ln_f` before it stores the last entry: `hidden_states[-1]` is `last_hidden_state`. "
        "A second `ln_f` raises no error, for any vector can be normalised.",
        "函式庫先套用 `ln_f`，才存下最後一項，所以 `hidden_states[-1]` 就是 `last_hidden_state`。"
        "再套用一次 `ln_f` 也不會報錯，因為任何向量都可以正規化。",
    ),
    worth_knowing=Bilingual(
        "All other entries of `hidden_states` are still without `ln_f`, which matters as soon as layers are compared.",
        "`hidden_states` 的其他各項都還沒經過 `ln_f`；一旦要比較不同的層，這點就很重要。",
    ),
    checker=Function(_final_cases, right=_final, forbidden=_without_hidden_states),
)


@q4.solved_by
def final(base, ids):
    return base(ids, output_hidden_states=True).hidden_states[-1]


@q4.mistake("The bug is still there: `ln_f` is applied a second time.", "錯誤還在，`ln_f` 套用了兩次。")
def _final_normed_twice(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base.ln_f(base(ids, output_hidden_states=True).hidden_states[-1])


@q4.mistake("Now `ln_f` is not applied at all.", "現在變成完全沒有套用 `ln_f`。")
def _final_not_normed(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    x = _embed(base, ids)
    for block in base.h:
        x = block(x)
    return x


@q4.mistake(
    "That entry is one layer too early: the last layer has not been run.", "那一項早了一層，最後一層還沒算。"
)
def _final_without_last_block(base: GPT2Model, ids: torch.Tensor) -> torch.Tensor:
    return base.ln_f(base(ids, output_hidden_states=True).hidden_states[-2])


@q4.mistake(
    "That is the first entry: the embeddings, before any layer.", "那是第一項，也就是還沒經過任何一層的嵌入。"
)
def _final_first(base, ids):
    return _embed(base, ids)


q5 = Exercise(
    key="01.5",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "`GPT2Model` has no `generate`. Explain to a colleague, in two or three sentences, what is missing, "
        "and what the hidden states are still good for.",
        "`GPT2Model` 沒有 `generate`。請用兩三句話向同事說明它少了什麼，以及隱藏狀態仍然有什麼用。",
    ),
    hints=(
        Bilingual(
            "What would be needed to choose the next token, and what has the base model instead?",
            "要選出下一個 token 需要什麼？基礎模型手上有的又是什麼？",
        ),
    ),
    why=Bilingual(
        "A good answer names the missing LM head (scores over the vocabulary) and one use of the vectors.",
        "好的回答要指出少了 LM head（替整個詞彙表打分數），並舉出向量的一種用途。",
    ),
    worth_knowing=Bilingual("The next lesson adds exactly that one layer.", "下一課加上的正是那一層。"),
    checker=Open(),
)


@q5.solved_by
def words():
    return """It ends in vectors of width n_embd and has no layer that turns them into a score for each token
of the vocabulary, so there is nothing to choose the next token from. The vectors still describe
each token in its context: they serve for similarity, search and classification."""
