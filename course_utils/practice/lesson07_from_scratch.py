"""Exercises of lesson 07: GPT-2 from scratch."""

import math

import torch

from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.exercise import Exercise
from .engine.questions import Option, Question
from .engine.samples import random_normal, tiny_base, tiny_lm

quick1 = Question(
    name="quick1",
    prompt=Bilingual(
        "You replace `Conv1D` by `nn.Linear` and want to load GPT-2's checkpoint. What must you do?",
        "如果把 `Conv1D` 換成 `nn.Linear`，要載入 GPT-2 的檢查點，你得多做什麼？",
    ),
    options=(
        Option(
            Bilingual("nothing, both are linear layers", "什麼都不用做，兩者都是線性層"),
            False,
            Bilingual(
                "They compute the same, but store the weight the other way round. Where a matrix is square, as in "
                "`attn.c_proj`, it even loads without an error, and the result is wrong.",
                "兩者的計算相同，權重儲存的方向卻相反。像 `attn.c_proj` 這種方陣甚至載得進去，不會報錯，結果卻是錯的。",
            ),
        ),
        Option(
            Bilingual("transpose each of these weights", "把這些權重一一轉置"),
            True,
            Bilingual(
                "The file has `[in, out]`, `nn.Linear` wants `[out, in]`.",
                "檔案裡的形狀是 `[in, out]`，`nn.Linear` 需要的是 `[out, in]`。",
            ),
        ),
        Option(
            Bilingual("load with `strict=False`", "用 `strict=False` 載入"),
            False,
            Bilingual(
                "That silences missing names, not wrong shapes, and it transposes nothing.",
                "這樣只會略過缺少的名稱；形狀不合照樣報錯，也不會替你轉置。",
            ),
        ),
    ),
)

quick2 = Question(
    name="quick2",
    prompt=Bilingual(
        "A prompt of 5 tokens is in the cache, and one new token is read. What shape do the attention scores of one "
        "head have in this step?",
        "快取裡已經有提示詞的 5 個 token，現在讀進一個新的 token。這一步裡，一個頭的注意力分數是什麼形狀？",
    ),
    options=(
        Option(
            Bilingual("6 × 6, rows × columns", "6 × 6（列 × 欄）"),
            False,
            Bilingual(
                "That is what is computed without a cache: the old queries all over again.",
                "沒有快取才會這樣，因為舊的 query 全部要重算一次。",
            ),
        ),
        Option(
            Bilingual("1 × 1, rows × columns", "1 × 1（列 × 欄）"),
            False,
            Bilingual(
                "The new token looks back at all the others: their keys are in the cache.",
                "新的 token 會回頭看前面所有的 token，它們的 key 都在快取裡。",
            ),
        ),
        Option(
            Bilingual("1 × 6, rows × columns", "1 × 6（列 × 欄）"),
            True,
            Bilingual(
                "One query, and the keys of all 6 tokens. So no mask is needed either: nothing comes later.",
                "一個 query，對上全部 6 個 token 的 key。所以連遮罩都不需要，因為後面沒有別的 token。",
            ),
        ),
    ),
)


def _sizes() -> tuple[int, int]:
    lm = tiny_lm(n_layer=3)
    return sum(p.numel() for p in lm.transformer.h[0].parameters()), lm.num_parameters()


q1 = Exercise(
    key="07.1",
    title=Bilingual("Count the parameters", "數一數參數"),
    statement=Bilingual(
        "A GPT-2 with a tied head has `n_embd=24`, `n_layer=3`, `n_positions=40` and a vocabulary of 97. Write, without "
        "running it, a tuple: the parameters of one block, and those of the whole model.",
        "有一個 GPT-2，LM head 是綁定的，`n_embd=24`、`n_layer=3`、`n_positions=40`，詞彙表大小是 97。先不要執行，寫出一個 tuple："
        "一個區塊的參數個數，以及整個模型的參數個數。",
    ),
    hints=(
        Bilingual(
            "A block has four linear layers, each with a bias, and two layer norms.",
            "一個區塊有四個線性層（都有 bias）和兩個層正規化。",
        ),
        Bilingual(
            "With C for `n_embd`, the four weights are C × 3C, C × C, C × 4C and 4C × C.",
            "令 C 為 `n_embd`，四個權重是 C × 3C、C × C、C × 4C、4C × C。",
        ),
        Bilingual(
            "Besides the blocks there are `wte`, `wpe` and `ln_f`; the head is counted with `wte`.",
            "區塊之外還有 `wte`、`wpe`、`ln_f`；LM head 的權重就是 `wte`，不另外算。",
        ),
    ),
    why=Bilingual(
        "The weights of a block are 12 C² numbers, its biases 9 C, and its two norms 4 C.",
        "一個區塊的權重有 12 C² 個數字，bias 有 9 C 個，兩個層正規化有 4 C 個。",
    ),
    worth_knowing=Bilingual(
        "So a block grows with the square of the width: twice as wide is four times as many parameters.",
        "所以區塊的參數個數和寬度的平方成正比，寬度加倍，參數就變成四倍。",
    ),
    checker=Value(_sizes),
)


