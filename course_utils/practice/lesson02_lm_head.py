"""Exercises of lesson 02: the LM head."""

import torch
import torch.nn.functional as F
from transformers import GPT2LMHeadModel

from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.exercise import Exercise
from .engine.forbidden import Forbidden, does_without
from .engine.questions import Option, Question
from .engine.samples import Sizes, random_ids, random_normal, tiny_lm

quick1 = Question(
    name="quick1",
    prompt=Bilingual(
        "What does `GPT2LMHeadModel` return for each position?",
        "`GPT2LMHeadModel` 替每個位置回傳什麼？",
    ),
    options=(
        Option(
            Bilingual("probabilities that add up to 1", "加起來等於 1 的機率"),
            False,
            Bilingual(
                "There is no softmax inside the model. Take it yourself when you want probabilities.",
                "模型裡沒有 softmax。想要機率，得自己算。",
            ),
        ),
        Option(
            Bilingual("one score for each token of the vocabulary", "詞彙表裡每個 token 各一個分數"),
            True,
            Bilingual(
                "These are the logits: any real numbers, of which only the differences mean anything.",
                "這就是 logits，可以是任何實數，有意義的只是彼此之間的差。",
            ),
        ),
        Option(
            Bilingual("the id of the most probable token", "最可能的那個 token 的 id"),
            False,
            Bilingual(
                "Choosing is not the model's task; `generate` does that, from the scores.",
                "挑選不是模型的工作，而是由 `generate` 依分數進行。",
            ),
        ),
    ),
)

quick2 = Question(
    name="quick2",
    prompt=Bilingual(
        "A model has a lower perplexity per token than another one with a different tokenizer. Is it the better one?",
        "某個模型每個 token 的困惑度，比另一個用不同 tokenizer 的模型低。它就比較好嗎？",
    ),
    options=(
        Option(
            Bilingual("Yes, lower is better", "是，愈低愈好"),
            False,
            Bilingual(
                "Only with the same tokenizer and the same text. One token of the first may be three of the second.",
                "同一個 tokenizer、同一段文字，才能這樣比。這邊的一個 token，到那邊可能是三個。",
            ),
        ),
        Option(
            Bilingual("Nobody can tell from these two numbers", "光看這兩個數字無法判斷"),
            True,
            Bilingual(
                "Shorter tokens are easier to guess. Compare the loss of the whole text, or per character.",
                "token 愈短愈好猜。要比，就比整段文字的損失，或每個字元的損失。",
            ),
        ),
        Option(
            Bilingual("No, higher is better", "不是，愈高愈好"),
            False,
            Bilingual(
                "Perplexity measures surprise: for one tokenizer and one text, lower is indeed better.",
                "困惑度衡量模型有多意外；同一個 tokenizer、同一段文字，確實是愈低愈好。",
            ),
        ),
    ),
)


def _counts() -> tuple[int, int]:
    tied = tiny_lm(vocab_size=1000, n_embd=24)
    untied = tiny_lm(vocab_size=1000, n_embd=24, tie_word_embeddings=False)
    return untied.num_parameters() - tied.num_parameters(), len(tied.lm_head.weight)


q1 = Exercise(
    key="02.1",
    title=Bilingual("Predict what untying costs", "預測解除綁定的代價"),
    statement=Bilingual(
        "A GPT-2 has `n_embd=24` and a vocabulary of 1,000 tokens, and its head is tied to the embeddings. Write, "
        "without running it, a tuple of two numbers: how many parameters are added when the head gets a weight of its "
        "own, and how many rows `lm_head.weight` has.",
        "某個 GPT-2 的 `n_embd=24`，詞彙表有 1,000 個 token，輸出層與嵌入綁定。先不要執行，寫出一個 tuple，依序是兩個數字："
        "讓輸出層擁有自己的權重會多出幾個參數，以及 `lm_head.weight` 有幾列（row）。",
    ),
    hints=(
        Bilingual("The head has no bias: its weight is all there is.", "輸出層沒有 bias，只有一個權重。"),
        Bilingual(
            "`Linear` keeps its weight as `[out_features, in_features]`.",
            "`Linear` 的權重，形狀是 `[out_features, in_features]`。",
        ),
    ),
    why=Bilingual(
        "One row of width `n_embd` for each token, the same shape as `wte`: that is why the two can be one tensor.",
        "每個 token 一列，寬度是 `n_embd`，形狀和 `wte` 一樣，所以兩者才能是同一個張量。",
    ),
    worth_knowing=Bilingual(
        "For the real GPT-2 that would be 38,597,376 parameters more, almost a third of the tied model.",
        "換成真正的 GPT-2，會多出 38,597,376 個參數，將近綁定時整個模型的三分之一。",
    ),
    checker=Value(_counts),
)


