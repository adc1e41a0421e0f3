"""Exercises of lesson 06: fine-tuning."""

import math
from collections.abc import Sequence

import torch

from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.compare import Tolerance
from .engine.exercise import Exercise
from .engine.questions import Option, Question
from .engine.samples import random_ids

quick1 = Question(
    name="quick1",
    prompt=Bilingual(
        "You put -100 on every label of the story and train on the last sentence alone. What happens to the story part?",
        "你把故事的 label 全填成 -100，只訓練最後一句。故事的部分會怎樣？",
    ),
    options=(
        Option(
            Bilingual("It stays as it was: it has no loss", "保持原樣，因為它沒有損失"),
            False,
            Bilingual(
                "The weights are shared: a change for one sentence affects all the others.",
                "權重是共用的，為了一句話而改的權重，也會影響其他所有的句子。",
            ),
        ),
        Option(
            Bilingual("It may drift away: no loss holds it", "可能漂走，因為沒有損失拉住它"),
            True,
            Bilingual(
                "A mask decides what is learned. To keep something, take a smaller rate, and put it into the data.",
                "遮罩只決定學什麼。要保住舊的本領，就把學習率調小，並把它放進資料。",
            ),
        ),
        Option(
            Bilingual("It gets better, since there is less to learn", "變得更好，因為要學的變少了"),
            False,
            Bilingual(
                "No label in this training tells the model what a good story is.",
                "這樣的訓練裡，沒有任何 label 告訴模型什麼是好故事。",
            ),
        ),
    ),
)

quick2 = Question(
    name="quick2",
    prompt=Bilingual(
        "On its two training stories a model spends many nats fewer than the grammar that made them. What does that mean?",
        "在兩個訓練用的故事上，模型花的 nats 比產生這些故事的文法還少許多。這表示什麼？",
    ),
    options=(
        Option(
            Bilingual("The model knows more than the true probabilities", "模型知道得比真實機率還多"),
            False,
            Bilingual(
                "On new data, and on average, no model can be below the grammar.",
                "在新資料上，任何模型的平均都不可能低於文法。",
            ),
        ),
        Option(
            Bilingual("It has learned these texts by heart", "它把這些文字背起來了"),
            True,
            Bilingual(
                "A single story may be a nat or two below by chance; with this many, the model must have seen it before.",
                "單一個故事碰巧低個一兩 nats 並不奇怪；低了這麼多，就一定是看過。",
            ),
        ),
        Option(
            Bilingual("The learning rate is too high", "學習率太高了"),
            False,
            Bilingual(
                "That makes a loss rise or jump; it does not bring it below what the grammar costs.",
                "那會讓損失上升或亂跳，不會讓它低於文法的代價。",
            ),
        ),
    ),
)


q1 = Exercise(
    key="06.1",
    title=Bilingual("Predict which labels count", "預測哪些 label 計入損失"),
    statement=Bilingual(
        "`pad` makes a batch of two rows of 7 and 4 tokens. Write, without running it, a tuple: the width "
        "of the batch, how many labels count in the loss, and how many would count with `starts=[5, 2]` (in each row only "
        "labels from that position on).",
        "`pad` 把長 7 和長 4 的兩列 token 湊成一個批次。先不要執行，寫出一個 tuple，依序是批次的寬度、有幾個 label "
        "計入損失，以及給了 `starts=[5, 2]`（每列從這個位置起才計入）之後有幾個計入。",
    ),
    hints=(
        Bilingual(
            "The longest row sets the width; padding never counts.",
            "最長的一列決定寬度；填充一律不計入損失。",
        ),
        Bilingual(
            "Nothing predicts the first token of a row.",
            "每一列的第一個 token 前面沒有上下文，模型不會預測它。",
        ),
    ),
    why=Bilingual(
        "6 and 3 labels without the first ones make 9. From position 5 on there are 2 in the first row, from position 2 on "
        "2 in the second.",
        "每列去掉第一個 label，是 6 個加 3 個，共 9 個。第一列從位置 5 起有 2 個，第二列從位置 2 起也有 2 個。",
    ),
    worth_knowing=Bilingual(
        "The sum of the losses is divided by exactly this number, so that every token of the batch weighs the same, in a short row or a long one.",
        "算平均損失時，分母就是這個數字，所以批次裡的每個 token 分量都一樣，不論在短列或長列。",
    ),
    checker=Value(),
)