@q1.solved_by
def sizes():
    C = 24
    block = (3 + 1 + 4 + 4) * C * C + (3 + 1 + 4 + 1) * C + 2 * 2 * C
    return (block, 97 * C + 40 * C + 3 * block + 2 * C)


q1.wrong_value(
    (7224, 25008 + 97 * 24),
    "The head is tied, and you have counted it as a second matrix.",
    "LM head 是綁定的，你卻把它當成第二個矩陣又算了一次。",
)

q1.wrong_value(
    (6912, 97 * 24 + 40 * 24 + 3 * 6912 + 48),
    "Your block is made of weights alone: linear layers and norms have more than these.",
    "你的區塊只算了權重；線性層和層正規化還有別的參數。",
)

q1.wrong_value(
    (7224 - 96, 25008 - 3 * 96),
    "The two norms inside a block have parameters, too.",
    "區塊裡的兩個層正規化也有參數。",
)

q1.wrong_value(
    (7224, 25008 - 48),
    "There is one more layer behind the last block, and your sum lacks its parameters.",
    "最後一個區塊後面還有一層，你的總和漏掉了它的參數。",
)


q2 = Exercise(
    key="07.2",
    title=Bilingual("Split into heads", "切成多個頭"),
    statement=Bilingual(
        "Write `split(x, n_head)`: it turns `[B, T, C]` into `[B, H, T, D]`. Of the C numbers of each token, the first head "
        "gets the first D, the second head the next D, and so on.",
        "寫出 `split(x, n_head)`：把 `[B, T, C]` 變成 `[B, H, T, D]`。每個 token 的 C 個數字裡，第一個頭拿最前面的 D 個，"
        "第二個頭拿接下來的 D 個，依此類推。",
    ),
    hints=(
        Bilingual(
            "First make two axes, H and D, out of the last one; then bring H to its place.",
            "先把最後一軸拆成 H 和 D 兩軸，再把 H 移到該在的位置。",
        ),
        Bilingual(
            "`view` cuts, `transpose` moves; a single `view` to the final shape mixes tokens.",
            "`view` 負責切，`transpose` 負責移；只用一次 `view` 直接變成最後的形狀，會把不同的 token 混在一起。",
        ),
    ),
    why=Bilingual(
        "`view` reads the memory in its order, which is token after token; only then may the axes change places.",
        "`view` 照記憶體的順序讀，也就是一個 token 接一個 token；切好之後才能調換軸的次序。",
    ),
    worth_knowing=Bilingual(
        "On the way back `transpose` comes first, and then `reshape`: after a transpose the memory is no longer in the order of the axes.",
        "合併回去時，先 `transpose` 再 `reshape`；轉置之後，記憶體裡的順序已經和軸的順序不同。",
    ),
    checker=Function(
        lambda: [
            (random_normal(2, 5, 12), 3),
            (random_normal(1, 4, 8, seed=1), 2),
            (random_normal(3, 4, 20, seed=2), 4),
            (random_normal(2, 1, 6, seed=3), 1),
            (random_normal(1, 3, 5, seed=4), 5),
        ],
    ),
)