@q1.solved_by
def counts():
    return (24000, 1000)


q1.wrong_value(
    (0, 1000),
    "Untied, the head must keep numbers of its own somewhere.",
    "解除綁定之後，輸出層自己的數字總得另外存在某處。",
)

q1.wrong_value(
    (25000, 1000),
    "You counted a bias; look at `lm_head.bias`.",
    "你把 bias 也算進去了；看看 `lm_head.bias`。",
)

q1.wrong_value(
    (24000, 24),
    "You have rows and columns of the weight the wrong way round.",
    "你把權重的列（row）和欄（column）弄反了。",
)


def _logits(lm: GPT2LMHeadModel, ids: torch.Tensor) -> torch.Tensor:
    return lm(ids).logits


def _logits_by_hand(lm: GPT2LMHeadModel, ids: torch.Tensor) -> torch.Tensor:
    return lm.transformer(ids).last_hidden_state @ lm.transformer.wte.weight.T


def _logits_cases() -> list[tuple[GPT2LMHeadModel, torch.Tensor]]:
    return [
        (tiny_lm(1), random_ids(2, 5, 1)),
        (tiny_lm(2, n_embd=12, vocab_size=31), random_ids(1, 7, 2, vocab=31)),
        (tiny_lm(3, n_layer=1, n_head=2), random_ids(3, 1, 3)),
    ]


def _calls_of_the_head(lm: GPT2LMHeadModel, ids: torch.Tensor) -> list[Forbidden]:
    return [
        Forbidden(GPT2LMHeadModel, "forward", does_without("lm(…)")),
        Forbidden(lm.lm_head, "forward", does_without("lm.lm_head(…)")),
    ]


q2 = Exercise(
    key="02.2",
    title=Bilingual("Logits by hand", "親手算出 logits"),
    statement=Bilingual(
        "Write `logits(lm, ids)` without calling `lm` or `lm.lm_head`: only `lm.transformer`, and the embedding matrix "
        "`lm.transformer.wte.weight`. The result is `[batch, seq, vocab]`, for any GPT-2 whose head is tied.",
        "寫出 `logits(lm, ids)`，不要呼叫 `lm` 或 `lm.lm_head`，只能用 `lm.transformer` 和嵌入矩陣 "
        "`lm.transformer.wte.weight`。結果的形狀是 `[batch, seq, vocab]`，任何綁定了輸出層的 GPT-2 都要能用。",
    ),
    hints=(
        Bilingual(
            "`lm.transformer(ids).last_hidden_state` is `[batch, seq, hidden]`.",
            "`lm.transformer(ids).last_hidden_state` 的形狀是 `[batch, seq, hidden]`。",
        ),
        Bilingual(
            "The score of a token is the inner product of the hidden state with that token's embedding.",
            "一個 token 的分數，是隱藏狀態和它的嵌入向量的內積。",
        ),
        Bilingual(
            "All inner products at once are one `@`; mind which side must be transposed.",
            "所有內積可以用一個 `@` 一次算完；想想哪一邊要轉置。",
        ),
    ),
    why=Bilingual(
        "The head is one matrix product without a bias, and its matrix is `wte`. `last_hidden_state` is already after "
        "`ln_f`, so nothing else is needed.",
        "輸出層就是一次沒有 bias 的矩陣乘法，而那個矩陣就是 `wte`。`last_hidden_state` 已經過了 `ln_f`，不需要其他步驟。",
    ),
    worth_knowing=Bilingual(
        "In generation only the last position is needed; `logits_to_keep=1` spares the library all others.",
        "生成時只需要最後一個位置；`logits_to_keep=1` 可以讓函式庫不必計算其他位置。",
    ),
    checker=Function(_logits_cases, right=_logits, forbidden=_calls_of_the_head),
)


@q2.solved_by
def logits(lm, ids):
    hidden = lm.transformer(ids).last_hidden_state
    return hidden @ lm.transformer.wte.weight.T


@q2.mistake("`ln_f` is applied twice.", "`ln_f` 套用了兩次。")
def _logits_normed_twice(lm: GPT2LMHeadModel, ids: torch.Tensor) -> torch.Tensor:
    return lm.transformer.ln_f(lm.transformer(ids).last_hidden_state) @ lm.transformer.wte.weight.T