@q1.solved_by
def answer():
    return (7, 9, 4)


q1.wrong_value(
    (7, 11, 4),
    "You counted the first token of each row, which nothing predicts.",
    "你把每列的第一個 token 也算進去了，但模型不會預測它。",
)


q1.wrong_value((7, 14, 4), "You counted the padding.", "你把填充也算進去了。")


q1.wrong_value(
    (7, 9, 7),
    "With `starts`, the labels before the start do not count; you counted those.",
    "有了 `starts`，起點之前的 label 不計入；你數的卻正是起點之前的 label。",
)


q2 = Exercise(
    key="06.2",
    title=Bilingual("Labels for the answer only", "只為答案準備 labels"),
    statement=Bilingual(
        "Write `labels(ids, mask, start)`: for ids and an attention mask `[batch, seq]` and positions `start` `[batch]`, the "
        "labels to hand to the model: the ids, and -100 on the padding and before `start`.",
        "寫出 `labels(ids, mask, start)`：給定 `[batch, seq]` 的 id 和注意力遮罩，以及 `[batch]` 的位置 `start`，"
        "做出要傳給模型的 labels。內容是 id，填充的地方和 `start` 之前填 -100。",
    ),
    hints=(
        Bilingual(
            "`ids.masked_fill(where, -100)` returns a new tensor and leaves `ids` alone.",
            "`ids.masked_fill(where, -100)` 會回傳新的張量，不會改到 `ids`。",
        ),
        Bilingual(
            "`torch.arange(seq) < start[:, None]` is `True` before the start, row by row.",
            "`torch.arange(seq) < start[:, None]` 在每一列的起點之前為 `True`。",
        ),
    ),
    why=Bilingual(
        "The two conditions are joined by `|`; the model does the shift, so nothing moves here.",
        "兩個條件用 `|` 合起來；位移由模型負責，所以這裡不用移。",
    ),
    worth_knowing=Bilingual(
        "Where `pad_token` is `eos_token`, a mask made from `ids == pad` would drop the real end as well: use the attention mask.",
        "`pad_token` 就是 `eos_token` 的時候，用 `ids == pad` 做遮罩會把真正的結尾也丟掉，所以要用注意力遮罩。",
    ),
    checker=Function(
        lambda: [
            (
                random_ids(3, 6, 1),
                torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0]]),
                torch.tensor([2, 1, 0]),
            ),
            (random_ids(1, 4, 2), torch.ones(1, 4, dtype=torch.long), torch.tensor([3])),
            (
                random_ids(4, 4, 3, vocab=5),
                torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1], [1, 0, 0, 0]]),
                torch.tensor([3, 1, 0, 2]),
            ),
        ]
    ),
)


@q2.solved_by
def labels(ids, mask, start):
    before = torch.arange(ids.shape[1]) < start[:, None]
    return ids.masked_fill((mask == 0) | before, -100)


