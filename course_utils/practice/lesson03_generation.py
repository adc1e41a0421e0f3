"""Exercises of lesson 03: generation."""

import warnings

import torch
from transformers import (
    GenerationMixin,
    GPT2LMHeadModel,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TopPLogitsWarper,
)

from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.exercise import Exercise
from .engine.forbidden import Forbidden, does_without
from .engine.questions import Option, Question
from .engine.samples import random_ids, random_normal, tiny_lm

quick1 = Question(
    name="quick1",
    prompt=Bilingual(
        "You call `generate(**inputs, do_sample=True)` and set nothing else. From how many tokens does it draw?",
        "你呼叫 `generate(**inputs, do_sample=True)`，其他什麼都不設。會從幾個 token 裡抽？",
    ),
    options=(
        Option(
            Bilingual("from the whole vocabulary", "整個詞彙表"),
            False,
            Bilingual(
                "Most people expect that, but it takes `top_k=0`.",
                "多數人都這麼以為，但要從整個詞彙表抽，得寫 `top_k=0`。",
            ),
        ),
        Option(
            Bilingual("from the 50 most probable ones", "最可能的 50 個"),
            True,
            Bilingual(
                "`top_k` is 50 by default, even if nobody asked for it.",
                "就算沒有人要求，`top_k` 的預設值也是 50。",
            ),
        ),
        Option(
            Bilingual("it does not draw, it takes the most probable one", "不抽，直接選最可能的那個"),
            False,
            Bilingual("That is `do_sample=False`.", "那是 `do_sample=False`。"),
        ),
    ),
)

quick2 = Question(
    name="quick2",
    prompt=Bilingual(
        "What does the KV cache change about the text that is generated?",
        "KV 快取（KV cache）會讓生成的文字有什麼不同？",
    ),
    options=(
        Option(
            Bilingual("nothing but rounding: it only saves time", "除了捨入誤差，文字沒有不同，只是省時間"),
            True,
            Bilingual(
                "Earlier tokens cannot see later ones, so their keys and values never change.",
                "前面的 token 看不到後面，所以它們的 key 和 value 不會變。",
            ),
        ),
        Option(
            Bilingual("it makes the text more varied", "文字會更多樣"),
            False,
            Bilingual(
                "Variety comes from sampling; the cache keeps results and does not change them.",
                "多樣來自取樣；快取只保留算過的結果，並不改變結果。",
            ),
        ),
        Option(
            Bilingual("it lets the model read longer texts", "模型能讀更長的文字"),
            False,
            Bilingual(
                "The limit is in `wpe`, one row for each position; a cache adds no rows.",
                "上限在 `wpe`，一個位置一列；快取不會增加列數。",
            ),
        ),
    ),
)


def _lengths() -> tuple[int, int, int]:
    lm, ids = tiny_lm(n_positions=80), random_ids(1, 12)
    lm.generation_config.eos_token_id = None
    limits: tuple[dict[str, int], ...] = ({"max_length": 50}, {"max_new_tokens": 50}, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of the missing limit, as it should
        texts = [
            lm.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, pad_token_id=0, **limit)
            for limit in limits
        ]
    return tuple(text.shape[1] - ids.shape[1] for text in texts)


