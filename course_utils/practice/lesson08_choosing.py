"""Exercises of lesson 08, choosing, and the last quiz, over the whole course."""

from collections.abc import Sequence

import torch

from ..texts import Bilingual
from .engine.checks import Function, Open, Value
from .engine.exercise import Exercise
from .engine.questions import Option, Question
from .engine.samples import random_ids, tiny_lm

quiz1 = Question(
    name="quiz1",
    prompt=Bilingual(
        "You take `hidden_states[-1]` of a `GPT2Model` and apply `ln_f` to it before you use it. What do you get?",
        "你取出 `GPT2Model` 的 `hidden_states[-1]`，先套用一次 `ln_f` 再使用。你會得到什麼？",
    ),
    options=(
        Option(
            Bilingual("The same as `last_hidden_state`", "和 `last_hidden_state` 一樣"),
            False,
            Bilingual(
                "It would be, if the last entry were what the last block returns; but `ln_f` is already in it.",
                "如果最後一項是最後一個區塊的輸出，就會一樣；但它已經經過 `ln_f` 了。",
            ),
        ),
        Option(
            Bilingual(
                "Vectors normalised twice, which nothing was trained for",
                "正規化兩次的結果，模型沒有為它訓練過",
            ),
            True,
            Bilingual(
                "The last entry is `last_hidden_state` itself, the norm included.",
                "最後一項就是 `last_hidden_state`，已經包含那次正規化。",
            ),
        ),
        Option(
            Bilingual("The logits, scores of the next token", "logits，也就是下一個 token 的分數"),
            False,
            Bilingual(
                "For those the hidden state must be multiplied by the embedding matrix.",
                "要得到 logits，還得把隱藏狀態乘上嵌入矩陣。",
            ),
        ),
    ),
)

quiz2 = Question(
    name="quiz2",
    prompt=Bilingual(
        "How many parameters does `GPT2LMHeadModel` have that `GPT2Model` does not?",
        "`GPT2LMHeadModel` 比 `GPT2Model` 多幾個參數？",
    ),
    options=(
        Option(
            Bilingual("`vocab_size` × `n_embd`", "`vocab_size` × `n_embd` 個"),
            False,
            Bilingual(
                "That is the size of the head, but its weight is that of `wte`: it is counted once.",
                "LM head 確實這麼大，但它的權重就是 `wte` 的權重，只算一次。",
            ),
        ),
        Option(
            Bilingual("`vocab_size`, for the bias", "`vocab_size` 個，也就是 bias（偏差項）"),
            False,
            Bilingual("The head has no bias.", "LM head 沒有 bias。"),
        ),
        Option(
            Bilingual("None", "一個也沒有"),
            True,
            Bilingual(
                "Its head is tied to `wte`. So a base model holds all that a language model needs.",
                "LM head 和 `wte` 綁定，所以基礎模型已經有了語言模型所需的一切。",
            ),
        ),
    ),
)

quiz3 = Question(
    name="quiz3",
    prompt=Bilingual(
        "The prompt has 40 tokens, and you call `generate` with `max_length=50`. How many new tokens at most?",
        "提示詞（prompt）有 40 個 token，你用 `max_length=50` 呼叫 `generate`。最多生成幾個新的 token？",
    ),
    options=(
        Option(
            Bilingual("50", "50 個"),
            False,
            Bilingual(
                "`max_length` counts the prompt; `max_new_tokens=50` would give that.",
                "`max_length` 連提示詞也算在內；要生成這麼多，得寫 `max_new_tokens=50`。",
            ),
        ),
        Option(
            Bilingual("10", "10 個"),
            True,
            Bilingual(
                "The prompt counts too. Nearly always `max_new_tokens` is what you mean.",
                "提示詞也算在內。你想指定的幾乎都是 `max_new_tokens`。",
            ),
        ),
        Option(
            Bilingual("90", "90 個"),
            False,
            Bilingual(
                "It is a limit on the whole text, not 50 tokens added to the prompt.",
                "它限制的是全文，不是在提示詞之外再加 50 個。",
            ),
        ),
    ),
)