@q2.mistake(
    "These are probabilities; the scores before softmax are wanted.",
    "這是機率；題目要的是 softmax 之前的分數。",
)
def _logits_softmaxed(lm: GPT2LMHeadModel, ids: torch.Tensor) -> torch.Tensor:
    return _logits_by_hand(lm, ids).softmax(dim=-1)


@q2.mistake(
    "You left out the whole model between embedding and head.", "你把嵌入和輸出層之間的整個模型都跳過了。"
)
def _logits_of_embeddings(lm: GPT2LMHeadModel, ids: torch.Tensor) -> torch.Tensor:
    return lm.transformer.wte(ids) @ lm.transformer.wte.weight.T


@q2.mistake(
    "These are the logits of the last position only; every position has them.",
    "這只有最後一個位置的 logits；每個位置都要有。",
)
def _logits_last_only(lm: GPT2LMHeadModel, ids: torch.Tensor) -> torch.Tensor:
    return _logits_by_hand(lm, ids)[:, -1]


def _loss_cases() -> list[tuple[torch.Tensor, torch.Tensor]]:
    masked = random_ids(2, 6, 4, vocab=11)
    masked[0, :3] = -100
    masked[1, 4:] = -100
    uneven = random_ids(3, 5, 6, vocab=7)
    uneven[0, :4] = -100
    uneven[1] = -100
    return [
        (2 * random_normal(1, 5, 9, seed=3), random_ids(1, 5, 3, vocab=9)),
        (2 * random_normal(2, 6, 11, seed=4), masked),
        (2 * random_normal(3, 5, 7, seed=5), uneven),
    ]


def _loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    from transformers.loss.loss_utils import ForCausalLMLoss

    return ForCausalLMLoss(logits, labels, vocab_size=logits.shape[-1])


q3 = Exercise(
    key="02.3",
    title=Bilingual("The loss, by hand", "親手算出損失"),
    statement=Bilingual(
        "Write `loss(logits, labels)`: the mean cross-entropy as the library computes it, for logits "
        "`[batch, seq, vocab]` and labels `[batch, seq]` that are the input ids, with -100 where nothing is to count in the loss. "
        "`torch.nn.functional.cross_entropy` may be used.",
        "寫出 `loss(logits, labels)`，算出和函式庫相同的平均交叉熵。logits 的形狀是 `[batch, seq, vocab]`；labels 的形狀是 "
        "`[batch, seq]`，內容就是輸入的 id，不計入損失的地方填 -100。可以用 `torch.nn.functional.cross_entropy`。",
    ),
    hints=(
        Bilingual(
            "The logits at a position predict the token at the next one.",
            "一個位置的 logits，預測的是下一個位置的 token。",
        ),
        Bilingual(
            "Drop the last row of logits and the first label; then both have the same length.",
            "去掉最後一列 logits 和第一個 label，兩邊就一樣長了。",
        ),
        Bilingual(
            "`cross_entropy` wants `[N, vocab]` and `[N]`, and leaves -100 out by default.",
            "`cross_entropy` 的兩個輸入，形狀是 `[N, vocab]` 和 `[N]`，而且預設就會略過 -100。",
        ),
    ),
    why=Bilingual(
        "After the shift, the scores at each position are paired with the token that really came next. The mean runs over "
        "the labels that are not -100.",
        "位移一格之後，每個位置的分數就和真正接下來的 token 對齊。只對不是 -100 的 label 取平均。",
    ),
    worth_knowing=Bilingual(
        "Pass the ids themselves as `labels`: if you shift them first, the model learns to skip a token.",
        "`labels` 直接傳入 id 本身。如果自己又先移一格，模型就會學成跳過一個 token。",
    ),
    checker=Function(_loss_cases, right=_loss),
)


@q3.solved_by
def loss(logits, labels):
    scores = logits[:, :-1].flatten(0, 1)
    return torch.nn.functional.cross_entropy(scores, labels[:, 1:].flatten())


@q3.mistake(
    "Every position is compared with the token it has just read, not with the one that follows.",
    "你拿每個位置和它剛讀到的 token 比，而不是和接下來的 token 比。",
)
def _loss_not_shifted(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten())


@q3.mistake("You shifted the wrong way.", "你移錯方向了。")
def _loss_shifted_back(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits[:, 1:].flatten(0, 1), labels[:, :-1].flatten())


