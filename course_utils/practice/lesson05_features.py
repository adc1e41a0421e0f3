"""Exercises of lesson 05: features and classification."""

import torch
from torch.nn.functional import normalize
from transformers import GPT2ForSequenceClassification

from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.exercise import Exercise
from .engine.forbidden import Forbidden, does_without
from .engine.questions import Option, Question
from .engine.samples import random_ids, random_normal, tiny_classifier

quick1 = Question(
    name="quick1",
    prompt=Bilingual(
        "You pool with `last_hidden_state.mean(dim=1)` and forget the mask. When do you notice?",
        "你用 `last_hidden_state.mean(dim=1)` 求平均，忘了遮罩。什麼時候會發現？",
    ),
    options=(
        Option(
            Bilingual("At once: the shapes do not fit", "馬上就會，因為形狀對不起來"),
            False,
            Bilingual("The shapes are the same with and without the mask.", "有沒有遮罩，形狀都一樣。"),
        ),
        Option(
            Bilingual(
                "Never, unless you compare with the sentence alone", "除非和單獨跑的結果比較，否則不會發現"
            ),
            True,
            Bilingual(
                "There is no error; the vector just depends on what else is in the batch.",
                "不會報錯，只是向量變得取決於同一批裡還有哪些句子。",
            ),
        ),
        Option(
            Bilingual("It does no harm: the padding is zero", "不會有影響，因為填充的地方是零"),
            False,
            Bilingual(
                "Padding tokens have hidden states like any other; they are anything but zero.",
                "填充的 token 和別的 token 一樣有隱藏狀態，絕不是零。",
            ),
        ),
    ),
)

quick2 = Question(
    name="quick2",
    prompt=Bilingual(
        "A linear probe is right on 95% of the data that it was trained on. What does that prove?",
        "一個線性探測器在它的訓練資料上對了 95%。這證明了什麼？",
    ),
    options=(
        Option(
            Bilingual(
                "Nothing yet: it may have learned the data by heart", "什麼都還不能證明，它可能只是背起來了"
            ),
            True,
            Bilingual(
                "With shuffled labels, too, a probe does well on its training data. Look at unseen data, and at the control.",
                "就算標籤打亂，探測器在訓練資料上的成績也不差。要看沒見過的資料，還要看對照組。",
            ),
        ),
        Option(
            Bilingual("That the model knows the label", "模型知道這個標籤"),
            False,
            Bilingual(
                "For that it must hold on unseen data, and beat a control and a simple baseline.",
                "要下這個結論，得在沒見過的資料上也成立，還要勝過對照組和簡單的基準。",
            ),
        ),
        Option(
            Bilingual("That the model uses the label when it predicts", "模型預測時用到了這個標籤"),
            False,
            Bilingual(
                "No probe can show that, however accurate; one would have to change the states and watch the output.",
                "探測器再準也證明不了這件事，得動手改狀態，看輸出怎麼變。",
            ),
        ),
    ),
)


q1 = Exercise(
    key="05.1",
    title=Bilingual("Predict what the classifier returns", "預測分類器的輸出"),
    statement=Bilingual(
        "A `GPT2ForSequenceClassification` has `num_labels=3`, `n_embd=768` and `n_layer=12`. It reads a batch of 5 "
        "texts, the longest of 9 tokens. Write, without running it, a tuple: the shape of its logits, "
        "how many tensors `hidden_states` would hold, and how many parameters `score` has.",
        "某個 `GPT2ForSequenceClassification` 的 `num_labels=3`、`n_embd=768`、`n_layer=12`。它讀一個批次的 5 段文字，"
        "最長的有 9 個 token。先不要執行，寫出一個 tuple，依序是 logits 的形狀、`hidden_states` 會有幾個張量，"
        "以及 `score` 有幾個參數。",
    ),
    hints=(
        Bilingual(
            "A text gets one vector, and from it one score for each label.",
            "一段文字得到一個向量，再從它算出每個標籤一個分數。",
        ),
        Bilingual(
            "The entries count the embeddings, too; and `score` has no bias.",
            "嵌入也算一項，而且 `score` 沒有 bias。",
        ),
    ),
    why=Bilingual(
        "One row of 3 scores for each text: only one token is read, the last that is not padding. 12 blocks and the embeddings make 13 "
        "entries. `score` is a `Linear` without bias: 3 × 768.",
        "每段文字是一列（row）、3 個分數，因為只讀最後一個不是填充的 token。12 個區塊加上嵌入是 13 項。`score` 是沒有 bias 的 `Linear`："
        "3 × 768。",
    ),
    worth_knowing=Bilingual(
        "Beside 124 million parameters those 2,304 are next to nothing: that is how little a linear probe has to learn.",
        "和 1.24 億個參數相比，這 2,304 個微不足道。線性探測器要學的就這麼少。",
    ),
    checker=Value(),
)