quiz4 = Question(
    name="quiz4",
    prompt=Bilingual(
        "`generate(..., do_sample=False, temperature=0.1)`: what does the temperature do?",
        "`generate(..., do_sample=False, temperature=0.1)`：溫度有什麼作用？",
    ),
    options=(
        Option(
            Bilingual("Nothing: no number is drawn", "沒有作用，因為根本沒有抽籤"),
            True,
            Bilingual(
                "Dividing all logits by one number leaves the largest the largest.",
                "所有 logits 除以同一個數，最大的還是最大。",
            ),
        ),
        Option(
            Bilingual("It makes the text safer", "讓文字更保守"),
            False,
            Bilingual("It would, with `do_sample=True`.", "設了 `do_sample=True` 才會。"),
        ),
        Option(
            Bilingual("It is an error", "會報錯"),
            False,
            Bilingual(
                "The library says so in a warning at most; it is a temperature of 0 in sampling that is an error.",
                "函式庫頂多印出一則警告；取樣時把溫度設成 0 才會報錯。",
            ),
        ),
    ),
)

quiz5 = Question(
    name="quiz5",
    prompt=Bilingual(
        "`lm = GPT2LMHeadModel(base.config)`, then `lm.transformer = base`, and it talks nonsense. Why?",
        "`lm = GPT2LMHeadModel(base.config)`，然後 `lm.transformer = base`，結果胡言亂語。為什麼？",
    ),
    options=(
        Option(
            Bilingual("`base` was never trained to generate", "`base` 沒有受過生成的訓練"),
            False,
            Bilingual(
                "Its weights are those of the language model: loaded properly, they write well.",
                "它的權重就是語言模型的權重，載入的方式正確，就寫得好。",
            ),
        ),
        Option(
            Bilingual(
                "The head holds the random embedding that was thrown away", "輸出層還綁定在被丟掉的隨機嵌入上"
            ),
            True,
            Bilingual(
                "`tie_weights()` mends it; do not forget `eval()` and the generation settings.",
                "`tie_weights()` 可以修好；另外還要記得 `eval()` 和生成設定。",
            ),
        ),
        Option(
            Bilingual("The hidden states are wrong", "隱藏狀態錯了"),
            False,
            Bilingual(
                "They are right. It is the head that multiplies them by the wrong matrix.",
                "隱藏狀態是對的，錯的是輸出層乘上的矩陣。",
            ),
        ),
    ),
)

quiz6 = Question(
    name="quiz6",
    prompt=Bilingual(
        "Two texts have raw GPT-2 vectors with a cosine of 0.98. What follows?",
        "兩段文字的 GPT-2 原始向量，餘弦是 0.98。由此可以得知什麼？",
    ),
    options=(
        Option(
            Bilingual("They mean nearly the same", "意思幾乎一樣"),
            False,
            Bilingual(
                "Any two texts may have such a cosine: all of these vectors lean in one direction.",
                "任兩段文字的餘弦都可能這麼高，因為這些向量都偏向同一個方向。",
            ),
        ),
        Option(
            Bilingual("They share most of their tokens", "大部分的 token 相同"),
            False,
            Bilingual("No token need be shared for that.", "不必有任何相同的 token。"),
        ),
        Option(
            Bilingual("Nothing, before it is compared with other pairs", "還不能下結論，要先和別的配對比較"),
            True,
            Bilingual(
                "Compare ranks, subtract the mean vector, or learn a map; and compare with a baseline, a bag of words.",
                "可以比較名次、先減去平均向量，或學一個映射；還要和詞袋這個基準比一比。",
            ),
        ),
    ),
)