@q3.mistake("You divide by more tokens than count in the loss.", "你除以的個數，比計入損失的 token 還多。")
def _loss_mask_counted(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    summed = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")
    return summed / (labels.shape[0] * labels.shape[1])


@q3.mistake("That is a sum; the library takes the mean.", "這是總和；函式庫取的是平均。")
def _loss_summed(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")


@q3.mistake(
    "Softmax is applied twice: `cross_entropy` does it inside.",
    "softmax 套用了兩次，因為 `cross_entropy` 裡面也會套用。",
)
def _loss_of_probabilities(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return _loss(logits.softmax(dim=-1), labels)


def _probabilities(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    from transformers import TemperatureLogitsWarper

    return TemperatureLogitsWarper(temperature)(None, logits).softmax(dim=-1)


q4 = Exercise(
    key="02.4",
    title=Bilingual("Probabilities that do not add up (find the bug)", "總和不對的機率（除錯）"),
    statement=Bilingual(
        "For logits `[batch, vocab]` someone writes `(logits / temperature).softmax(dim=0)`, and for a batch of one "
        "every probability is 1. Write `probabilities(logits, temperature)` so that each row adds up to 1.",
        "給定 `[batch, vocab]` 的 logits，有人寫 `(logits / temperature).softmax(dim=0)`，結果批次裡只有一段文字時，"
        "每個機率都是 1。請寫出 `probabilities(logits, temperature)`，讓每一列（row）加起來等於 1。",
    ),
    hints=(
        Bilingual(
            "`dim` decides along which axis the numbers compete.", "`dim` 決定數字沿著哪一軸互相競爭。"
        ),
        Bilingual(
            "The tokens of the vocabulary compete, not the texts of the batch.",
            "互相競爭的是詞彙表裡的 token，不是同一批的文字。",
        ),
    ),
    why=Bilingual(
        "`dim=0` is the batch: the texts then share one probability among them, and a single text gets all of it.",
        "`dim=0` 是批次。這樣一來，幾段文字會瓜分同一份機率，只有一段時就由它獨占。",
    ),
    worth_knowing=Bilingual(
        "The last axis, `dim=-1`, is the vocabulary for `[vocab]`, `[batch, vocab]` and `[batch, seq, vocab]` alike.",
        "無論形狀是 `[vocab]`、`[batch, vocab]` 還是 `[batch, seq, vocab]`，最後一軸 `dim=-1` 都是詞彙表。",
    ),
    checker=Function(
        lambda: [
            (2 * random_normal(3, 7, seed=5), 0.7),
            (random_normal(1, 5, seed=6), 2.0),
            (random_normal(4, 4, seed=7), 1.3),
            (random_normal(2, 11, seed=8), 0.5),
        ],
        right=_probabilities,
    ),
)


@q4.solved_by
def probabilities(logits, temperature):
    return (logits / temperature).softmax(dim=-1)


@q4.mistake(
    "The bug is still there: it is still the texts that compete.", "錯誤還在，互相競爭的仍然是各段文字。"
)
def _over_the_batch(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    return (logits / temperature).softmax(dim=0)


@q4.mistake(
    "A higher temperature makes your distribution sharper; it should get flatter.",
    "溫度愈高，你的分布愈尖；應該愈平才對。",
)
def _multiplied(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    return (logits * temperature).softmax(dim=-1)


@q4.mistake(
    "The temperature comes too late: your rows no longer add up to 1.",
    "溫度用得太晚，各列加起來不再是 1。",
)
def _afterwards(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    return logits.softmax(dim=-1) / temperature


@q4.mistake(
    "Only the whole batch together adds up to 1; each row should.", "只有整批加起來才是 1；每一列都應該是 1。"
)
def _over_everything(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    return (logits / temperature).flatten().softmax(dim=0).view_as(logits)


def _lens(lm: GPT2LMHeadModel, ids: torch.Tensor, layer: int) -> torch.Tensor:
    states = lm.transformer(ids, output_hidden_states=True).hidden_states
    state = states[layer] if layer == lm.config.n_layer else lm.transformer.ln_f(states[layer])
    return lm.lm_head(state)


def _lens_cases() -> list[tuple[GPT2LMHeadModel, torch.Tensor, int]]:
    three, one = Sizes(n_layer=3, n_head=2), Sizes(n_layer=1, n_embd=12)
    return [
        *((tiny_lm(7), random_ids(1, 5, 7), layer) for layer in (2, 1, 0)),
        *((tiny_lm(8, **three), random_ids(2, 4, 8), layer) for layer in (3, 2, 0)),
        *((tiny_lm(9, **one), random_ids(3, 1, 9), layer) for layer in (1, 0)),
    ]


q5 = Exercise(
    key="02.5",
    title=Bilingual("One row of the logit lens", "logit lens 的一列"),
    statement=Bilingual(
        "Write `lens(lm, ids, layer)`: the logits that the head would return after `layer` blocks (0: the embeddings, "
        "`lm.config.n_layer`: the whole model). `ln_f` must have been applied exactly once in every case.",
        "寫出 `lens(lm, ids, layer)`，回傳經過 `layer` 個區塊之後就接上輸出層所得的 logits（0 是嵌入，"
        "`lm.config.n_layer` 是整個模型）。無論哪一層，都要剛好經過一次 `ln_f`。",
    ),
    hints=(
        Bilingual(
            "`output_hidden_states=True` returns the states after 0, 1, … blocks.",
            "加上 `output_hidden_states=True`，會回傳經過 0 個、1 個……區塊之後的狀態。",
        ),
        Bilingual(
            "One entry of `hidden_states` is unlike the others; lesson 1 showed which.",
            "`hidden_states` 裡有一項和其他各項不同，第 1 課看過是哪一項。",
        ),
        Bilingual("An `if` for that entry is all it takes.", "替那一項加一個 `if` 就夠了。"),
    ),
    why=Bilingual(
        "The last entry is already after `ln_f`, the earlier ones are not; with this `if` the last row of the lens is "
        "exactly the model's output.",
        "最後一項已經過了 `ln_f`，前面的都還沒；有了這個 `if`，lens 的最後一列就正好是模型的輸出。",
    ),
    worth_knowing=Bilingual(
        "A lens is checked at its last row: it must equal the model's own logits.",
        "檢查 lens 時就看最後一列，它必須等於模型自己的 logits。",
    ),
    checker=Function(_lens_cases, right=_lens),
)


@q5.solved_by
def lens(lm, ids, layer):
    state = lm.transformer(ids, output_hidden_states=True).hidden_states[layer]
    if layer < lm.config.n_layer:
        state = lm.transformer.ln_f(state)
    return lm.lm_head(state)


@q5.mistake("For the whole model `ln_f` is now applied twice.", "在整個模型那一列，`ln_f` 變成套用了兩次。")
def _lens_normed_always(lm: GPT2LMHeadModel, ids: torch.Tensor, layer: int) -> torch.Tensor:
    states = lm.transformer(ids, output_hidden_states=True).hidden_states
    return lm.lm_head(lm.transformer.ln_f(states[layer]))


@q5.mistake(
    "The lower layers never pass `ln_f` in your function.", "在你的函式裡，下面各層都沒有經過 `ln_f`。"
)
def _lens_never_normed(lm: GPT2LMHeadModel, ids: torch.Tensor, layer: int) -> torch.Tensor:
    return lm.lm_head(lm.transformer(ids, output_hidden_states=True).hidden_states[layer])


@q5.mistake("You are one layer too high: entry 0 is the embeddings.", "你高了一層，第 0 項是嵌入。")
def _lens_off_by_one(lm: GPT2LMHeadModel, ids: torch.Tensor, layer: int) -> torch.Tensor:
    return _lens(lm, ids, min(layer + 1, lm.config.n_layer))


@q5.mistake(
    "That is the output of the whole model, whatever the layer.",
    "無論指定哪一層，你回傳的都是整個模型的輸出。",
)
def _lens_final(lm: GPT2LMHeadModel, ids: torch.Tensor, layer: int) -> torch.Tensor:
    return lm(ids).logits


q6 = Exercise(
    key="02.6",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "A colleague draws the LM head as “Linear + Softmax”. Explain in two or three sentences what is wrong with the "
        "drawing, and why it is better for the model to return logits.",
        "同事把 LM head 畫成「Linear + Softmax」。請用兩三句話說明這張圖錯在哪裡，以及模型為什麼最好回傳 logits。",
    ),
    hints=(
        Bilingual(
            "What do the loss, the temperature and top-k each work on?",
            "損失、溫度、top-k 各對什麼做運算？",
        ),
    ),
    why=Bilingual(
        "A good answer says that softmax is outside the model, and names one thing that needs the logits.",
        "好的回答要指出 softmax 在模型外面，並舉出一項需要 logits 的運算。",
    ),
    worth_knowing=Bilingual(
        "The next lesson changes the logits in many ways before softmax.",
        "下一課會在 softmax 之前用好幾種方式改動 logits。",
    ),
    checker=Open(),
)


@q6.solved_by
def words():
    return """The head is one Linear without a bias, and what it returns does not add up to 1. Softmax comes
afterwards, outside: the loss takes it in a numerically safe way together with the logarithm, and
temperature and the cuts change the logits before it."""
