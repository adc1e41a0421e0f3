"""The lessons: one record for each, from which practice, `measure`, the guides' tables and the tests read."""

from dataclasses import dataclass
from pathlib import Path

from .texts import Bilingual


@dataclass(frozen=True)
class Lesson:
    """A lesson: its number and name (those of its notebook), what it is called, and what one can do afterwards.

    `minutes` are those that the notebook says it takes, `minutes_with_exercises` those of the same with the exercises
    at its end. `practice` is the module in `course_utils.practice` that holds the exercises, if there are any.
    """

    number: str
    name: str
    title: Bilingual
    outcome: Bilingual
    minutes: int
    minutes_with_exercises: int
    practice: str | None = None

    @property
    def stem(self) -> str:
        """The name of the notebook, without its ending."""
        return f"{self.number}_{self.name}"


LESSONS = (
    Lesson(
        "00",
        "start_here",
        title=Bilingual("Start here", "從這裡開始"),
        outcome=Bilingual(
            "run the course, switch language and checkpoint, say which class does what",
            "執行課程、切換語言與檢查點、說出哪個類別做什麼",
        ),
        minutes=20,
        minutes_with_exercises=20,
    ),
    Lesson(
        "01",
        "base_model",
        title=Bilingual("The base model: text to hidden states", "基礎模型：從文字到隱藏狀態"),
        outcome=Bilingual(
            "trace tokens, embeddings, blocks, `last_hidden_state`, with the shape at each step",
            "一路追蹤 token、嵌入、各層、`last_hidden_state`，說出每一步的形狀",
        ),
        minutes=45,
        minutes_with_exercises=70,
        practice="lesson01_base_model",
    ),
    Lesson(
        "02",
        "lm_head",
        title=Bilingual("The LM head: hidden states to probabilities", "LM head：從隱藏狀態到機率"),
        outcome=Bilingual(
            "compute the logits by hand, explain weight tying, loss and perplexity",
            "親手算出 logits，說明權重綁定、損失與困惑度",
        ),
        minutes=60,
        minutes_with_exercises=90,
        practice="lesson02_lm_head",
    ),
    Lesson(
        "03",
        "generation",
        title=Bilingual("Generation: probabilities to text", "文字生成：從機率到文字"),
        outcome=Bilingual(
            "write the decoding loop, choose a strategy, use the KV cache",
            "寫出解碼迴圈、選擇策略、使用 KV 快取",
        ),
        minutes=75,
        minutes_with_exercises=115,
        practice="lesson03_generation",
    ),
    Lesson(
        "04",
        "conversion",
        title=Bilingual(
            "Conversion: `GPT2Model` ⇄ `GPT2LMHeadModel`", "轉換：`GPT2Model` ⇄ `GPT2LMHeadModel`"
        ),
        outcome=Bilingual("convert both ways and prove the result right", "雙向轉換，並證明結果正確"),
        minutes=60,
        minutes_with_exercises=85,
        practice="lesson04_conversion",
    ),
    Lesson(
        "05",
        "features",
        title=Bilingual("Features and classification", "特徵與分類"),
        outcome=Bilingual(
            "use hidden states for similarity, a linear probe, a classifier",
            "用隱藏狀態計算相似度、訓練線性探測器、訓練分類器",
        ),
        minutes=75,
        minutes_with_exercises=105,
        practice="lesson05_features",
    ),
    Lesson(
        "06",
        "fine_tuning",
        title=Bilingual("Fine-tuning the language model", "微調語言模型"),
        outcome=Bilingual(
            "fine-tune, compare the perplexity before and after, and measure what is learned and what is forgotten",
            "微調模型，比較前後的困惑度，量出學到什麼、忘了什麼",
        ),
        minutes=75,
        minutes_with_exercises=105,
        practice="lesson06_fine_tuning",
    ),
    Lesson(
        "07",
        "from_scratch",
        title=Bilingual("GPT-2 from scratch", "從零實作 GPT-2"),
        outcome=Bilingual(
            "write GPT-2, load the weights, match the library", "寫出 GPT-2、載入權重、算出和函式庫一致的結果"
        ),
        minutes=75,
        minutes_with_exercises=105,
        practice="lesson07_from_scratch",
    ),
    Lesson(
        "08",
        "choosing",
        title=Bilingual("Which one, when", "該用哪一個"),
        outcome=Bilingual(
            "choose, and build on that choice an autocomplete, and a program that tells stories by turns",
            "選出合適的類別，並據此寫出自動完成與輪流說故事的程式",
        ),
        minutes=45,
        minutes_with_exercises=75,
        practice="lesson08_choosing",
    ),
)


def of_notebook(path: Path) -> Lesson | None:
    """Return the lesson of a notebook; None if the notebook is no lesson of the course."""
    return next((lesson for lesson in LESSONS if lesson.stem == path.stem), None)