quiz7 = Question(
    name="quiz7",
    prompt=Bilingual(
        "After fine-tuning, new texts are predicted better and old ones worse. What keeps the old ones most directly?",
        "微調之後，新的文字猜得更準，舊的文字卻變差了。哪個辦法最能直接保住舊的能力？",
    ),
    options=(
        Option(
            Bilingual(
                "To set the labels of the new texts to -100 up to the part to be learned",
                "把新文字的 label 填成 -100，只留要學的部分",
            ),
            False,
            Bilingual(
                "A mask decides what is learned; nothing holds what does not count in the loss.",
                "遮罩只決定學什麼；不計入損失的部分，沒有任何力量把它拉回來。",
            ),
        ),
        Option(
            Bilingual("To mix old texts into the training (replay)", "訓練時摻入舊的文字（重播）"),
            True,
            Bilingual(
                "Training looks after what is in the data. But try a smaller learning rate first: it costs only more steps.",
                "放進資料裡的文字，訓練才會顧到。不過第一步應該先把學習率調小，代價只是多走幾步。",
            ),
        ),
        Option(
            Bilingual("To train longer", "訓練久一點"),
            False,
            Bilingual(
                "More steps on new texts alone take it further away.", "只用新文字多走幾步，只會離得更遠。"
            ),
        ),
    ),
)

quiz8 = Question(
    name="quiz8",
    prompt=Bilingual(
        "The context is full. You drop the oldest entries of the KV cache and go on writing. What is wrong with that?",
        "上下文滿了。你把 KV 快取裡最舊的幾項丟掉，繼續寫。這樣有什麼問題？",
    ),
    options=(
        Option(
            Bilingual(
                "The keys and values that stay were computed at their old positions",
                "留下來的 key 和 value，是依原來的位置算的",
            ),
            True,
            Bilingual(
                "A position enters as a row of `wpe` at the very start, so the rest has to be read anew.",
                "位置一開始就以 `wpe` 的一列加進去了，所以剩下的 token 要重讀一遍。",
            ),
        ),
        Option(
            Bilingual("Nothing, it is what `generate` does", "沒有問題，`generate` 就是這麼做的"),
            False,
            Bilingual(
                "`generate` drops nothing: past `n_positions` it raises an `IndexError`.",
                "`generate` 什麼都不丟，超過 `n_positions` 就引發 `IndexError`。",
            ),
        ),
        Option(
            Bilingual("A cache cannot be cut", "快取不能切"),
            False,
            Bilingual(
                "It can: its tensors have a dimension of positions. The trouble is what they hold.",
                "可以切，張量裡有一個維度就是位置。問題出在內容。",
            ),
        ),
    ),
)


q1 = Exercise(
    key="08.1",
    title=Bilingual("Predict the shapes", "預測形狀"),
    statement=Bilingual(
        "A configuration has `vocab_size` 97, `n_embd` 24 and `num_labels` 3; the ids are `[2, 5]`. Write, without running "
        "it, a tuple of four shapes: `last_hidden_state` of `AutoModel`, then the `logits` of `AutoModelForCausalLM`, "
        "`AutoModelForSequenceClassification` and `AutoModelForTokenClassification`.",
        "設定是 `vocab_size` 97、`n_embd` 24、`num_labels` 3；id 是 `[2, 5]`。先不要執行，寫出一個 tuple，裡面有四個形狀："
        "`AutoModel` 的 `last_hidden_state`，接著是 `AutoModelForCausalLM`、`AutoModelForSequenceClassification`、"
        "`AutoModelForTokenClassification` 的 `logits`。",
    ),
    hints=(
        Bilingual(
            "Ask of each class: for each token, or for each text?",
            "對每個類別問，是每個 token 一份，還是每段文字一份？",
        ),
        Bilingual(
            "And how many numbers: the width, a score for each token of the vocabulary, or a score for each label?",
            "再問有幾個數字：寬度、詞彙表裡每個 token 的分數，還是每個標籤的分數？",
        ),
    ),
    why=Bilingual(
        "Only the classifier of texts gives one row for each text: it reads the last token alone.",
        "只有文字分類器是每段文字一列，因為它只看最後一個 token。",
    ),
    worth_knowing=Bilingual(
        "`logits` is only a name: what the last dimension stands for depends on the class.",
        "`logits` 只是一個名稱，最後一維代表什麼，由類別決定。",
    ),
    checker=Value(),
)


@q1.solved_by
def shapes():
    return ((2, 5, 24), (2, 5, 97), (2, 3), (2, 5, 3))  # blank: ((2, 5, ____), ____, ____, ____)