q1 = Exercise(
    key="03.1",
    title=Bilingual("Predict the number of new tokens", "預測會多出幾個 token"),
    statement=Bilingual(
        "A prompt has 12 tokens, and the model never ends by itself. How many new tokens come with `max_length=50`, "
        "with `max_new_tokens=50`, and with no limit given at all? Write a tuple of three numbers.",
        "提示詞有 12 個 token，模型也不會自己結束。設定 `max_length=50`、設定 `max_new_tokens=50`，以及不設任何上限，"
        "各會多出幾個新的 token？寫成三個數字的 tuple。",
    ),
    hints=(
        Bilingual("One of the two limits counts the prompt too.", "兩種上限之中，有一種連提示詞也算。"),
        Bilingual(
            "The default limit counts new tokens, and it is small; the lesson shows it under "
            "“Controlling the length”.",
            "預設的上限只算新的 token，而且不大；「控制生成長度」那一節看過。",
        ),
    ),
    why=Bilingual(
        "`max_length` leaves 50 - 12 for the text, `max_new_tokens` counts only what is new, and without a limit "
        "the library stops after 20 new tokens.",
        "`max_length` 只留 50 - 12 個給新文字，`max_new_tokens` 只算新的 token；都不設的話，函式庫寫 20 個就停。",
    ),
    worth_knowing=Bilingual(
        "With `max_length`, a longer prompt silently makes a shorter answer; `max_new_tokens` never does that.",
        "用 `max_length` 的話，提示詞愈長，回答就愈短，而且毫無警告；`max_new_tokens` 不會這樣。",
    ),
    checker=Value(_lengths),
)


@q1.solved_by
def new():
    return (38, 50, 20)


q1.wrong_value(
    (50, 50, 20), "`max_length` is not the length of what is new.", "`max_length` 不是新文字的長度。"
)

q1.wrong_value((38, 38, 20), "You subtracted the prompt once too often.", "你多減了一次提示詞的長度。")


q1.wrong_value(
    (38, 50, 8),
    "The default counts new tokens; do not subtract the prompt there.",
    "預設值只算新的 token，不要再減提示詞。",
)


def _greedy(lm: GPT2LMHeadModel, ids: torch.Tensor, count: int) -> torch.Tensor:
    lm.generation_config.eos_token_id = None
    if count == 0:
        return ids  # `generate` refuses to write nothing
    return lm.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=count, pad_token_id=0
    )


def _loop(lm: GPT2LMHeadModel, ids: torch.Tensor, count: int, position: int, choose) -> torch.Tensor:
    for _ in range(count):
        chosen = choose(lm(ids).logits[:, position])
        ids = torch.cat([ids, chosen[:, None]], dim=1)
    return ids


def _ending(seed: int) -> tuple[GPT2LMHeadModel, torch.Tensor, int]:
    """A model that writes what it takes for the end after two tokens, and a prompt."""
    lm, ids = tiny_lm(seed), random_ids(1, 5, seed)
    end = int(_greedy(lm, ids, 2)[0, -1])
    lm.config.eos_token_id = lm.generation_config.eos_token_id = end
    return lm, ids, 6


def _greedy_cases() -> list[tuple[GPT2LMHeadModel, torch.Tensor, int]]:
    return [
        (tiny_lm(1), random_ids(1, 4, 1), 5),
        (tiny_lm(2, n_layer=1, n_embd=12), random_ids(3, 6, 2), 4),
        _ending(3),
        (tiny_lm(4, vocab_size=31), random_ids(4, 1, 4, vocab=31), 1),
        (tiny_lm(5), random_ids(2, 3, 5), 0),
    ]


q2 = Exercise(
    key="03.2",
    title=Bilingual("The greedy loop", "貪婪解碼的迴圈"),
    statement=Bilingual(
        "Write `greedy(lm, ids, count)`: append the most probable next token `count` times and return prompt and "
        "continuation, `[batch, seq + count]`. Use `lm(ids).logits`, not `generate`; nothing ends early here.",
        "寫出 `greedy(lm, ids, count)`，把最可能的下一個 token 接上去，重複 `count` 次，回傳提示詞加上新文字，形狀是 "
        "`[batch, seq + count]`。請用 `lm(ids).logits`，不要用 `generate`；這裡不會提早結束。",
    ),
    hints=(
        Bilingual(
            "Only the logits at the last position predict what comes next.",
            "只有最後一個位置的 logits 預測接下來的 token。",
        ),
        Bilingual(
            "`argmax(dim=-1)` chooses in each row of the batch.",
            "`argmax(dim=-1)` 會替批次裡的每一列各挑一個。",
        ),
        Bilingual(
            "`torch.cat([ids, chosen[:, None]], dim=1)` appends one token to each row.",
            "`torch.cat([ids, chosen[:, None]], dim=1)` 會替每一列接上一個 token。",
        ),
    ),
    why=Bilingual(
        "Each step reads everything written so far, takes the scores at its end, and appends the best token.",
        "每一步都讀到目前為止的全文，取最後一個位置的分數，把分數最高的 token 接上去。",
    ),
    worth_knowing=Bilingual(
        "With a KV cache each step would read one token only; the loop stays the same.",
        "有了 KV 快取，每一步只要讀一個 token，迴圈本身不變。",
    ),
    checker=Function(
        _greedy_cases,
        right=_greedy,
        forbidden=lambda *given: [Forbidden(GenerationMixin, "generate", does_without("generate"))],
    ),
)