@q1.solved_by
def answer():
    return ((5, 3), 13, 2304)


q1.wrong_value(
    ((5, 9, 3), 13, 2304),
    "That would be scores for every token; the classifier reads one of them.",
    "那是每個 token 都有分數；分類器只讀其中一個。",
)


q1.wrong_value(
    ((5, 3), 12, 2304), "You forgot that the embeddings are an entry as well.", "你忘了嵌入也是一項。"
)


q1.wrong_value(
    ((5, 3), 13, 2307),
    "You counted a bias, which `score` does not have.",
    "你算了 bias，但 `score` 沒有 bias。",
)


def _last_cases() -> list[tuple[torch.Tensor, torch.Tensor]]:
    either = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]])
    return [
        (random_normal(3, 6, 4, seed=1), either),
        (random_normal(2, 3, 5, seed=2), torch.tensor([[0, 1, 1], [1, 0, 0]])),
        (random_normal(1, 4, 4, seed=3), torch.ones(1, 4, dtype=torch.long)),
        (random_normal(2, 2, 2, seed=4), torch.tensor([[0, 1], [1, 0]])),
    ]


q2 = Exercise(
    key="05.2",
    title=Bilingual("The last real token", "最後一個真正的 token"),
    statement=Bilingual(
        "Write `last(hidden, mask)`: from hidden states `[batch, seq, hidden]` and an attention mask `[batch, seq]` the "
        "vector of the last token that is no padding, `[batch, hidden]`. The padding may be on either side, and differ "
        "from row to row.",
        "寫出 `last(hidden, mask)`：從 `[batch, seq, hidden]` 的隱藏狀態和 `[batch, seq]` 的注意力遮罩，取出最後一個不是填充的 "
        "token 的向量，形狀是 `[batch, hidden]`。填充可能在左邊也可能在右邊，每一列還可能不同。",
    ),
    hints=(
        Bilingual(
            "With padding on the right the position is the length minus 1; on the left it is the last column. "
            "One formula should give both.",
            "填充在右邊時，位置是長度減 1；在左邊時是最後一欄（column）。要找一個兩種都對的寫法。",
        ),
        Bilingual(
            "Multiply the mask by the positions 0, 1, 2, …: where is the largest product?",
            "把遮罩乘上位置 0、1、2……，最大的乘積在哪裡？",
        ),
        Bilingual(
            "`hidden[torch.arange(batch), position]` takes one position from each row.",
            "`hidden[torch.arange(batch), position]` 從每一列各取一個位置。",
        ),
    ),
    why=Bilingual(
        "The product is largest at the last position where the mask is 1, whichever side the padding is on.",
        "不論填充在哪一邊，乘積最大的地方都是遮罩為 1 的最後一個位置。",
    ),
    worth_knowing=Bilingual(
        "`GPT2ForSequenceClassification` goes by the id of the padding token, not by the mask: a text that really ends "
        "in that token is read one token too early. Give it a padding token that serves for nothing else.",
        "`GPT2ForSequenceClassification` 看的是填充 token 的 id，不是遮罩：文字如果真的以那個 token 作結，讀到的就是前一個 token。"
        "請給它專用的填充 token。",
    ),
    checker=Function(_last_cases),
)


@q2.solved_by
def last(hidden, mask):
    position = (mask * torch.arange(mask.shape[1])).argmax(dim=1)
    return hidden[torch.arange(len(hidden)), position]