q1.wrong_value(
    ((2, 5, 24), (2, 5, 97), (2, 5, 3), (2, 5, 3)),
    "One label for each text: which token's scores does the classifier return?",
    "每段文字一個標籤：分類器回傳的是哪個 token 的分數？",
)

q1.wrong_value(
    ((2, 5, 24), (2, 97), (2, 3), (2, 5, 3)),
    "The language model predicts at every position, not only at the last.",
    "語言模型在每個位置都做預測，不是只有最後一個位置。",
)

q1.wrong_value(
    ((2, 5, 24), (2, 5, 24), (2, 3), (2, 5, 3)),
    "After the LM head the last dimension is no longer the width, but a score for each token of the vocabulary.",
    "經過 LM head，最後一維就不再是寬度，而是詞彙表裡每個 token 各一個分數。",
)


_NEEDS = (
    "a vector for each token",
    "the next words",
    "the probability of a text",
    "a label for each text",
    "a label for each token",
)


q2 = Exercise(
    key="08.2",
    title=Bilingual("Choose a class", "選一個類別"),
    statement=Bilingual(
        'Write `choose(need)`: it returns the name of the class as a text. The needs are `"a vector for each token"`, '
        '`"the next words"`, `"the probability of a text"`, `"a label for each text"` and `"a label for each token"`.',
        '寫出 `choose(need)`，回傳類別的名稱（字串）。需求有這幾種：`"a vector for each token"`（每個 token 一個向量）、'
        '`"the next words"`（接下來的文字）、`"the probability of a text"`（一段文字的機率）、'
        '`"a label for each text"`（每段文字一個標籤）、`"a label for each token"`（每個 token 一個標籤）。',
    ),
    hints=(
        Bilingual("A dictionary from need to name is enough.", "用一個從需求對應到名稱的 dict 就夠了。"),
        Bilingual(
            "Both words and their probabilities come from the logits over the vocabulary.",
            "文字和它的機率，都來自整個詞彙表的 logits。",
        ),
    ),
    why=Bilingual(
        "Ask what you want to get: vectors, tokens or their probabilities, or labels. Choose the class whose head computes it.",
        "先問要得到什麼，是向量、token 或它的機率，還是標籤。需要哪一種，就選輸出層能算出它的類別。",
    ),
    worth_knowing=Bilingual(
        "The base is the same in all of them: a fine-tuned one can be moved from class to class.",
        "裡面的基礎模型都一樣，微調過的基礎模型可以從一個類別搬到另一個類別。",
    ),
    checker=Function(lambda: [(need,) for need in _NEEDS]),
)


@q2.solved_by
def choose(need):
    return {
        "a vector for each token": "GPT2Model",
        "the next words": "GPT2LMHeadModel",
        "the probability of a text": "GPT2LMHeadModel",
        "a label for each text": "GPT2ForSequenceClassification",
        "a label for each token": "GPT2ForTokenClassification",
    }[need]


@q2.mistake(
    "Two classes are not enough here: labels have heads of their own, and "
    "a probability is needed for more than writing.",
    "只用兩個類別不夠，因為標籤有自己的輸出層，而且不只生成文字時才需要機率。",
)
def _choose_head_or_not(need: str) -> str:
    return "GPT2LMHeadModel" if need == "the next words" else "GPT2Model"


@q2.mistake("A base model computes no probabilities.", "基礎模型算不出任何機率。")
def _choose_base_for_probability(need: str) -> str:
    return "GPT2Model" if need == "the probability of a text" else choose(need)


@q2.mistake(
    "A label for each token is another head than a label for each text.",
    "每個 token 一個標籤，和每段文字一個標籤，是不同的輸出層。",
)
def _choose_labels_alike(need: str) -> str:
    return "GPT2ForSequenceClassification" if "label" in need else choose(need)


# Length, limit and what is kept: with room and without, odd limits, nothing kept, and room for nothing else.
_LENGTHS = (
    (3, 8, 1),
    (7, 8, 2),
    (8, 8, 2),
    (9, 8, 0),
    (30, 8, 3),
    (12, 10, 2),
    (11, 11, 1),
    (20, 7, 2),
    (6, 7, 3),
    (9, 8, 4),
    (9, 9, 4),
    (5, 3, 0),
)