@q2.solved_by
def split(x, n_head):
    B, T, C = x.shape
    return x.view(B, T, n_head, C // n_head).transpose(1, 2)


@q2.mistake(
    "The shape is right, but numbers of different tokens have been mixed.",
    "形狀對了，但不同 token 的數字混在一起了。",
)
def _split_by_view(x: torch.Tensor, n_head: int) -> torch.Tensor:
    return x.reshape(x.shape[0], n_head, x.shape[1], -1)


@q2.mistake(
    "The axes of heads and tokens have not changed places yet.", "頭和 token 這兩軸的次序還沒有調換。"
)
def _split_not_turned(x: torch.Tensor, n_head: int) -> torch.Tensor:
    return x.view(*x.shape[:2], n_head, -1)


@q2.mistake(
    "Each head got every H-th number, not D numbers side by side.",
    "每個頭每隔 H 個數字才拿到一個，拿到的不是相鄰的 D 個數字。",
)
def _split_interleaved(x: torch.Tensor, n_head: int) -> torch.Tensor:
    return x.view(*x.shape[:2], -1, n_head).permute(0, 3, 1, 2)


def _attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def _by_hand(q, k, v, *, root=True, lower=True):
    scores = q @ k.transpose(-2, -1) / (math.sqrt(q.shape[-1]) if root else 1)
    everything = torch.ones(q.shape[-2], q.shape[-2])
    seen = everything.tril() if lower else everything.triu()
    return scores.masked_fill(seen == 0, float("-inf")).softmax(dim=-1) @ v


q3 = Exercise(
    key="07.3",
    title=Bilingual("A mask that leaks (find the bug)", "會洩漏的遮罩（除錯）"),
    statement=Bilingual(
        "This attention is meant to be causal, but the first token's output changes when a later token does. Mend it "
        "(`q`, `k`, `v` are `[B, H, T, D]`):\n\n{bug}",
        "下面的注意力應該是因果的，可是改掉後面的 token，第一個 token 的輸出也會變。請修好它"
        "（`q`、`k`、`v` 都是 `[B, H, T, D]`）：\n\n{bug}",
    ),
    blank_imports=True,
    hints=(
        Bilingual("What is the softmax of a score of 0?", "分數是 0，經過 softmax 之後是多少？"),
        Bilingual(
            "Only one score becomes 0 in softmax: minus infinity.",
            "softmax 之後會變成 0 的分數只有一種：負無限大。",
        ),
        Bilingual(
            "`scores.masked_fill(condition, value)` sets it where the condition holds.",
            "`scores.masked_fill(condition, value)` 會在條件成立的地方填上那個值。",
        ),
    ),
    why=Bilingual(
        "A score of 0 is not a weight of 0, since exp(0) = 1. The score of what must not be seen has to be minus infinity.",
        "分數 0 不等於權重 0，因為 exp(0) = 1。不該看到的位置，分數必須設成負無限大。",
    ),
    worth_knowing=Bilingual(
        "In a row where everything is hidden, softmax is 0 divided by 0. Padding on the left makes such rows.",
        "如果整列都遮住，softmax 就變成 0 除以 0；左邊的填充就會產生這種列。",
    ),
    checker=Function(
        lambda: [
            tuple(random_normal(B, H, T, D, seed=T + at) for at in range(3))
            for B, H, T, D in ((2, 3, 5, 4), (1, 2, 3, 5), (3, 1, 8, 8), (1, 4, 1, 2))
        ],
        right=_attend,
    ),
)


@q3.solved_by
def attend(q, k, v):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    later = torch.ones(q.shape[-2], q.shape[-2]).triu(1).bool()
    return scores.masked_fill(later, float("-inf")).softmax(dim=-1) @ v


@q3.bug(
    "The bug is still there: later tokens get the score 0, and a weight that is not.",
    "錯誤還在。後面的 token 分數是 0，權重卻不是 0。",
)
def _attend_that_leaks(q, k, v):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    scores = scores * torch.ones(q.shape[-2], q.shape[-2]).tril()
    return scores.softmax(dim=-1) @ v


@q3.mistake(
    "Nothing leaks any more, but the scores are no longer divided by the root of D.",
    "不再洩漏，但分數忘了除以 D 的平方根。",
)
def _attend_without_root(q, k, v):
    return _by_hand(q, k, v, root=False)


@q3.mistake(
    "The mask is upside down: each token sees what comes later and not what came before.",
    "遮罩上下顛倒了：每個 token 看得到後面，卻看不到前面。",
)
def _attend_upside_down(q, k, v):
    return _by_hand(q, k, v, lower=False)


@q3.mistake("Your attention has no mask at all.", "你的注意力完全沒有遮罩。")
def _attend_without_mask(q, k, v):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v)