@q2.solved_by
def greedy(lm, ids, count):
    for _ in range(count):
        chosen = lm(ids).logits[:, -1].argmax(dim=-1)
        ids = torch.cat([ids, chosen[:, None]], dim=1)
    return ids


@q2.mistake("You read the logits at the wrong position.", "你讀錯了位置的 logits。")
def _greedy_first_position(lm, ids, count):
    return _loop(lm, ids, count, 0, lambda logits: logits.argmax(dim=-1))


@q2.mistake("You append the least probable token.", "你接上的是機率最低的 token。")
def _greedy_least(lm, ids, count):
    return _loop(lm, ids, count, -1, lambda logits: logits.argmin(dim=-1))


@q2.mistake("The prompt is missing from what you return.", "你回傳的結果少了提示詞。")
def _greedy_without_prompt(lm, ids, count):
    return _loop(lm, ids, count, -1, lambda logits: logits.argmax(dim=-1))[:, ids.shape[1] :]


@q2.mistake("One token is missing at the end.", "最後少了一個 token。")
def _greedy_one_short(lm, ids, count):
    return _loop(lm, ids, count - 1, -1, lambda logits: logits.argmax(dim=-1))


@q2.mistake(
    "You took all new tokens from a single pass; each must be read before the next can be chosen.",
    "你只跑一次就取了所有新的 token；每一個都要先讀進去，才能挑下一個。",
)
def _greedy_in_one_pass(lm, ids, count):
    return torch.cat([ids, lm(ids).logits[:, -count:].argmax(dim=-1)], dim=1)


@q2.mistake(
    "You give the model the newest token alone; without a cache it knows nothing of what came before.",
    "你只給模型最新的那個 token；沒有快取，模型就不知道前面寫過什麼。",
)
def _greedy_newest_only(lm, ids, count):
    for _ in range(count):
        ids = torch.cat([ids, lm(ids[:, -1:]).logits[:, -1].argmax(dim=-1)[:, None]], dim=1)
    return ids


def _nucleus(logits: torch.Tensor, p: float) -> torch.Tensor:
    return TopPLogitsWarper(p)(None, logits.clone())


