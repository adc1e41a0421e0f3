"""Guards over Chinese text: Taiwan's words, Traditional characters, spacing, full-width punctuation."""

import ast
import re

from .reading import (
    HAN,
    HTML_IMAGE,
    IMAGE,
    code_cells,
    name,
    plain,
    prose_cells,
    source,
    take_apart,
    without_fences,
)

# Word to avoid -> (pattern with its exceptions, what to write).
WORDS = {
    "數據": (r"(?<!大)數據(?!機)", "資料"),
    "代碼": (r"(?<!語言)(?<!國家)(?<!股票)代碼", "程式碼"),
    "默認": (r"默認", "預設"),
    "內存": (r"內存(?![在有放])", "記憶體"),
    "創建": (r"創建", "建立"),
    "加載": (r"加載", "載入"),
    "函數": (
        r"(?<!損失)(?<!數學)(?<!指數)(?<!對數)(?<!目標)(?<!啟動)(?<!激活)(?<!三角)(?<!密度)(?<!質量)(?<!分布)(?<!分佈)"
        r"(?<!線性)(?<![A-Za-z] )函數",
        "函式",
    ),
    "調用": (r"(?<![強單協])調用", "呼叫"),
    "對象": (
        r"(?<!適用)(?<!教學)(?<!研究)(?<!服務)(?<!討論)(?<!觀察)(?<!比較)(?<!比較的)(?<!關注的)(?<!注意的)"
        r"對象(?![徵棋牙群])",
        "物件",
    ),
    "信息": (r"(?<![相深])信息", "資訊"),
    "文件": (
        r"(?<!說明)(?<!官方)(?<!技術)(?<!參考)(?<!線上)(?<!API )(?<![論中英])文件",
        "檔案（說明文件則寫全）",
    ),
    "通過": (
        r"(?<![試查證核部都沒未不能會可以已])通過(?!測試|檢查|驗證|自我檢查|考驗|審查|了|率|[，。；：！？、」）\s]|$)",
        "透過",
    ),
    "文本生成": (r"文本生成", "文字生成"),
    "返回": (r"返回(?![家村城王故森])", "回傳"),
    "採樣": (r"採樣", "取樣"),
    "掩碼": (r"掩碼", "遮罩"),
    "運行": (r"(?<![營命搬貨])運行(?!李)", "執行"),
    "庫": (r"(?<![式料倉水國車金字寶識存題冰軍書])庫(?![存房克])", "函式庫 / 套件"),
    "模塊": (r"模塊", "模組"),
    "接口": (r"接口", "介面"),
    "緩存": (r"緩存", "快取"),
    "優化": (r"優化", "最佳化"),
    "打印": (r"打印", "印出"),
    "字符": (r"字符(?![號合])", "字元 / 字串"),
    "屏幕": (r"屏幕", "螢幕"),
    "網絡": (r"網絡", "網路"),
    "質量": (r"(?<!機率)(?<!機率的)質量(?!函數|守恆|中心)", "品質"),
    "視頻": (r"視頻", "影片"),
    "用戶": (r"用戶(?![外口籍])", "使用者"),
    "添加": (r"添加", "加入 / 新增"),
    "支持": (r"支持", "支援"),
    "示例": (r"(?<![表顯提展揭])示例", "範例"),
    "算法": (r"(?<![演計運換估])算法", "演算法"),
    "概率": (r"概率", "機率"),
    "字節": (r"(?<![數文])字節(?!奏)", "位元組"),
    "變量": (r"(?<![改不])變量", "變數"),
    "循環": (r"(?<!惡性)(?<!良性)(?<!血液)循環(?!神經|論證|小數|經濟)", "迴圈"),
    "數組": (r"(?<![參多少整分次])數組(?![合成])", "陣列"),
    "程序": (r"(?<!作業)(?<!標準)(?<!行政)(?<!法律)(?<![過課])程序(?!列)", "程式"),
    "軟件": (r"軟件", "軟體"),
    "硬件": (r"硬件", "硬體"),
    "保存": (r"保存(?!期)", "儲存"),
    "設置": (r"(?<!假)設置(?!信)", "設定"),
    "導入": (r"(?<![引教指領])導入", "匯入"),
    "智能": (r"智能(?!障)", "智慧"),
    "交互": (r"交互(?!作用|影響|參照)", "互動"),
    "過擬合": (r"(?<![透經])過擬合", "過度擬合"),
    "服務器": (r"服務器", "伺服器"),
    "鏈接": (r"鏈接", "連結"),
    "菜單": (r"菜單", "選單"),
}
_WORDS = {word: (re.compile(pattern), write) for word, (pattern, write) in WORDS.items()}