q4 = Exercise(
    key="07.4",
    title=Bilingual("A mask for a cache", "有快取時的遮罩"),
    statement=Bilingual(
        "With `past` tokens in the cache, `new` tokens are read at once. Write `mask(new, past)`: a bool tensor "
        "`[new, past + new]`, True where the new token may look.",
        "快取裡已有 `past` 個 token，現在一次讀進 `new` 個新的 token。寫出 `mask(new, past)`，回傳一個 `[new, past + new]` 的布林張量，"
        "新的 token 看得到的位置是 True。",
    ),
    hints=(
        Bilingual(
            "Every new token sees all of the past, itself, and the new ones before it.",
            "每個新的 token 都看得到全部的舊 token、自己，以及排在它前面的新 token。",
        ),
        Bilingual(
            "`tril` takes an argument that moves the diagonal.", "`tril` 有一個引數，可以把對角線往右移。"
        ),
    ),
    why=Bilingual(
        "Row i of the mask is token past + i, and it sees past + i + 1 tokens.",
        "遮罩的第 i 列對應第 past + i 個 token，它看得到 past + i + 1 個 token。",
    ),
    worth_knowing=Bilingual(
        "With one new token the row is all True: this is why the step of a generation loop needs no causal mask.",
        "只讀一個新 token 時，整列都是 True，所以生成迴圈的每一步都不需要因果遮罩。",
    ),
    checker=Function(lambda: [(3, 4), (1, 6), (5, 0), (2, 1), (4, 9), (3, 3), (1, 0)]),
)


@q4.solved_by
def mask(new, past):
    return torch.ones(new, past + new, dtype=torch.bool).tril(past)


@q4.mistake(
    "Your first new token sees one token only, as if the cache were empty.",
    "你的第一個新 token 只看得到一個 token，好像快取是空的。",
)
def _mask_of_empty_cache(new, past):
    return torch.ones(new, past + new, dtype=torch.bool).tril()


@q4.mistake(
    "Your new tokens see the new tokens that come after them.", "你的新 token 看得到排在自己後面的新 token。"
)
def _mask_of_nothing(new, past):
    return torch.ones(new, past + new, dtype=torch.bool)


@q4.mistake("Your tokens do not see themselves.", "你的 token 看不到自己。")
def _mask_without_itself(new, past):
    return torch.ones(new, past + new, dtype=torch.bool).tril(past - 1)


@q4.mistake(
    "The places are right, but the tensor holds numbers, not True and False.",
    "位置都對，但張量裡是數字，不是 True 和 False。",
)
def _mask_of_numbers(new, past):
    return torch.ones(new, past + new).tril(past)


def _old_masks(block: str) -> dict[str, torch.Tensor]:
    seen = torch.ones(1, 1, 4, 4, dtype=torch.bool).tril()
    return {f"{block}.attn.bias": seen, f"{block}.attn.masked_bias": torch.tensor(-1e4)}


def _files() -> list[tuple[dict[str, torch.Tensor]]]:
    lm, base = tiny_lm(3, n_layer=1), tiny_base(3, n_layer=1)
    old = _old_masks("h.0")
    deep = tiny_lm(4, n_layer=3, n_embd=12, tie_word_embeddings=False).state_dict()
    masks = _old_masks("transformer.h.0") | _old_masks("transformer.h.2") | _old_masks("transformer.h.10")
    return [
        (dict(lm.state_dict()),),
        (dict(base.state_dict()) | old,),
        (masks | dict(deep),),
        ({"transformer.h.0.attn.bias": torch.ones(1)},),
    ]