def _nucleus_by(logits: torch.Tensor, dropped: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    return logits.masked_fill(torch.zeros_like(dropped).scatter(-1, order, dropped), -torch.inf)


def _sorted_shares(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    shares, order = logits.softmax(dim=-1).sort(dim=-1, descending=True)
    return shares, shares.cumsum(dim=-1), order


q3 = Exercise(
    key="03.3",
    title=Bilingual("Top-p, by hand", "親手寫出 top-p"),
    statement=Bilingual(
        "Write `nucleus(logits, p)`: in each row of `[batch, vocab]`, keep the most probable tokens, as few as reach "
        "the probability `p` together, and set the logits of all others to `-torch.inf`. The token that crosses `p` "
        "is kept, and the order of the columns stays.",
        "寫出 `nucleus(logits, p)`，在 `[batch, vocab]` 的每一列（row）裡，從最可能的 token 留起，只保留機率總和達到 `p` 所需的最少幾個，"
        "其他 token 的 logits 都設成 `-torch.inf`。剛好跨過 `p` 的那個 token 要留下，欄（column）的順序不能變。",
    ),
    hints=(
        Bilingual(
            "`logits.sort(dim=-1, descending=True)` returns the values and the columns that they came from.",
            "`logits.sort(dim=-1, descending=True)` 會回傳排好的值，以及這些值原本在哪一欄。",
        ),
        Bilingual(
            "A token is dropped if those before it have already reached `p`; their sum is `cumsum` minus "
            "its own probability.",
            "一個 token 要不要捨去，要看排在前面的機率總和是否已經達到 `p`；這個總和就是 `cumsum` 減掉它自己的機率。",
        ),
        Bilingual(
            "`scatter` puts a mask in sorted order back into the order of the columns.",
            "`scatter` 可以把排序後的遮罩放回原來的欄序。",
        ),
    ),
    why=Bilingual(
        "Whether a token is still needed depends on the sum before it; the first one has nothing before it, so at "
        "least one token always stays.",
        "一個 token 還需不需要，取決於排在前面的總和；第一名前面什麼都沒有，所以至少會留下一個。",
    ),
    worth_knowing=Bilingual(
        "How many tokens stay depends on how sure the model is: one where it is certain, hundreds where it is not.",
        "留下幾個要看模型多有把握，很確定時只留一個，不確定時可以留幾百個。",
    ),
    checker=Function(
        lambda: [
            (2 * random_normal(3, 11, seed=5), 0.8),
            (random_normal(1, 7, seed=6), 0.5),
            (torch.tensor([[8.0, 0.0, 1.0, 7.9]]), 0.3),
            (3 * random_normal(2, 5, seed=11), 0.95),
            (random_normal(4, 30, seed=12), 0.25),
        ],
        right=_nucleus,
    ),
)


@q3.solved_by
def nucleus(logits, p):
    values, columns = logits.sort(dim=-1, descending=True)
    shares = values.softmax(dim=-1)
    late = shares.cumsum(dim=-1) - shares >= p
    dropped = torch.zeros_like(late).scatter(-1, columns, late)
    return logits.masked_fill(dropped, -torch.inf)


@q3.mistake(
    "The token that crosses `p` is missing; what you keep does not reach `p`.",
    "少了跨過 `p` 的那個 token，你留下的機率加起來不到 `p`。",
)
def _nucleus_too_small(logits: torch.Tensor, p: float) -> torch.Tensor:
    _, total, order = _sorted_shares(logits)
    dropped = total > p
    dropped[..., 0] = False
    return _nucleus_by(logits, dropped, order)


@q3.mistake(
    "Where the first token alone exceeds `p`, you keep none, and there is nothing left to draw.",
    "如果第一名自己就超過 `p`，你一個都沒留下，那就沒有 token 可以抽了。",
)
def _nucleus_maybe_empty(logits: torch.Tensor, p: float) -> torch.Tensor:
    _, total, order = _sorted_shares(logits)
    return _nucleus_by(logits, total > p, order)


@q3.mistake(
    "You keep one token too many: `p` was reached before it.",
    "你多留了一個 token，因為在它之前就已經達到 `p` 了。",
)
def _nucleus_too_large(logits: torch.Tensor, p: float) -> torch.Tensor:
    shares, total, order = _sorted_shares(logits)
    late = total - shares >= p
    return _nucleus_by(logits, torch.cat([torch.zeros_like(late[:, :1]), late[:, :-1]], dim=1), order)


@q3.mistake("You add up logits; `p` is about probabilities.", "你累加的是 logits；`p` 指的是機率。")
def _nucleus_of_logits(logits: torch.Tensor, p: float) -> torch.Tensor:
    values, order = logits.sort(dim=-1, descending=True)
    return _nucleus_by(logits, values.cumsum(dim=-1) - values >= p, order)


@q3.mistake(
    "Your columns are sorted: a column no longer belongs to its token.",
    "你的欄已經排序過，和 token 對不起來了。",
)
def _nucleus_not_put_back(logits: torch.Tensor, p: float) -> torch.Tensor:
    shares, total, _ = _sorted_shares(logits)
    return logits.sort(dim=-1, descending=True).values.masked_fill(total - shares >= p, -torch.inf)


@q3.mistake(
    "Your mask follows the sorted order, your logits do not, so it falls on the wrong tokens.",
    "你的遮罩照排序後的順序，logits 卻沒有排序，所以遮到的是別的 token。",
)
def _nucleus_mask_not_put_back(logits: torch.Tensor, p: float) -> torch.Tensor:
    shares, total, _ = _sorted_shares(logits)
    return logits.masked_fill(total - shares >= p, -torch.inf)


@q3.mistake(
    "You add up in the order of the vocabulary, not from the most probable one on.",
    "你照詞彙表的順序累加，而不是從最可能的開始。",
)
def _nucleus_unsorted(logits: torch.Tensor, p: float) -> torch.Tensor:
    shares = logits.softmax(dim=-1)
    return logits.masked_fill(shares.cumsum(dim=-1) - shares >= p, -torch.inf)


@q3.mistake(
    "A logit of 0 is still a chance; what is cut off must get none.",
    "logit 是 0 的 token 仍然有機會抽到；截掉的 token 應該完全沒有機會。",
)
def _nucleus_of_zeros(logits: torch.Tensor, p: float) -> torch.Tensor:
    return _nucleus(logits, p).masked_fill(_nucleus(logits, p).isinf(), 0.0)


@q3.mistake(
    "That is min-p: a share of the first one's probability, not a sum.",
    "這是 min-p，看的是最高機率的幾倍，不是總和。",
)
def _min_p_instead(logits: torch.Tensor, p: float) -> torch.Tensor:
    return MinPLogitsWarper(p)(torch.LongTensor(), logits.clone())


def _penalised(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return RepetitionPenaltyLogitsProcessor(penalty)(ids, scores.clone())


def _seen(scores: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, ids, True)


q4 = Exercise(
    key="03.4",
    title=Bilingual("A penalty that rewards (find the bug)", "變成獎勵的懲罰（除錯）"),
    statement=Bilingual(
        "Someone writes the repetition penalty as “divide the logit of every token seen so far by `penalty`”. For some "
        "tokens this makes repetition more likely. Write `penalised(scores, ids, penalty)`, with scores "
        "`[batch, vocab]` and the ids seen so far `[batch, seq]`, so that with `penalty` above 1 every seen token "
        "becomes less likely.",
        "有人把重複懲罰寫成「把出現過的 token 的 logit 都除以 `penalty`」，結果有些 token 反而更容易重複。"
        "請寫出 `penalised(scores, ids, penalty)`，其中 scores 的形狀是 `[batch, vocab]`，出現過的 id 是 `[batch, seq]`，"
        "讓 `penalty` 大於 1 時，每個出現過的 token 機率都降低。",
    ),
    hints=(
        Bilingual("What does dividing by 2 do to a logit of -4?", "logit 是 -4，除以 2 會變成什麼？"),
        Bilingual(
            "`torch.where(scores > 0, …, …)` treats the two signs differently.",
            "`torch.where(scores > 0, …, …)` 可以把正負兩種分開處理。",
        ),
        Bilingual(
            "`scores.gather(1, ids)` takes out the scores of seen tokens, `scores.scatter(1, ids, changed)` puts "
            "them back.",
            "`scores.gather(1, ids)` 取出出現過的 token 的分數，`scores.scatter(1, ids, changed)` 再放回去。",
        ),
    ),
    why=Bilingual(
        "A positive logit falls when it is divided, a negative one when it is multiplied; so the sign decides.",
        "正的 logit 要除才會變小，負的要乘才會變小，所以要看正負號。",
    ),
    worth_knowing=Bilingual(
        "So the penalty depends on where 0 happens to lie, although only differences of logits have a meaning. "
        "Add 10 to all logits, and it does something else.",
        "所以這個懲罰取決於 0 剛好落在哪裡，但 logits 只有差值才有意義。把全部的 logits 都加 10，懲罰的效果就不一樣了。",
    ),
    checker=Function(
        lambda: [
            (2 * random_normal(2, 9, seed=7), random_ids(2, 4, 7, vocab=9), 1.5),
            (3 * random_normal(1, 6, seed=8), torch.tensor([[1, 1, 4]]), 2.0),
            (2 * random_normal(3, 13, seed=9), random_ids(3, 1, 9, vocab=13), 1.2),
            (2 * random_normal(4, 4, seed=10), random_ids(4, 4, 10, vocab=4), 3.0),
        ],
        right=_penalised,
    ),
)


@q4.solved_by
def penalised(scores, ids, penalty):
    seen = scores.gather(1, ids)
    changed = torch.where(seen > 0, seen / penalty, seen * penalty)
    return scores.scatter(1, ids, changed)


@q4.mistake(
    "The bug is still there; look at the tokens with a negative logit.",
    "錯誤還在，看看 logit 是負數的 token。",
)
def _penalised_divided(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return torch.where(_seen(scores, ids), scores / penalty, scores)


@q4.mistake(
    "Now the tokens with a positive logit are rewarded.",
    "現在換成 logit 是正數的 token 得到獎勵了。",
)
def _penalised_multiplied(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return torch.where(_seen(scores, ids), scores * penalty, scores)


@q4.mistake(
    "You penalise a token in all rows once it has appeared in any; but only a text's own tokens count.",
    "某個 token 只要在一列出現過，你就在每一列都懲罰它；但每段文字只該看自己前面的 token。",
)
def _penalised_in_every_row(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return _penalised(scores, ids.reshape(1, -1).expand(len(ids), -1), penalty)


@q4.mistake(
    "A token that has appeared twice is penalised twice; the library asks only whether it has appeared.",
    "出現兩次的 token 被你懲罰了兩次；函式庫只看有沒有出現過。",
)
def _penalised_each_time(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    for at in range(ids.shape[1]):
        scores = _penalised(scores, ids[:, at : at + 1], penalty)
    return scores


@q4.mistake("You penalise tokens that have not appeared, too.", "沒出現過的 token 也被你懲罰了。")
def _penalised_all(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return torch.where(scores > 0, scores / penalty, scores * penalty)


@q4.mistake("You penalise only the last token seen.", "你只懲罰了最後出現的那個 token。")
def _penalised_last_only(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return _penalised(scores, ids[:, -1:], penalty)


@q4.mistake("You have the two signs the wrong way round.", "你把正負兩種情形弄反了。")
def _penalised_other_way(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return torch.where(
        _seen(scores, ids), torch.where(scores > 0, scores * penalty, scores / penalty), scores
    )


@q4.mistake(
    "You subtract. That would be a penalty too, but not the library's, which goes by factors.",
    "你用的是減法。那也算一種懲罰，但函式庫用的是乘除。",
)
def _penalised_subtracted(scores: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    return torch.where(_seen(scores, ids), scores - penalty, scores)


q5 = Exercise(
    key="03.5",
    title=Bilingual("Positions under padding", "填充之後的位置"),
    statement=Bilingual(
        "Write `positions(mask)`: for an attention mask `[batch, seq]` with padding on the left, the `position_ids` "
        "that give the first real token of each row position 0. Padding gets 0 as well: `wpe` has no row below that.",
        "寫出 `positions(mask)`，給定填充在左邊的 attention mask（注意力遮罩）`[batch, seq]`，回傳 `position_ids`，"
        "讓每一列第一個真正的 token 位置是 0。填充的位置也填 0，因為 `wpe` 沒有編號更小的列。",
    ),
    hints=(
        Bilingual(
            "`cumsum` over the mask counts the real tokens from the left.",
            "對遮罩套用 `cumsum`，就是從左邊開始數真正的 token。",
        ),
        Bilingual(
            "`clamp(min=0)` keeps numbers from falling below 0.", "`clamp(min=0)` 可以讓數字不小於 0。"
        ),
    ),
    why=Bilingual(
        "At the first real token the count is 1, so 1 is subtracted; before it the count is 0.",
        "數到第一個真正的 token 時是 1，所以要減 1；在那之前都是 0。",
    ),
    worth_knowing=Bilingual(
        "`generate` counts like this for you; a plain call of the model does not, and gives no warning.",
        "`generate` 會替你這樣數；直接呼叫模型則不會，而且毫無警告。",
    ),
    checker=Function(
        lambda: [
            (torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]),),
            (torch.tensor([[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 1, 1]]),),
            (torch.tensor([[0, 0, 0, 0, 1, 1, 1]]),),
            (torch.tensor([[1], [1]]),),
        ]
    ),
)


@q5.solved_by
def positions(mask):
    return (mask.cumsum(dim=-1) - 1).clamp(min=0)


@q5.mistake("Your first real token has position 1.", "你的第一個真正的 token，位置是 1。")
def _positions_from_one(mask: torch.Tensor) -> torch.Tensor:
    return mask.cumsum(dim=-1)


@q5.mistake(
    "You count the padding, too; that is what the plain call does.",
    "你連填充也數進去了，直接呼叫模型就會這樣。",
)
def _positions_without_mask(mask: torch.Tensor) -> torch.Tensor:
    return torch.arange(mask.shape[1]).expand_as(mask)


@q5.mistake(
    "Some of your positions are negative: `wpe` has no such row.", "有些位置是負數，`wpe` 沒有那樣的列。"
)
def _positions_negative(mask: torch.Tensor) -> torch.Tensor:
    return mask.cumsum(dim=-1) - 1


@q5.mistake(
    "Your real tokens are right; the padding does not have the position that was asked for.",
    "真正的 token 都對了，填充的位置卻不是題目要的數字。",
)
def _positions_padding_at_one(mask: torch.Tensor) -> torch.Tensor:
    return (mask.cumsum(dim=-1) - 1).masked_fill(mask == 0, 1)


@q5.mistake("You count from the right end; the text begins at the left.", "你從右邊數，但文字是從左邊開始。")
def _positions_from_the_right(mask: torch.Tensor) -> torch.Tensor:
    return mask.flip(-1).cumsum(dim=-1).flip(-1).sub(1).clamp(min=0)


def _banned(ids: torch.Tensor, scores: torch.Tensor, words: list[int]) -> torch.Tensor:
    banned = scores.clone()
    banned[:, words] = -torch.inf
    return banned


q6 = Exercise(
    key="03.6",
    title=Bilingual("A logits processor of your own", "自己寫一個 logits processor"),
    statement=Bilingual(
        "Write `ban(ids, scores, words)` as the heart of a `LogitsProcessor`: it gets the ids so far `[batch, seq]`, "
        "the scores `[batch, vocab]` and a list of token ids, and returns scores under which none of these tokens can "
        "ever be drawn. All others stay as they are.",
        "寫出 `ban(ids, scores, words)`，作為一個 `LogitsProcessor` 的核心。它收到目前的 id `[batch, seq]`、分數 "
        "`[batch, vocab]` 和一個 token id 的 list，回傳新的分數，讓這些 token 永遠抽不到，其他 token 的分數都不變。",
    ),
    hints=(
        Bilingual(
            "Which logit becomes the probability 0 under softmax?", "哪一個 logit 經過 softmax 會變成機率 0？"
        ),
        Bilingual(
            "`scores[:, words]` are the columns of these tokens; work on a `clone()`.",
            "`scores[:, words]` 是這些 token 的欄；請在 `clone()` 上改。",
        ),
    ),
    why=Bilingual(
        "`exp(-inf)` is 0, so these tokens get the probability 0, whatever the temperature.",
        "`exp(-inf)` 是 0，所以無論溫度多高，這些 token 的機率都是 0。",
    ),
    worth_knowing=Bilingual(
        "`generate` has this built in as `bad_words_ids`; the cuts of this lesson are such processors, too.",
        "`generate` 內建了這個功能，叫 `bad_words_ids`；這一課的各種截斷法也都是這樣的 processor。",
    ),
    checker=Function(
        lambda: [
            (random_ids(2, 3, 9, vocab=8), random_normal(2, 8, seed=9), [1, 6]),
            (random_ids(3, 2, 10, vocab=5), random_normal(3, 5, seed=10), [4]),
            (random_ids(1, 1, 11, vocab=6), random_normal(1, 6, seed=11), [5, 0, 2]),
        ],
        right=_banned,
    ),
)


@q6.solved_by
def ban(ids, scores, words):
    scores = scores.clone()
    scores[:, words] = -torch.inf
    return scores


@q6.mistake("A logit of 0 is not a probability of 0.", "logit 是 0，不等於機率是 0。")
def _banned_zero(ids: torch.Tensor, scores: torch.Tensor, words: list[int]) -> torch.Tensor:
    return torch.where(_banned(ids, scores, words).isinf(), 0.0, scores)


@q6.mistake(
    "Very low, but finite: if the tokens that are left are counted by `isfinite`, as in this lesson, these still "
    "count.",
    "夠低了，但還是有限的數。像這一課那樣用 `isfinite` 數還剩幾個，仍會算到這些 token。",
)
def _banned_finite(ids: torch.Tensor, scores: torch.Tensor, words: list[int]) -> torch.Tensor:
    return _banned(ids, scores, words).clamp(min=-1e9)


@q6.mistake("You changed rows: those are the texts of the batch.", "你改到的是列，也就是批次裡的各段文字。")
def _banned_rows(ids: torch.Tensor, scores: torch.Tensor, words: list[int]) -> torch.Tensor:
    banned = scores.clone()
    banned[[word % len(banned) for word in words]] = -torch.inf
    return banned


@q6.mistake(
    "You ban a token only once it has appeared; it should never appear at all.",
    "你等 token 出現過才禁止，但題目要求永遠不出現。",
)
def _banned_if_seen(ids: torch.Tensor, scores: torch.Tensor, words: list[int]) -> torch.Tensor:
    listed = torch.isin(torch.arange(scores.shape[1]), torch.tensor(words))
    return scores.masked_fill(_seen(scores, ids) & listed, -torch.inf)


@q6.mistake("You allow exactly the ones that should be banned.", "你反而只准該禁止的 token 出現。")
def _only_allowed(ids: torch.Tensor, scores: torch.Tensor, words: list[int]) -> torch.Tensor:
    return torch.where(_banned(ids, scores, words).isinf(), scores, -torch.inf)


q7 = Exercise(
    key="03.7",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "You want a story that is neither dull nor nonsense. Which settings of `generate` do you choose, and what does "
        "each of them do to the distribution? Two or three sentences.",
        "你想要一篇不無聊、也不胡言亂語的故事。你會選 `generate` 的哪些設定？各會怎樣改變分布？請寫兩三句。",
    ),
    hints=(
        Bilingual(
            "What goes wrong with greedy decoding, and what with sampling from the whole vocabulary?",
            "貪婪解碼會有什麼問題？從整個詞彙表取樣又會有什麼問題？",
        ),
    ),
    why=Bilingual(
        "A good answer samples, with the tail cut off or a slightly lower temperature, and says why not greedy "
        "decoding and why not the whole vocabulary.",
        "好的回答會用取樣，截斷尾端或稍微調低溫度，並說明為什麼不用貪婪解碼，也不從整個詞彙表抽。",
    ),
    worth_knowing=Bilingual(
        "Which setting is good depends on the text: for arithmetic, greedy decoding may be the best.",
        "哪種設定好，要看是什麼文字。如果是算術，貪婪解碼可能最好。",
    ),
    checker=Open(),
)


@q7.solved_by
def words():
    return """do_sample=True with top_k=0 and top_p=0.9: chance brings variety, and the cut takes away the
long tail of improbable tokens, more of them where the model is sure. A temperature a little below 1
would sharpen what is left; a strong repetition penalty would forbid names that must come back."""