# Most Simplified characters are in GB 2312 and not in Big5; these are in both, as rare characters of their
# own.
SIMPLIFIED_IN_BIG5 = set("万与么听坏宁异怀惊愿扑据极构柜气洁痒确离种网腊苹触赶适")
LEGITIMATE = re.compile(r"拮据|[公鄰]里")
ON_PURPOSE = re.compile(r"#\s*Simplified on purpose", re.I)  # a code line that shows what happens to them

UNSPACED = re.compile(rf"[{HAN}][A-Za-z0-9\ue010]|[A-Za-z0-9\ue010][{HAN}]")
HALF_AFTER = re.compile(
    rf"[{HAN}][ \t]*[,;:!?()]|[{HAN}]\.(?![A-Za-z0-9])|[{HAN}]\"|\"[{HAN}]|[,;!?)][ \t]*[{HAN}]"
)
BROKEN_LINE = re.compile(rf"[{HAN}，。；：！？、」）]\n[ \t]*[{HAN}「（]")
FULL_WIDTH_LATIN = re.compile("[０-９Ａ-Ｚａ-ｚ]")


def _encodable(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def is_simplified(character: str) -> bool:
    """True for a character that is not written in Traditional text."""
    if not re.match(f"[{HAN}]", character):
        return False
    if character in SIMPLIFIED_IN_BIG5:
        return True
    return _encodable(character, "gb2312") and not _encodable(character, "big5")


def words_to_avoid(text: str) -> list[str]:
    """Findings for each Mainland word in running text, with the word to write."""
    return [
        f"「{_around(text, match)}」: {word} → {write}"
        for word, (pattern, write) in _WORDS.items()
        for match in pattern.finditer(text)
    ]


def simplified(text: str) -> list[str]:
    """A finding that names the Simplified characters of a text, if it has any."""
    characters = sorted({c for c in LEGITIMATE.sub("", text) if is_simplified(c)})
    return [f"Simplified characters {''.join(characters)}: write Traditional ones"] if characters else []


def spacing(text: str) -> list[str]:
    """Half-width space between Chinese and Latin letters, digits, inline code or formulas; no broken
    lines."""
    text = plain(text, placeholder="\ue010")
    found = [
        f"「{_around(text, m)}」: put a space between Chinese and Latin letters, digits, code or formulas"
        for m in UNSPACED.finditer(text)
    ]
    found += [
        f"「{_around(text, m)}」: keep a Chinese paragraph on one line (a line break shows as a space)"
        for m in BROKEN_LINE.finditer(text)
    ]
    return found


def punctuation(text: str) -> list[str]:
    """Full-width punctuation beside Chinese characters, and no full-width letters or digits."""
    text = plain(text, placeholder="\ue010")
    found = [
        f"「{_around(text, m)}」: write full-width punctuation（，。：；！？「」）beside Chinese"
        for m in HALF_AFTER.finditer(text)
    ]
    found += [
        f"「{_around(text, m)}」: write letters and digits half-width"
        for m in FULL_WIDTH_LATIN.finditer(text)
    ]
    return found


def _around(text: str, match: re.Match) -> str:
    return (
        text[max(0, match.start() - 4) : match.end() + 4].replace("\n", " ").replace("\ue010", "`…`").strip()
    )


def chinese_of(cell: dict) -> str:
    """The Chinese text of a Markdown cell: its side, and alternative texts that stand outside the blocks."""
    prose = take_apart(source(cell))
    alts = [
        part
        for m in IMAGE.finditer(prose.rest)
        for part in re.split(r"\s+/\s+", m[1])
        if re.search(f"[{HAN}]", part)
    ]
    return "\n\n".join([prose.side("zh-Hant"), *alts])


def python_strings(code: str) -> list[tuple[int, str]]:
    """(line, text) of each string literal that holds Chinese; nothing if the code is not plain Python."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(f"[{HAN}]", node.value)
    ]


def python_findings(code: str) -> list[str]:
    """Words to avoid and Simplified characters in the string literals of Python source."""
    lines, found = code.splitlines(), []
    for line, text in python_strings(code):
        if not ON_PURPOSE.search(lines[line - 1]):
            found += [f"line {line}: {finding}" for finding in words_to_avoid(text) + simplified(text)]
    return found


def markdown_findings(text: str) -> list[str]:
    """All rules of this module over a Markdown text outside notebooks; spacing and punctuation in Chinese
    paragraphs."""
    found = []
    for paragraph in re.split(r"\n\s*\n", without_fences(text)):
        text = plain(paragraph)
        found += words_to_avoid(text) + simplified(text)
        if len(re.findall(f"[{HAN}]", text)) > len(
            re.findall(r"[A-Za-z]+", text)
        ):  # not English that quotes a word
            found += spacing(paragraph) + punctuation(paragraph)
    return found


def _over_prose(notebook: dict, check) -> list[str]:
    return [
        f"{name(cell)}: {finding}" for cell in prose_cells(notebook) for finding in check(chinese_of(cell))
    ]


def _over_code(notebook: dict, check) -> list[str]:
    return [
        f"{name(cell)}: {finding}"
        for cell in code_cells(notebook)
        for line, text in python_strings(source(cell))
        if not ON_PURPOSE.search(source(cell).splitlines()[line - 1])
        for finding in check(text)
    ]


def taiwan_words(notebook: dict) -> list[str]:
    """The glossary's words to avoid are absent, in prose and in the code's strings."""
    return _over_prose(notebook, lambda text: words_to_avoid(plain(text))) + _over_code(
        notebook, words_to_avoid
    )


def traditional(notebook: dict) -> list[str]:
    """No Simplified character; a code line that needs one says `# Simplified on purpose`."""
    return _over_prose(notebook, lambda text: simplified(plain(text))) + _over_code(notebook, simplified)


def chinese_spacing(notebook: dict) -> list[str]:
    """Spacing in Chinese prose."""
    return _over_prose(notebook, spacing)


def chinese_punctuation(notebook: dict) -> list[str]:
    """Punctuation in Chinese prose."""
    return _over_prose(notebook, punctuation)


def alternative_texts(notebook: dict) -> list[str]:
    """Every picture has an alternative text in both languages: `中文 / English` outside the blocks, else each
    its own."""
    found = []
    for cell in prose_cells(notebook):
        prose = take_apart(source(cell))
        wanted = [("zh-Hant", prose.side("zh-Hant")), ("en", prose.side("en"))]
        wanted += [(language, HEADING_SPANS_OFF.sub("", prose.rest)) for language in ("zh-Hant", "en")]
        for language, text in wanted:
            for alt, target in _alternatives(text):
                if not re.search(f"[{HAN}]" if language == "zh-Hant" else r"[A-Za-z]{3}", alt):
                    found.append(
                        f'{name(cell)}: picture {target} has no alternative text in {language} ("{alt}")'
                    )
    return found


HEADING_SPANS_OFF = re.compile(r'<span lang="(?:zh-Hant|en)">.*?</span>', re.S)


def _alternatives(text: str) -> list[tuple[str, str]]:
    text = without_fences(text)
    found = [(m[1], m[2]) for m in IMAGE.finditer(text)]
    for tag in HTML_IMAGE.findall(text):
        alt = re.search(r"\balt\s*=\s*(\"[^\"]*\"|'[^']*')", tag)
        target = re.search(r"\bsrc\s*=\s*[\"']([^\"']*)", tag)
        found.append((alt[1][1:-1] if alt else "", target[1][:60] if target else "?"))
    return found


# A thing that speaks: English idiom in Chinese words. 說明, 說法, 說出口的話 and the like are other words.
SPEAKING = re.compile(
    r"(?:[`」] ?|模型|檢查|訊息|名稱|設定|欄位|數字|函式庫|文法|表格|遮罩|版本|輸出|結果|機率|警告|標籤|旗標|參數)"
    r"(?:會|也|就|沒|都|只|才|又)?說(?![明法謊錯服不得故了過到])"
)
COLON = re.compile(r"：(?!\s|$|[^。？！]*[、→])")  # one that introduces a list is as it should be
FORMULA = re.compile(r"(?:先猜再[跑玩試]|停下來想一想)：")
LABEL = re.compile(r"^\s*(?:[-*]|\d+\.) [^，。：]{1,20}：")  # of an item in a list
MOST_COLONS = 0.1


def chinese_style(notebook: dict) -> list[str]:
    """Things seldom speak (once a lesson), and a colon joins two clauses in one sentence of ten at most."""
    text = "\n\n".join(_running_text(cell) for cell in prose_cells(notebook))
    found = []
    speaking = [_around(text, match) for match in SPEAKING.finditer(text)]
    if len(speaking) > 1:
        found.append(
            f"{len(speaking)} things speak (說): say what they do; once a lesson is enough: {speaking}"
        )
    sentences = [one for one in re.split(r"[。？！]|\n\n", text) if re.search(f"[{HAN}]", one)]
    joined = [one.strip() for one in sentences if COLON.search(LABEL.sub("", one.strip()))]
    if len(joined) > max(1, MOST_COLONS * len(sentences)):
        found.append(
            f"{len(joined)} of {len(sentences)} sentences are joined by a colon, at most {MOST_COLONS:.0%}: "
            f"write 。, 因為 or 也就是, such as in {joined[:5]}"
        )
    return found


def _running_text(cell: dict) -> str:
    """The Chinese of a cell without headings, tables, code blocks, and the words that open each question."""
    blocks = [text for language, text in take_apart(source(cell)).blocks if language == "zh-Hant"]
    lines = without_fences("\n\n".join(blocks)).splitlines()
    kept = "\n".join(line for line in lines if not line.lstrip().startswith(("|", "#")))
    return FORMULA.sub("", plain(kept, placeholder="`"))
