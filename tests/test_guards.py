"""Every guard on notebooks that break it and on one that is well formed."""

import copy

import pytest
from guards import GUARDS, markdown_findings, python_findings
from guards.chinese import WORDS, is_simplified, simplified, words_to_avoid
from guards.parity import differences


def div(language: str, text: str) -> str:
    return f'<div lang="{language}">\n\n{text}\n\n</div>'


def bilingual(zh: str, en: str) -> str:
    return div("zh-Hant", zh) + "\n" + div("en", en)


def heading(level: int, zh: str, en: str) -> str:
    return f'{"#" * level} <span lang="zh-Hant">{zh}</span> <span lang="en">{en}</span>\n\n'


def markdown(own: str, text: str) -> dict:
    return {"cell_type": "markdown", "id": own, "metadata": {}, "source": text}


def code(own: str, text: str, *outputs: dict, tags: tuple = ()) -> dict:
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "id": own,
        "metadata": metadata,
        "source": text,
        "outputs": list(outputs),
        "execution_count": None,
    }


def result(**data: str) -> dict:
    return {"output_type": "execute_result", "metadata": {}, "data": data}


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


PICTURE = {"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": "aGVsbG8="}
ERROR = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["KeyError: 'x'"]}
ZH = """[GPT-2](https://example.org/a) 有 1.24 億個參數，`wte` 的損失函數是 $L=-\\log p$：

1. 演算法讀**第 1 個** token（詞元），
2. 資料庫與機率質量不在此列。

| 名稱 | 形狀 |
|---|---|
| `wte` | `[8000, 256]` |

```python
# 不是標題
x = "a,b"
```"""
EN = """[GPT-2](https://example.org/a) has 124 million parameters; the loss of `wte` is $L=-\\log p$:

1. the algorithm reads token **1**,
2. databases and probability mass are not among these.

| Name | Shape |
|---|---|
| `wte` | `[8000, 256]` |

```python
# not a heading
x = "a,b"
```"""