@q2.mistake("The last column is padding in some rows.", "有些列的最後一欄是填充。")
def _last_column(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return hidden[:, -1]


@q2.mistake("Right for padding on the right only.", "只有填充在右邊時才對。")
def _last_by_length(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return hidden[torch.arange(len(hidden)), mask.sum(dim=1) - 1]


@q2.mistake(
    "That is the first real token, which has seen nothing of the text.",
    "那是第一個真正的 token，它還沒看到文字的內容。",
)
def _last_first(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return hidden[torch.arange(len(hidden)), mask.argmax(dim=1)]


@q2.mistake(
    "You took every row's position from every row; pair them with `torch.arange`.",
    "你在每一列都取了所有列的位置，要用 `torch.arange` 把列和位置配對。",
)
def _last_all_pairs(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return hidden[:, (mask * torch.arange(mask.shape[1])).argmax(dim=1)]


def _nearest(vectors: torch.Tensor) -> torch.Tensor:
    unit = normalize(vectors - vectors.mean(dim=0), dim=-1)
    return (unit @ unit.T).fill_diagonal_(-2).argmax(dim=1)


def _leaning(rows: int, width: int, seed: int) -> torch.Tensor:
    """Vectors of very different lengths that all lean the same way."""
    lengths = 1 + 4 * random_normal(rows, 1, seed=seed + 1).abs()
    return random_normal(rows, width, seed=seed) * lengths + 5 * random_normal(width, seed=seed + 2).abs()


def _nearest_cases() -> list[tuple[torch.Tensor]]:
    """The last two have no cosine above 0 but everyone's own, once the mean is gone; the very last has -1 only."""
    apart = torch.tensor([[0.0, 0.0], [4.0, 0.0], [1.0, 3.0]])
    opposite = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    return [(_leaning(7, 5, 3),), (_leaning(12, 4, 8),), (_leaning(4, 9, 5),), (apart,), (opposite,)]


q3 = Exercise(
    key="05.3",
    title=Bilingual("Every row finds itself (find the bug)", "找到的總是自己（除錯）"),
    statement=Bilingual(
        "For vectors `[n, hidden]` someone computes `(unit @ unit.T).argmax(dim=1)` from the raw vectors and gets "
        "0, 1, 2, …: each is its own nearest neighbour. Write `nearest(vectors)`: the index `[n]` of the nearest "
        "**other** row by cosine, after the mean vector has been subtracted.",
        "給定 `[n, hidden]` 的向量，有人直接拿原始向量算 `(unit @ unit.T).argmax(dim=1)`，結果是 0、1、2……：每個向量最近的都是自己。"
        "請寫出 `nearest(vectors)`：先減去平均向量，再依餘弦找出最近的**另一列**，回傳它們的索引 `[n]`。",
    ),
    hints=(
        Bilingual(
            "`fill_diagonal_` puts a number on the diagonal of a square matrix.",
            "`fill_diagonal_` 可以把方陣的對角線填成某個數字。",
        ),
        Bilingual("The mean vector is the mean over the rows, `dim=0`.", "平均向量是對各列取平均，`dim=0`。"),
        Bilingual(
            "A cosine is the product of vectors of length 1: `torch.nn.functional.normalize`.",
            "餘弦是長度為 1 的向量的內積：`torch.nn.functional.normalize`。",
        ),
    ),
    why=Bilingual(
        "No cosine is below -1, so that -2 on the diagonal can never win.",
        "餘弦不會小於 -1，所以對角線上的 -2 永遠不會是最大的。",
    ),
    worth_knowing=Bilingual(
        "When a retrieval score is too good to be true, a common reason is that the query was left among the candidates.",
        "檢索成績好到不像真的，常見的原因就是把查詢本身留在候選裡。",
    ),
    checker=Function(_nearest_cases, right=_nearest),
)


@q3.solved_by
def nearest(vectors):
    unit = torch.nn.functional.normalize(vectors - vectors.mean(dim=0), dim=-1)
    return (unit @ unit.T).fill_diagonal_(-2).argmax(dim=1)


@q3.mistake("The bug is still there: every row finds itself.", "錯誤還在：每一列找到的都是自己。")
def _nearest_itself(vectors: torch.Tensor) -> torch.Tensor:
    return torch.arange(len(vectors))


@q3.mistake("The mean vector is still in it.", "平均向量還沒減掉。")
def _nearest_raw(vectors: torch.Tensor) -> torch.Tensor:
    unit = normalize(vectors, dim=-1)
    return (unit @ unit.T).fill_diagonal_(-2).argmax(dim=1)


@q3.mistake(
    "These are products, not cosines: long vectors come out nearest to every row.",
    "這是內積，不是餘弦，所以長的向量會離每一列都最近。",
)
def _nearest_product(vectors: torch.Tensor) -> torch.Tensor:
    centred = vectors - vectors.mean(dim=0)
    return (centred @ centred.T).fill_diagonal_(-torch.inf).argmax(dim=1)


@q3.mistake(
    "You subtracted from each row its own mean; the mean vector is meant.",
    "你從每一列減掉的是它自己的平均；題目要減的是平均向量。",
)
def _nearest_centred_rows(vectors: torch.Tensor) -> torch.Tensor:
    unit = normalize(vectors - vectors.mean(dim=1, keepdim=True), dim=-1)
    return (unit @ unit.T).fill_diagonal_(-2).argmax(dim=1)


q4 = Exercise(
    key="05.4",
    title=Bilingual("A confusion matrix", "混淆矩陣"),
    statement=Bilingual(
        "Write `confusion(truth, guess, n)`. The labels go from `0` to `n - 1`; `truth` and `guess` are both `[texts]`. Return "
        "a tensor of whole numbers `[n, n]` that counts, in row `i` and column `j`, the texts whose label is `i` and whose guess is `j`.",
        "寫出 `confusion(truth, guess, n)`：標籤是 `0` 到 `n - 1`，`truth` 和 `guess` 的形狀都是 `[texts]`。"
        "回傳整數張量 `[n, n]`，第 `i` 列（row）第 `j` 欄（column）是標籤為 `i`、猜成 `j` 的文字數。",
    ),
    hints=(
        Bilingual(
            "A loop over the pairs that adds 1 each time will do.", "用迴圈走過每一對，每次加 1 就可以。"
        ),
        Bilingual(
            "Without a loop: `truth * n + guess` numbers the elements, and `torch.bincount` counts them.",
            "不用迴圈的話，`truth * n + guess` 替每個元素編號，再用 `torch.bincount` 來數。",
        ),
    ),
    why=Bilingual(
        "Each pair of labels has a number of its own, and `minlength` makes room for the pairs that never occur.",
        "每一種標籤組合都有自己的編號，`minlength` 則替沒出現的組合留位置。",
    ),
    worth_knowing=Bilingual(
        "The sum of the diagonal, divided by the number of texts, is the accuracy.",
        "對角線的總和除以文字數，就是正確率。",
    ),
    checker=Function(
        lambda: [
            (random_ids(1, 40, 5, vocab=3)[0], random_ids(1, 40, 6, vocab=3)[0], 3),
            (torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 4),
            (torch.tensor([4, 2, 2, 2, 0]), torch.tensor([4, 1, 1, 3, 2]), 5),
            (torch.tensor([0, 0]), torch.tensor([0, 0]), 1),
        ]
    ),
)


@q4.solved_by
def confusion(truth, guess, n):
    return torch.bincount(truth * n + guess, minlength=n * n).view(n, n)


@q4.mistake("Rows and columns have changed places.", "列和欄對調了。")
def _confusion_turned(truth: torch.Tensor, guess: torch.Tensor, n: int) -> torch.Tensor:
    return confusion(truth, guess, n).T


@q4.mistake(
    "A pair that occurs several times got 1 only: `+=` with an index counts each element once.",
    "出現好幾次的組合只加了 1，因為用索引做 `+=` 時，每個元素只算一次。",
)
def _confusion_marked(truth: torch.Tensor, guess: torch.Tensor, n: int) -> torch.Tensor:
    matrix = torch.zeros(n, n, dtype=torch.long)
    matrix[truth, guess] += 1
    return matrix


@q4.mistake("You counted only what was guessed right.", "你只數了猜對的文字。")
def _confusion_diagonal(truth: torch.Tensor, guess: torch.Tensor, n: int) -> torch.Tensor:
    return torch.diag(torch.bincount(truth[truth == guess], minlength=n))


def _scores(classifier: GPT2ForSequenceClassification, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    hidden = classifier.transformer(input_ids=ids, attention_mask=mask).last_hidden_state
    return classifier.score(_last_by_length(hidden, mask))


def _score_cases() -> list[tuple[GPT2ForSequenceClassification, torch.Tensor, torch.Tensor]]:
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    return [
        (tiny_classifier(1, num_labels=3), random_ids(2, 5, 3, vocab=96), mask),
        (
            tiny_classifier(2, num_labels=2, n_layer=1, n_embd=12),
            random_ids(1, 4, 4, vocab=96),
            torch.tensor([[1, 1, 0, 0]]),
        ),
        (
            tiny_classifier(3, num_labels=5, n_layer=3, n_head=2, vocab_size=31),
            random_ids(3, 3, 5, vocab=30),
            torch.tensor([[1, 1, 1], [1, 0, 0], [1, 1, 0]]),
        ),
    ]


def _the_class_itself(*given: object) -> list[Forbidden]:
    return [Forbidden(GPT2ForSequenceClassification, "forward", does_without("classifier(…)"))]


q5 = Exercise(
    key="05.5",
    title=Bilingual("A classifier by hand", "親手寫分類器"),
    statement=Bilingual(
        "Write `scores(classifier, ids, mask)`, the logits `[batch, labels]` of a `GPT2ForSequenceClassification`, without "
        "calling `classifier` itself: only `classifier.transformer` and `classifier.score`. The padding is on the right, and no "
        "text contains the padding token.",
        "寫出 `scores(classifier, ids, mask)`：算出 `GPT2ForSequenceClassification` 的 logits `[batch, labels]`，但不要呼叫 "
        "`classifier` 本身，只能用 `classifier.transformer` 和 `classifier.score`。填充在右邊，文字裡沒有填充的 token。",
    ),
    hints=(
        Bilingual(
            "`classifier.transformer` is a `GPT2Model`.", "`classifier.transformer` 就是一個 `GPT2Model`。"
        ),
        Bilingual(
            "Of its `last_hidden_state` you need one position in each row: exercise 2.",
            "它的 `last_hidden_state` 每一列只需要一個位置，見練習 2。",
        ),
    ),
    why=Bilingual(
        "That is the whole class: the base model, one position, one `Linear`.",
        "這個類別就只有這些：基礎模型、一個位置、一層 `Linear`。",
    ),
    worth_knowing=Bilingual(
        "Nothing keeps you from another head on `GPT2Model`: several layers, or one score for each token.",
        "你也可以在 `GPT2Model` 上接別的輸出層，例如疊好幾層，或替每個 token 都算分數。",
    ),
    checker=Function(_score_cases, right=_scores, forbidden=_the_class_itself),
)


@q5.solved_by
def scores(classifier, ids, mask):
    hidden = classifier.transformer(input_ids=ids, attention_mask=mask).last_hidden_state
    return classifier.score(hidden[torch.arange(len(ids)), mask.sum(dim=1) - 1])


@q5.mistake(
    "You scored every position; the classifier takes one.", "你替每個位置都算了分數；分類器只取一個。"
)
def _scores_everywhere(
    classifier: GPT2ForSequenceClassification, ids: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    return classifier.score(classifier.transformer(input_ids=ids, attention_mask=mask).last_hidden_state)


@q5.mistake("In the shorter rows you scored the padding.", "在比較短的那幾列，你算的是填充的分數。")
def _scores_of_padding(
    classifier: GPT2ForSequenceClassification, ids: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    return _scores_everywhere(classifier, ids, mask)[:, -1]


@q5.mistake("These are probabilities; the logits are wanted.", "這是機率；題目要的是 logits。")
def _scores_softmaxed(
    classifier: GPT2ForSequenceClassification, ids: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    return _scores(classifier, ids, mask).softmax(dim=-1)


@q5.mistake(
    "You scored the mean; this class reads the last token that is not padding.",
    "你算的是平均的分數；這個類別讀的是最後一個不是填充的 token。",
)
def _scores_of_mean(
    classifier: GPT2ForSequenceClassification, ids: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    hidden = classifier.transformer(input_ids=ids, attention_mask=mask).last_hidden_state
    return classifier.score((hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True))


q6 = Exercise(
    key="05.6",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "“Our probe reads the sentiment with 80%, so GPT-2 understands feelings.” Answer in two or three sentences: what "
        "would you want to see first, and what would still not be shown?",
        "「我們的探測器讀得出情感，正確率 80%，所以 GPT-2 懂得情感。」請用兩三句話回答，你會先要求看什麼？就算看到了，還有什麼沒有證明？",
    ),
    hints=(
        Bilingual(
            "80% of which texts? And how well do single words do?", "是哪些文字的 80%？光靠單字又能對多少？"
        ),
    ),
    why=Bilingual(
        "A good answer names a simple baseline or a control, and the step from “can be read” to “is used”.",
        "好的回答會提到簡單的基準或對照組，以及「讀得出來」和「模型真的用到」之間的差距。",
    ),
    worth_knowing=Bilingual(
        "The next lesson changes the weights, and measures what is gained and what is lost.",
        "下一課會改動權重，並且量一量學到了什麼、忘掉了什麼。",
    ),
    checker=Open(),
)


@q6.solved_by
def words():
    return """I would ask for texts worded in a way that training never saw, a bag of words on the same texts,
and a control with shuffled labels, all with confidence intervals. Even then it shows that the label can be
read from the states, not that the model uses it, let alone that it understands."""