q3 = Exercise(
    key="08.3",
    title=Bilingual("A context that keeps its instructions", "保留指示的上下文"),
    statement=Bilingual(
        "Write `slide(ids, limit, keep)`: it returns the list of ids that the model reads when one more token is to be "
        "written. As long as there is room for that token within `limit`, they are all kept. Otherwise `limit // 2` ids "
        "are: the first `keep`, which hold the instructions, and then the newest. With `limit` 8 and `keep` 2, for "
        "instance, 7 ids are all kept, and of 8 only the first 2 and the last 2.",
        "寫出 `slide(ids, limit, keep)`，回傳要再寫一個 token 的時候，模型該讀的 id（list）。如果在 `limit` 之內還放得下新的 token，"
        "就全部保留；放不下，就只留 `limit // 2` 個 id，先是最前面的 `keep` 個（指示就在裡面），接著是最新的幾個。"
        "例如 `limit` 是 8、`keep` 是 2 的時候，7 個 id 全部保留，8 個 id 就只留最前面 2 個和最後 2 個。",
    ),
    hints=(
        Bilingual(
            "With exactly `limit` ids, is there room for one more?",
            "剛好有 `limit` 個 id 時，還放得下一個嗎？",
        ),
        Bilingual(
            "Two slices put together: how many of the newest are left, if there are `limit // 2` in all?",
            "把兩段接起來。如果總共是 `limit // 2` 個，最新的 id 還能留幾個？",
        ),
    ),
    why=Bilingual(
        "The comparison is `<`, since the new token needs a place too; and what is kept takes its room from the newest.",
        "比較要用 `<`，因為新的 token 也要一個位置；保留的部分，占用的是最新的 id 的位置。",
    ),
    worth_knowing=Bilingual(
        "`ids[-newest:]` would do as well, except where `newest` is 0: then it is the whole list.",
        "寫成 `ids[-newest:]` 也行，但 `newest` 是 0 的時候，就成了整個 list。",
    ),
    checker=Function(lambda: [(list(range(length)), limit, keep) for length, limit, keep in _LENGTHS]),
)


@q3.solved_by
def slide(ids, limit, keep):
    if len(ids) < limit:
        return ids
    newest = limit // 2 - keep
    return ids[:keep] + ids[len(ids) - newest :]