def sample() -> dict:
    """A well-formed notebook, made afresh."""
    cells = [
        markdown(
            "title", heading(1, "權重綁定", "Weight tying") + bilingual("這裡用 `wte`。", "This uses `wte`.")
        ),
        code(
            "setup",
            "from course_utils import checkpoint, language_switch\nCHECKPOINT = checkpoint()\nlanguage_switch()",
            result(**{"text/plain": "[中文 | English | 雙語]"}),
        ),
        markdown("body", heading(2, "嵌入 `wte`", "The embedding `wte`") + bilingual(ZH, EN)),
        code("look", "print('很久以前')", stream("很久以前\n")),
        markdown(
            "figure",
            "![一張圖：兩層 / A picture: two layers](images/two.svg)\n\n$$y = Wx$$\n\n```\na -> b\n```",
        ),
        code(
            "draw",
            "draw(numbers)",
            {"output_type": "display_data", "metadata": {}, "data": PICTURE},
            stream("0.25\n"),
        ),
        markdown(
            "error-ahead", bilingual("下一格會出錯，/var 只是字。", "The next cell fails; /var is a word.")
        ),
        code("key-error", "{}['x']", ERROR, tags=("raises-exception",)),
        markdown(
            "end",
            bilingual(
                "![圖](images/map-zh.svg)[開頭](00_start_here.ipynb#cell-id=setup)",
                "![map](images/map-en.svg)[The start](00_start_here.ipynb#cell-id=setup)",
            ),
        ),
        code(
            "unseen",
            "# NBVAL_IGNORE_OUTPUT\n# not compared: the version differs everywhere\nprint(version)",
            stream("5.23\n"),
        ),
    ]
    number = 0
    for cell in cells:
        if cell["cell_type"] == "code":
            number += 1
            cell["execution_count"] = number
    return {
        "metadata": {"kernelspec": {"name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": cells,
    }


def with_cell(own: str, **changes) -> dict:
    """The sample with fields of one cell replaced."""
    notebook = sample()
    next(cell for cell in notebook["cells"] if cell["id"] == own).update(copy.deepcopy(changes))
    return notebook


def with_prose(zh: str, en: str) -> dict:
    return with_cell("body", source=bilingual(zh, en))


def without(own: str) -> dict:
    notebook = sample()
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != own]
    return notebook


def with_metadata(**metadata) -> dict:
    return {**sample(), "metadata": metadata}


LONG = "\n".join(f"x{i} = {i}" for i in range(26))
BREAKS = [  # (guard, notebook that breaks it, part of the finding)
    ("execution_counts", with_cell("look", execution_count=None), "`look`"),
    ("execution_counts", with_cell("look", execution_count=7), "not 2"),
    ("stored_outputs", with_cell("look", outputs=[]), "`look`"),
    ("widget_state", with_metadata(widgets={"a": 1}), "widget state"),
    ("widget_state", with_cell("look", metadata={"execution": {}}), "`look`"),
    ("promised_errors", with_cell("key-error", metadata={}), "raises-exception"),
    ("promised_errors", with_cell("key-error", outputs=[]), "no error is stored"),
    ("promised_errors", with_cell("look", source="# NBVAL_RAISES_EXCEPTION\nprint(1)"), "tag"),
    ("no_stderr", with_cell("look", outputs=[stream("Warning: x", "stderr")]), "stderr"),
    ("reasoned_marks", with_cell("look", source="# NBVAL_IGNORE_OUTPUT\nprint(1)"), "say why"),
    ("reasoned_marks", with_cell("look", metadata={"tags": ["nbval-ignore-output"]}), "say why"),
    (
        "reasoned_marks",
        with_cell("look", source="# NBVAL_SKIP\n# not compared: no good reason at all"),
        "skip",
    ),
    ("no_paths", with_cell("look", outputs=[stream("saved in /home/ann/course\n")]), "/home/ann"),
    ("no_paths", with_cell("look", outputs=[{**ERROR, "traceback": ["File ~/env/lib/x.py:3"]}]), "~/env"),
    ("no_paths", with_cell("look", source=r"open('C:\\Users\\ann\\x')"), "C:"),
    ("size", with_cell("look", outputs=[stream("x" * 1_000_001)]), "`look`"),
    ("number_beside_picture", with_cell("draw", outputs=[result(**PICTURE)]), "`draw`"),
    (
        "number_beside_picture",
        with_cell("draw", outputs=[result(**PICTURE), result(**{"text/plain": "<Axes: title={}>"})]),
        "`draw`",
    ),
    ("cell_ids", with_cell("look", id="3fa9c01b"), "meaningful"),
    ("cell_ids", with_cell("look", id="Look_2"), "meaningful"),
    ("cell_ids", with_cell("look", id="draw"), "taken"),
    ("opening", without("title"), "title"),
    ("opening", without("setup"), "setup"),
    ("opening", with_cell("setup", source="CHECKPOINT = checkpoint()"), "language_switch"),
    ("opening", with_cell("body", source=heading(1, "又一個", "Another")), "second title"),
    ("code_length", with_cell("look", source=LONG), "26 lines"),
    ("prose_between", without("body"), "`setup`"),
    ("prose_between", with_cell("figure", source=" \n"), "empty"),
    ("links", with_prose("[課](99_none.ipynb)", "[lesson](99_none.ipynb)"), "99_none.ipynb"),
    (
        "links",
        with_prose("[格](00_start_here.ipynb#cell-id=none)", "[cell](00_start_here.ipynb#cell-id=none)"),
        "cell-id=none",
    ),
    ("links", with_prose("[節](#map)", "[part](#map)"), "#map"),
    (
        "both_languages",
        with_cell("body", source="## Only English\n\n" + bilingual("中文。", "English.")),
        "spans",
    ),
    ("both_languages", with_cell("body", source="Only English here."), "outside"),
    ("both_languages", with_cell("body", source="只有中文。"), "outside"),
    ("both_languages", with_cell("body", source=div("zh-Hant", "只有中文。")), "followed by"),
    (
        "both_languages",
        with_cell("body", source=div("en", "English") + "\n" + div("zh-Hant", "中文")),
        "followed by",
    ),
    ("both_languages", with_cell("body", source=bilingual("中文。", "還是中文。")), "no English"),
    ("both_languages", with_cell("body", source=bilingual("No Chinese.", "English.")), "no Chinese"),
    ("both_languages", with_cell("body", source=bilingual("### 標題\n\n文", "### Title\n\ntext")), "inside"),
    (
        "both_languages",
        with_cell("body", source='<div lang="zh-Hant">\n中文\n</div>\n' + div("en", "text")),
        "empty line",
    ),
    ("both_languages", with_cell("body", source='<div lang="zh-Hant">\n\n中文\n'), "not closed"),
    ("both_languages", with_cell("body", source='<div class="a" lang="en">\n\ntext\n\n</div>'), "of its own"),
    (
        "parity",
        with_prose("見[這裡](https://example.org/a)。", "See [this](https://example.org/b)."),
        "links",
    ),
    ("parity", with_prose("式 $a+b$。", "Formula $a-b$."), "formulas"),
    ("parity", with_prose("用 `wte`。", "Use `wpe`."), "inline code"),
    ("parity", with_prose("有 12 層。", "It has 13 layers."), "numbers"),
    ("parity", with_prose("有 12 億。", "It has 12 million."), "numbers"),
    ("parity", with_prose("- 一\n- 二", "- one and two"), "list items"),
    ("parity", with_prose("| 甲 |\n|---|", "| a | b |\n|---|---|"), "table rows"),
    ("parity", with_prose("```\nx\n```\n文", "text"), "code blocks"),
    ("parity", with_prose("![圖](a.svg)文", "text"), "pictures"),
    ("parity", with_cell("body", source=heading(2, "第 2 步", "Step 3")), "heading"),
    ("taiwan_words", with_prose("這個數據集。", "This."), "資料"),
    ("taiwan_words", with_cell("look", source="print('默認')"), "預設"),
    ("taiwan_words", with_cell("body", source=heading(2, "網絡", "Network")), "網路"),
    ("traditional", with_prose("这个。", "This."), "Simplified"),
    ("traditional", with_cell("look", source="print('什么')"), "Simplified"),
    ("chinese_spacing", with_prose("用GPT 做。", "Use GPT."), "space"),
    ("chinese_spacing", with_prose("呼叫`wte`。", "Call `wte`."), "space"),
    ("chinese_spacing", with_prose("有 $n$個。", "There are $n$."), "space"),
    ("chinese_spacing", with_prose("一行，\n又一行。", "One line."), "one line"),
    ("chinese_punctuation", with_prose("好,但是。", "Good, but."), "full-width"),
    ("chinese_punctuation", with_prose("權重 (tied)。", "Weights."), "full-width"),
    ("chinese_punctuation", with_prose("句子.", "Sentence."), "full-width"),
    ("chinese_punctuation", with_prose('他說"好"。', "He said."), "full-width"),
    ("chinese_punctuation", with_prose("用 `wte`, 然後。", "Use `wte`, then."), "full-width"),
    ("chinese_punctuation", with_prose("ＧＰＴ 模型。", "GPT model."), "half-width"),
    ("chinese_style", with_prose("`mask` 說誰看得到誰。文法說出機率。", "It says."), "things speak"),
    ("chinese_style", with_prose("一樣：都是它。不同：都不是。有三個：甲、乙、丙。", "The same."), "colon"),
    ("measured_numbers", with_cell("look", source='print(f"≈ {x:.2f}")'), "assert its bound"),
    ("alternative_texts", with_cell("figure", source="![](a.svg)"), "a.svg"),
    ("alternative_texts", with_cell("figure", source="![only English](a.svg)"), "zh-Hant"),
    ("alternative_texts", with_cell("figure", source='<img src="a.svg">'), "a.svg"),
    ("alternative_texts", with_prose("![map](a.svg)", "![map](a.svg)"), "zh-Hant"),
]


@pytest.mark.parametrize("name", GUARDS)
def test_well_formed_passes(name):
    assert GUARDS[name](sample()) == []


@pytest.mark.parametrize(
    ("name", "notebook", "part"),
    BREAKS,
    ids=[f"{name}-{number}" for number, (name, _, _) in enumerate(BREAKS)],
)
def test_broken_is_found(name, notebook, part):
    findings = GUARDS[name](notebook)
    assert any(part in finding for finding in findings), findings


def test_every_guard_is_broken_once():
    assert {name for name, _, _ in BREAKS} == set(GUARDS)


def test_median_length():
    five, six = "\n".join("abcde"), "\n".join("abcdef")
    notebook = {"cells": [code(f"cell-{i}", five) for i in range(3)]}
    assert GUARDS["code_length"](notebook) == []
    notebook["cells"] += [code(f"more-{i}", six) for i in range(4)]
    assert "median" in GUARDS["code_length"](notebook)[0]


@pytest.mark.parametrize("word", WORDS)
def test_words_to_avoid_are_found(word):
    assert any(finding.endswith(WORDS[word][1]) for finding in words_to_avoid(f"這是{word}甲"))


@pytest.mark.parametrize(
    "right",
    [
        "演算法",
        "計算法則",
        "資料庫",
        "函式庫",
        "語料庫",
        "倉庫裡",
        "損失函數",
        "數學函數",
        "softmax 函數",
        "機率質量",
        "機率質量函數",
        "測試通過",
        "全部都通過了",
        "通過測試",
        "是否通過？",
        "說明文件",
        "適用對象",
        "教學對象",
        "大數據",
        "數據機",
        "語言代碼",
        "在模型內存在",
        "強調用法",
        "相信息息相關",
        "論文件數",
        "返回家鄉",
        "搬運行李",
        "文字符號",
        "顯示例子",
        "提示例句",
        "文字節錄",
        "改變量",
        "參數組成",
        "三個整數組成",
        "課程序列",
        "過程序列",
        "保存期限",
        "假設置信區間",
        "引導入門",
        "交互作用",
        "透過擬合",
        "字節奏",
        "循環神經網路",
    ],
)
def test_right_words_pass(right):
    assert words_to_avoid(right) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "這個函數回傳",
        "透過通過它",
        "通過呼叫取得",
        "返回一個值",
        "返回張量",
        "打開文件",
        "模型的質量",
        "Python 庫",
        "這個庫",
        "這個算法",
        "創建對象",
        "運行程序",
        "字符串",
        "默認值",
        "用戶添加",
        "運行",
    ],
)
def test_wrong_words_are_found(wrong):
    assert words_to_avoid(wrong)