q5 = Exercise(
    key="07.5",
    title=Bilingual("Any file to a base model's names", "把檔案裡的名稱統一成基礎模型的名稱"),
    statement=Bilingual(
        "Write `base_tensors(tensors)`: given the tensors of any GPT-2 file, it returns a dict for the base model. Take off the prefix "
        "`transformer.`; leave out `lm_head.weight` and the old causal masks, `attn.bias` and `attn.masked_bias`. "
        "Mind that `attn.c_attn.bias` is a bias and no mask.",
        "寫出 `base_tensors(tensors)`。傳入任何一個 GPT-2 檔案的張量，回傳基礎模型用的 dict。拿掉前綴 `transformer.`，"
        "略過 `lm_head.weight`，也略過舊檔案裡的因果遮罩 `attn.bias` 和 `attn.masked_bias`。"
        "小心，`attn.c_attn.bias` 是偏差項，不是遮罩。",
    ),
    hints=(
        Bilingual(
            "`str.removeprefix` does nothing where there is no prefix.",
            "沒有前綴時，`str.removeprefix` 什麼也不做。",
        ),
        Bilingual(
            "`str.endswith` takes a tuple; begin the endings of the masks with a dot.",
            "`str.endswith` 可以收一個 tuple；遮罩名稱的結尾要從點號開始寫。",
        ),
    ),
    why=Bilingual(
        "With the prefix gone, a language model's file and a base model's file hold the same names.",
        "拿掉前綴之後，語言模型的檔案和基礎模型的檔案，名稱就完全相同。",
    ),
    worth_knowing=Bilingual(
        "The masks were stored because old versions kept them as buffers; they can always be computed anew.",
        "舊版把遮罩當成 buffer，所以一起存進了檔案；其實隨時都能重新算出來。",
    ),
    checker=Function(_files),
)


# fmt: off
@q5.solved_by
def base_tensors(tensors):
    unneeded = ("lm_head.weight", ".attn.bias", ".attn.masked_bias")
    return {name.removeprefix("transformer."): t for name, t in tensors.items()
            if not name.endswith(unneeded)}
# fmt: on


@q5.mistake(
    "The head is still in your dict; a base model has no place for it.",
    "你的 dict 裡還有輸出層；基礎模型沒有地方放它。",
)
def _with_the_head(tensors):
    return {
        name.removeprefix("transformer."): t
        for name, t in tensors.items()
        if not name.endswith("attn.bias") and not name.endswith("masked_bias")
    }


@q5.mistake(
    "You have thrown out the biases of the linear layers and norms as well.",
    "你把線性層和層正規化的 bias 也丟掉了。",
)
def _without_biases(tensors):
    return {name: t for name, t in base_tensors(tensors).items() if not name.endswith("bias")}


@q5.mistake(
    "The old masks are still there; a strict load will raise an error.", "舊的遮罩還在；嚴格載入時會報錯。"
)
def _with_the_masks(tensors):
    return {name.removeprefix("transformer."): t for name, t in tensors.items() if name != "lm_head.weight"}


@q5.mistake("The names still have the prefix of the language model.", "名稱還帶著語言模型的前綴。")
def _with_the_prefix(tensors):
    return {
        name: t
        for name, t in tensors.items()
        if not name.endswith(("lm_head.weight", ".attn.bias", ".attn.masked_bias"))
    }


q6 = Exercise(
    key="07.6",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "Your loop is quicker than the library's `generate`. Explain in two or three sentences when you would use the "
        "library all the same, and what you would have to add to your loop first if you would not.",
        "你的迴圈比函式庫的 `generate` 快。請用兩三句話說明：什麼時候你還是會用函式庫？如果不用，你得先替自己的迴圈加上什麼？",
    ),
    hints=(
        Bilingual(
            "Think of lesson 3: what could `generate` do that this loop cannot?",
            "想想第 3 課。有哪些事 `generate` 會做，而這個迴圈不會做？",
        ),
    ),
    why=Bilingual(
        "A good answer names one thing that the library does and this loop does not, and one that would be missed first.",
        "好的回答會舉出一件函式庫會做、這個迴圈不會做的事，並指出最先會缺的功能。",
    ),
    worth_knowing=Bilingual(
        "Quick programs for serving language models are built like this loop, with batching and a cache in pages.",
        "專門提供語言模型服務的快速程式，核心也是這樣的迴圈，再加上批次處理和分頁的快取。",
    ),
    checker=Open(),
)


@q6.solved_by
def words():
    return """I would use the library for beam search, streaming, stop strings and other logits processors.
My loop would need top-p and a repetition penalty at least, and a check that the text stays within
n_positions, before I gave it to anybody."""