@q2.mistake(
    "You shifted them; the model shifts once more, and would learn to skip a token.",
    "你自己先位移了一格；模型還會再移一次，就會學成跳過一個 token。",
)
def _labels_shifted(ids: torch.Tensor, mask: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    right = labels(ids, mask, start)
    return torch.cat([right[:, 1:], torch.full_like(right[:, :1], -100)], dim=1)


@q2.mistake("The padding would be learned.", "這樣連填充都會學進去。")
def _labels_of_padding(ids: torch.Tensor, mask: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    return ids.masked_fill(torch.arange(ids.shape[1]) < start[:, None], -100)


@q2.mistake("`start` has no effect in your function.", "在你的函式裡，`start` 沒有作用。")
def _labels_of_everything(ids: torch.Tensor, mask: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    return ids.masked_fill(mask == 0, -100)


@q2.mistake(
    "0 is the id of a token; where a label does not count, put -100.",
    "0 是某個 token 的 id；不計入損失的地方要填 -100。",
)
def _labels_zero(ids: torch.Tensor, mask: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    right = labels(ids, mask, start)
    return right.masked_fill(right == -100, 0)


@q2.mistake("You begin one position too late.", "你晚了一個位置才開始。")
def _labels_one_late(ids: torch.Tensor, mask: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    return labels(ids, mask, start + 1)


def _pack_cases() -> list[tuple[list[list[int]], int, int]]:
    """What is left over: 1, 1, 0, 0, one less than a block, 0; and a document of nothing."""
    return [
        ([[1, 2, 3], [4], [5, 6], [7, 8, 9]], 0, 4),
        ([[3, 1, 4, 1, 5], [9, 2, 6]], 7, 3),
        ([[1, 2, 3], [4, 5], [6, 7]], 9, 5),
        ([[5, 6], [], [7]], 8, 2),
        ([[2, 7, 1], [8, 2, 8, 1, 8, 2, 8]], 0, 7),
        ([[4, 4], [1]], 3, 1),
    ]


q3 = Exercise(
    key="06.3",
    title=Bilingual("Pack documents into chunks", "把文章打包成定長片段"),
    statement=Bilingual(
        "Write `pack(documents, end, block)`: each of the `documents` is a list of ids. Put them one after the "
        "other, each followed by `end`, and cut them into a tensor `[blocks, block]` whose rows are chunks of length `block`; "
        "what is left over at the end is dropped.",
        "寫出 `pack(documents, end, block)`，`documents` 裡每篇文章是一個 id 的 list。文章首尾相接，每篇後面放一個 `end`，"
        "再切成張量 `[blocks, block]`，每列（row）是一個長度為 `block` 的片段；最後湊不滿一個片段的部分丟掉。",
    ),
    hints=(
        Bilingual("First one long list, then cut.", "先接成一個長長的 list，再切。"),
        Bilingual(
            "`len(stream) // block * block` is the largest length that can be cut evenly.",
            "`len(stream) // block * block` 是能整除的最大長度。",
        ),
    ),
    why=Bilingual(
        "`view(-1, block)` cuts a tensor of the right length into rows; `end` tells the model where one document stops.",
        "`view(-1, block)` 把長度剛好的張量切成一列列；`end` 讓模型知道一篇文章到哪裡為止。",
    ),
    worth_knowing=Bilingual(
        "A chunk can begin in the middle of a document. To keep a document from seeing the one before it, give "
        "`position_ids` that start anew, no attention mask, and `use_cache=False`.",
        "片段可能從文章的中間開始。要讓一篇文章看不到前一篇，得用重新起算的 `position_ids`、不給注意力遮罩，"
        "再加上 `use_cache=False`。",
    ),
    checker=Function(_pack_cases),
)


@q3.solved_by
def pack(documents, end, block):
    stream = [token for document in documents for token in [*document, end]]
    return torch.tensor(stream[: len(stream) // block * block]).view(-1, block)


@q3.mistake("The documents run into each other: `end` is missing.", "文章黏在一起了：少了 `end`。")
def _pack_without_end(documents: Sequence[Sequence[int]], end: int, block: int) -> torch.Tensor:
    stream = [token for document in documents for token in document]
    return torch.tensor(stream[: len(stream) // block * block]).view(-1, block)


@q3.mistake(
    "You filled the last chunk up; what is left over is to be dropped.",
    "你把最後一個片段補滿了；湊不滿的部分要丟掉。",
)
def _pack_filled(documents: Sequence[Sequence[int]], end: int, block: int) -> torch.Tensor:
    stream = [token for document in documents for token in (*document, end)]
    return torch.tensor(stream + [end] * (-len(stream) % block)).view(-1, block)


@q3.mistake("Your chunks run down the columns.", "你的片段是沿著欄（column）直著排的。")
def _pack_turned(documents: Sequence[Sequence[int]], end: int, block: int) -> torch.Tensor:
    packed = pack(documents, end, block)
    return packed.flatten().view(block, -1).T


@q3.mistake("`end` comes after each document, not before.", "`end` 要放在每篇文章之後，不是之前。")
def _pack_end_first(documents: Sequence[Sequence[int]], end: int, block: int) -> torch.Tensor:
    stream = [token for document in documents for token in (end, *document)]
    return torch.tensor(stream[: len(stream) // block * block]).view(-1, block)


q4 = Exercise(
    key="06.4",
    title=Bilingual("Perplexity of a corpus (find the bug)", "整份語料的困惑度（除錯）"),
    statement=Bilingual(
        "Someone evaluates in batches and reports `sum(map(math.exp, losses)) / len(losses)`. Another batch size gives another "
        "number. Write `perplexity(losses, counts)` from the mean loss of each batch, in nats, and its number of tokens, so "
        "that the batches make no difference.",
        "有人分批評估，然後回報 `sum(map(math.exp, losses)) / len(losses)`，換個批次大小，數字就變了。請寫出 "
        "`perplexity(losses, counts)`：給定每一批的平均損失（nats）和 token 數，算出不受分批影響的困惑度。",
    ),
    hints=(
        Bilingual(
            "The perplexity is exp of the mean loss over all tokens.", "困惑度是所有 token 的平均損失取 exp。"
        ),
        Bilingual(
            "A batch's total loss is its mean times its number of tokens.",
            "一批的總損失是平均乘上 token 數。",
        ),
    ),
    why=Bilingual(
        "Losses add up, perplexities do not: add the losses first, then divide once, then take exp once.",
        "損失可以相加，困惑度不行。先把損失加起來，再除一次，最後取一次 exp。",
    ),
    worth_knowing=Bilingual(
        "The mean of exp is never below exp of the mean (Jensen): the wrong way makes every model look worse.",
        "exp 的平均永遠不小於平均的 exp（Jensen 不等式），所以錯的寫法會讓每個模型看起來都比較差。",
    ),
    checker=Function(
        lambda: [
            ([1.0, 2.0, 0.5], [10, 30, 5]),
            ([0.3, 1.7], [100, 1]),
            ([0.1, 0.1, 3.0, 4.0], [1, 2, 3, 40]),
            ([2.5], [7]),
        ],
        tolerance=Tolerance(relative=1e-5, absolute=0.0),
    ),
)


@q4.solved_by
def perplexity(losses, counts):
    total = sum(loss * count for loss, count in zip(losses, counts))
    return math.exp(total / sum(counts))


@q4.mistake("The bug is still there: perplexities are averaged.", "錯誤還在，平均的仍然是困惑度。")
def _perplexity_averaged(losses: list[float], counts: list[int]) -> float:
    return sum(map(math.exp, losses)) / len(losses)


@q4.mistake(
    "A batch of few tokens weighs as much as one of many.", "token 少的批次和多的批次，分量變得一樣重。"
)
def _perplexity_unweighted(losses: list[float], counts: list[int]) -> float:
    return math.exp(sum(losses) / len(losses))


@q4.mistake("You weigh the batches, but still average exp.", "你加了權重，但平均的仍然是 exp。")
def _perplexity_averaged_by_count(losses: list[float], counts: list[int]) -> float:
    return sum(math.exp(loss) * count for loss, count in zip(losses, counts)) / sum(counts)


@q4.mistake("That is the mean loss; exp is missing.", "這是平均損失，還少了 exp。")
def _perplexity_loss(losses: list[float], counts: list[int]) -> float:
    return math.log(perplexity(losses, counts))


def _rate_cases() -> list[tuple[int, float, int, int]]:
    return [
        *((step, 0.5, 4, 20) for step in (0, 1, 3, 4, 9, 19, 20)),
        *((step, 3e-4, 1, 7) for step in (0, 1, 2, 6, 7)),
        *((step, 1.0, 9, 10) for step in (5, 9, 10)),
        *((step, 2.0, 7, 100) for step in (6, 7, 50)),
    ]


q5 = Exercise(
    key="06.5",
    title=Bilingual("The learning rate", "學習率"),
    statement=Bilingual(
        "Write `rate(step, peak, warmup, total)`: the learning rate of `get_linear_schedule_with_warmup`. At step 0 it is 0, "
        "at step `warmup` it is `peak`, at step `total` it is 0 again, with straight lines between.",
        "寫出 `rate(step, peak, warmup, total)`：`get_linear_schedule_with_warmup` 的學習率。第 0 步是 0，第 `warmup` 步是 "
        "`peak`，第 `total` 步又回到 0，兩段都是直線。",
    ),
    hints=(
        Bilingual("Two pieces: `if step < warmup`.", "分成兩段：`if step < warmup`。"),
        Bilingual(
            "On the way down, `total - step` steps are left of `total - warmup`.",
            "下降的時候，`total - warmup` 步裡還剩 `total - step` 步。",
        ),
    ),
    why=Bilingual(
        "Both pieces give `peak` at the step where they meet.",
        "兩段在交界的那一步都等於 `peak`。",
    ),
    worth_knowing=Bilingual(
        "At step 0 the rate is 0: with this schedule the very first step changes nothing.",
        "第 0 步的學習率是 0，所以用這個排程，第一步什麼都不會改變。",
    ),
    checker=Function(_rate_cases, tolerance=Tolerance(relative=1e-5, absolute=1e-9)),
)


@q5.solved_by
def rate(step, peak, warmup, total):
    if step < warmup:
        return peak * step / warmup
    return peak * (total - step) / (total - warmup)


@q5.mistake("After the warm-up your rate never falls.", "暖身之後，你的學習率沒有下降。")
def _rate_constant(step: int, peak: float, warmup: int, total: int) -> float:
    return peak * min(1, step / warmup)


@q5.mistake("There is no warm-up in it.", "少了暖身那一段。")
def _rate_no_warmup(step: int, peak: float, warmup: int, total: int) -> float:
    return peak * (total - step) / total


@q5.mistake(
    "The fall begins at once and not after the warm-up, so that `peak` is never reached.",
    "你的學習率從一開始就下降，而不是暖身之後才降，所以永遠到不了 `peak`。",
)
def _rate_product(step: int, peak: float, warmup: int, total: int) -> float:
    return peak * min(1, step / warmup) * (total - step) / total


@q5.mistake("You are one step ahead.", "你超前了一步。")
def _rate_one_ahead(step: int, peak: float, warmup: int, total: int) -> float:
    return rate(min(step + 1, total), peak, warmup, total)


q6 = Exercise(
    key="06.6",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "A team fine-tunes a model on its customer mails, and the validation loss (on mails that are held out) halves. Which two or three other "
        "things would you measure before it replaces the old model, and why?",
        "有個團隊用客服信件微調模型，驗證損失（在保留的信件上算的損失）減半。換掉舊模型之前，你還會量哪兩三件事？為什麼？",
    ),
    hints=(
        Bilingual(
            "What could the old model do that nobody put into the new data?",
            "舊模型有哪些本領，沒有人放進新資料裡？",
        ),
    ),
    why=Bilingual(
        "A good answer names something that was not in the data, and something that the loss does not show.",
        "好的回答會提到資料裡沒有的本領，以及損失看不出來的問題。",
    ),
    worth_knowing=Bilingual("In the next lesson you write the model itself.", "下一課你會親手寫出模型本身。"),
    checker=Open(),
)


@q6.solved_by
def words():
    return """I would measure the old model and the new one on texts of other kinds that users still need, to see what
was forgotten; look for mails that come back word for word, which would be learned by heart and private; and
read samples, for a low loss does not yet mean good answers."""