@q3.mistake(
    "The instructions are gone: nothing is kept of the beginning.", "指示不見了，開頭的 id 一個也沒留。"
)
def _slide_newest(ids: Sequence[int], limit: int, keep: int) -> Sequence[int]:
    return ids if len(ids) < limit else ids[-(limit // 2) :]


@q3.mistake(
    "You keep the beginning only and lose what was written last.", "你只留下開頭，丟掉了最後寫的部分。"
)
def _slide_first(ids: Sequence[int], limit: int, keep: int) -> Sequence[int]:
    return ids if len(ids) < limit else ids[: limit // 2]


@q3.mistake(
    "With a full context there is no room for the new token.", "上下文剛好滿的時候，新的 token 就沒有位置了。"
)
def _slide_late(ids: Sequence[int], limit: int, keep: int) -> Sequence[int]:
    return ids if len(ids) <= limit else slide(ids, limit, keep)


@q3.mistake(
    "You return more than `limit // 2` ids: those that are kept count too.",
    "你回傳的 id 超過 `limit // 2` 個，保留的部分也要算進去。",
)
def _slide_more(ids: Sequence[int], limit: int, keep: int) -> Sequence[int]:
    return ids if len(ids) < limit else [*ids[:keep], *ids[-(limit // 2) :]]


@q3.mistake("You forget even where there is room.", "還有位置的時候，你也丟掉了一些。")
def _slide_always(ids: Sequence[int], limit: int, keep: int) -> Sequence[int]:
    return ids if len(ids) <= limit // 2 else [*ids[:keep], *ids[len(ids) - (limit // 2 - keep) :]]


q4 = Exercise(
    key="08.4",
    title=Bilingual("An autocomplete that repeats you (find the bug)", "重複提示詞的自動完成（除錯）"),
    statement=Bilingual(
        "Someone's autocomplete shows `tokenizer.decode(output)`, so that it repeats the prompt and goes on after the end. Write "
        "`written(output, prompt, end)`: it returns what is new in the list `output`, after the first `prompt` ids and up to "
        "the first new id `end`, without that.",
        "有人的自動完成直接顯示 `tokenizer.decode(output)`，結果提示詞又出現一遍，文字結束之後還繼續。請寫出 `written(output, prompt, end)`，"
        "從 list `output` 裡，只取前 `prompt` 個 id 之後的新內容，到第一個新的 `end` 為止，不含 `end`。",
    ),
    hints=(
        Bilingual(
            "First cut the prompt away, then look for the end in the rest.",
            "先切掉提示詞，再到剩下的 id 裡找結尾。",
        ),
        Bilingual(
            "The prompt itself may hold `end`: often it is the first id.",
            "提示詞裡也可能有 `end`，它常常就是第一個 id。",
        ),
    ),
    why=Bilingual(
        "`generate` returns the prompt and what follows, and fills a row that has ended with padding, often `end` again.",
        "`generate` 回傳提示詞加上新的 token，而且會在已經結束的列後面補上填充，填充常常又是 `end`。",
    ),
    worth_knowing=Bilingual(
        "Cut ids, not text: `text[len(prompt):]` fails where decoding changes spaces or breaks a character.",
        "要切 id，不要切文字；解碼可能改動空格或切斷字元，這時 `text[len(prompt):]` 就不對了。",
    ),
    checker=Function(
        lambda: [
            ([0, 5, 6, 7, 8], 3, 0),
            ([0, 5, 6, 7, 0, 0], 3, 0),
            ([4, 5, 9, 9], 2, 9),
            ([1, 2, 3, 9, 4, 9], 2, 9),
            ([7, 1, 7, 7, 2], 2, 7),
            ([6, 6, 3], 3, 6),
            ([5, 1, 1, 2], 0, 2),
        ]
    ),
)


@q4.solved_by
def written(output, prompt, end):
    new = output[prompt:]
    return new[: new.index(end)] if end in new else new


@q4.mistake("The prompt is still there.", "提示詞還在裡面。")
def _written_whole(output: Sequence[int], prompt: int, end: int) -> Sequence[int]:
    return output


@q4.mistake("What comes after the end is still there.", "結束之後的 id 還在裡面。")
def _written_with_end(output: Sequence[int], prompt: int, end: int) -> Sequence[int]:
    return output[prompt:]


@q4.mistake(
    "You remove `end` wherever it stands, and keep what follows it.",
    "你把每個 `end` 都拿掉了，卻留下它後面的 id。",
)
def _written_filtered(output: Sequence[int], prompt: int, end: int) -> Sequence[int]:
    return [token for token in output[prompt:] if token != end]


@q4.mistake("You look for `end` in the prompt as well.", "你連提示詞裡的 `end` 也算進去了。")
def _written_from_end(output: Sequence[int], prompt: int, end: int) -> Sequence[int]:
    return output[prompt : output.index(end)] if end in output else output[prompt:]


q5 = Exercise(
    key="08.5",
    title=Bilingual("Completions of two tokens", "兩個 token 的建議"),
    statement=Bilingual(
        "Write `complete(lm, ids, k)`: for ids `[1, seq]` it returns a tensor `[k, 2]`. Its first column holds the `k` most probable "
        "next ids, the most probable on top; its second, the most probable id after the prompt and the id of the first column.",
        "寫出 `complete(lm, ids, k)`，輸入是 `[1, seq]` 的 id，回傳張量 `[k, 2]`。第一欄（column）是機率最高的 `k` 個下一個 id，機率最高的在最上面；"
        "第二欄是接在提示詞和第一欄的 id 之後，機率最高的 id。",
    ),
    hints=(
        Bilingual(
            "`topk(k).indices` of the logits at the last position is the first column.",
            "最後一個位置的 logits 取 `topk(k).indices`，就是第一欄。",
        ),
        Bilingual(
            "`ids.expand(k, -1)` repeats the prompt `k` times; `torch.cat` puts the first column behind it.",
            "`ids.expand(k, -1)` 把提示詞重複 `k` 次；`torch.cat` 把第一欄接在後面。",
        ),
    ),
    why=Bilingual(
        "One call of the model for the first column, and one for all rows of the second: a batch of `k` prompts.",
        "第一欄呼叫一次模型，第二欄所有的列（row）也只呼叫一次，因為那是 `k` 段提示詞的批次。",
    ),
    worth_knowing=Bilingual(
        "A beam search goes on from here, and keeps the rows of the highest total.",
        "束搜尋（beam search）就是從這裡繼續，留下總分最高的幾列。",
    ),
    checker=Function(
        lambda: [
            (tiny_lm(3), random_ids(1, 6, 4), 3),
            (tiny_lm(5, n_layer=1, n_embd=12), random_ids(1, 2, 6), 4),
            (tiny_lm(6, vocab_size=31, n_head=2), random_ids(1, 1, 7, vocab=31), 1),
            (tiny_lm(7), random_ids(1, 9, 8), 2),
        ]
    ),
)


@q5.solved_by
def complete(lm, ids, k):
    first = lm(ids).logits[0, -1].topk(k).indices
    rows = torch.cat([ids.expand(k, -1), first[:, None]], dim=1)
    second = lm(rows).logits[:, -1].argmax(dim=-1)
    return torch.stack([first, second], dim=1)


@q5.mistake(
    "The second id depends on the first: read the prompt with it.",
    "第二個 id 取決於第一個，要連同第一個再讀一次。",
)
def _complete_one_prompt(lm: torch.nn.Module, ids: torch.Tensor, k: int) -> torch.Tensor:
    two = lm(ids).logits[0, -1].topk(k).indices
    return torch.stack([two, two], dim=1)


@q5.mistake("You read the first id without the prompt.", "你只讀了第一個 id，沒有連提示詞一起讀。")
def _complete_alone(lm: torch.nn.Module, ids: torch.Tensor, k: int) -> torch.Tensor:
    first = lm(ids).logits[0, -1].topk(k).indices
    return torch.stack([first, lm(first[:, None]).logits[:, -1].argmax(dim=-1)], dim=1)


@q5.mistake(
    "You took the scores after the first token of the prompt.", "你取的是提示詞第一個 token 之後的分數。"
)
def _complete_first_position(lm: torch.nn.Module, ids: torch.Tensor, k: int) -> torch.Tensor:
    first = lm(ids).logits[0, 0].topk(k).indices
    rows = torch.cat([ids.expand(k, -1), first[:, None]], dim=1)
    return torch.stack([first, lm(rows).logits[:, -1].argmax(dim=-1)], dim=1)


@q5.mistake("Rows and columns have changed places.", "列和欄對調了。")
def _complete_turned(lm: torch.nn.Module, ids: torch.Tensor, k: int) -> torch.Tensor:
    return complete(lm, ids, k).T


q6 = Exercise(
    key="08.6",
    title=Bilingual("In your own words", "用自己的話說"),
    statement=Bilingual(
        "Think of something that you would like to build with a language model. Which class do you need, from which checkpoint, "
        "and how will you know that it works?",
        "想一個你想用語言模型做的應用。你需要哪個類別、從哪個檢查點開始？怎麼知道它有沒有做到？",
    ),
    hints=(
        Bilingual(
            "Begin with what is to come out, and with what you would compare it with.",
            "先想要得到什麼，再想要和什麼比較。",
        ),
    ),
    why=Bilingual(
        "A good answer names what you want to get, a baseline to compare with, and data that the model has not seen.",
        "好的回答會寫出要得到什麼、和什麼基準（baseline）比較，以及用哪些模型沒看過的資料來測。",
    ),
    worth_knowing=Bilingual("This was the last exercise. Well done!", "這是最後一題。辛苦了！"),
    checker=Open(),
)


@q6.solved_by
def words():
    return """I want to sort letters by subject. A label for each text: GPT2ForSequenceClassification, from the base
that I fine-tuned on our letters. I would compare it with a bag of words on letters from another year, with an
interval around each share, and read the ones that it gets wrong."""