def test_simplified_characters():
    assert all(map(is_simplified, "这个们来时为说国学会对发经现进开动还没样无与万两书车东问间门见长话语读马"))
    traditional = "這個們來時為說國學會對發經現進開動還沒樣無與萬兩書車東問間門見長話語讀馬裡面台后云里公里茶几拮据爲裏著吃"
    assert not [c for c in traditional.replace("拮据", "") if is_simplified(c)]
    assert simplified("拮据的王后走了一公里") == []


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("1,000 個", "1000 of them"),
        ("1.24 億個", "124M of them"),
        ("1 億 2,400 萬", "124 million"),
        ("3 萬", "30,000"),
        ("第 1 層與第 1 頭", "layer 1"),
        ("`a 1` 與 $x_2$", "$x_2$ and `a 1`"),
        ("見 <https://example.org/x>。", "See https://example.org/x."),
        ("1. 一\n2. 二", "1. one\n2. two"),
        ("50 MB", "50 MB"),
    ],
)
def test_sides_that_match(zh, en):
    assert differences(zh, en) == []


def test_python_strings():
    assert python_findings('x = "默認"\n')[0].startswith("line 1")
    assert python_findings("x = f'{y}数据'")
    assert python_findings('x = "这"  # Simplified on purpose') == []
    assert python_findings('# 默認\nx = "預設"') == []


def test_markdown_outside_notebooks():
    good = "# GPT-2 課程\n\nEnglish, plain (half-width): 中文, English.\n\n中文段落，`pip install` 可以。\n\n```\npip install 這個,那個\n```\n"
    assert markdown_findings(good) == []
    for bad in ("用戶。", "这。", "用pip 安裝。", "好,壞。"):
        assert markdown_findings(f"# Title\n\n{bad}\n"), bad
