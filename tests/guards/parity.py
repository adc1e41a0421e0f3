"""Guards over the two languages: both are there, in the agreed form, and neither lost anything."""

import re
from collections import Counter
from decimal import Decimal

from .reading import (
    BARE_LINK,
    DISPLAY_MATH,
    FENCE,
    HAN,
    HEADING_SPANS,
    HTML_IMAGE,
    HTML_LINK,
    IMAGE,
    INLINE_CODE,
    INLINE_MATH,
    LANGUAGES,
    LINK,
    TAG,
    Prose,
    name,
    plain,
    prose_cells,
    source,
    take_apart,
    without_fences,
)

LETTERS = re.compile(rf"[{HAN}]|[A-Za-z]{{2,}}")
NUMBER = re.compile(
    r"(?<![\d.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(億|萬|million\b|billion\b|thousand\b|[KkMB]\b)?"
)
SCALE = {
    "萬": 10**4,
    "億": 10**8,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "K": 10**3,
    "k": 10**3,
    "M": 10**6,
    "B": 10**9,
}
ITEM = re.compile(r"^([ \t]*)([-*+]|\d+[.)])[ \t]+\S", re.M)
ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.M)


def both_languages(notebook: dict) -> list[str]:
    """Every prose cell has both languages in the agreed form; only code, pictures and formulas go without."""
    found = []
    for cell in prose_cells(notebook):
        prose = take_apart(source(cell))
        faults = [*prose.faults, *_heading_faults(prose), *_block_faults(prose), *_stray(prose)]
        found += [f"{name(cell)}: {fault}" for fault in faults]
    return found


def _heading_faults(prose: Prose) -> list[str]:
    shape = '<span lang="zh-Hant">…</span> <span lang="en">…</span>'
    return [
        f"heading `{h.text}`: write it as two spans, {shape}"
        for h in prose.headings
        if not HEADING_SPANS.fullmatch(h.text)
    ]


def _block_faults(prose: Prose) -> list[str]:
    languages = [language for language, _ in prose.blocks]
    faults = []
    if languages != list(LANGUAGES) * (len(languages) // 2):
        faults.append(
            f'blocks in the order {languages}; each <div lang="zh-Hant"> is followed by its <div lang="en">'
        )
    for language, text in prose.blocks:
        letters = LETTERS.findall(plain(text))
        if not letters and not re.search(r"\S", text):
            faults.append(f'<div lang="{language}"> is empty')
        elif language == "zh-Hant" and letters and not re.search(f"[{HAN}]", plain(text)):
            faults.append('<div lang="zh-Hant"> holds no Chinese')
        elif language == "en" and letters and not re.search(r"[A-Za-z]{2}", plain(text)):
            faults.append('<div lang="en"> holds no English')
    return faults


def _stray(prose: Prose) -> list[str]:
    """Words outside the blocks, other than spans of both languages side by side (as in a shared table)."""
    rest = HEADING_SPANS.sub("", prose.rest)
    rest = HTML_IMAGE.sub("", IMAGE.sub("", rest))
    words = LETTERS.search(plain(rest))
    if not words:
        return []
    line = next((line for line in plain(rest).splitlines() if LETTERS.search(line)), "").strip()
    return [f'words outside the two languages: "{line[:60]}"; put them into the <div> of their language']


def parity(notebook: dict) -> list[str]:
    """Links, formulas, inline code, numbers, lists, tables and fences are the same on both sides of every
    cell."""
    found = []
    for cell in prose_cells(notebook):
        prose = take_apart(source(cell))
        pairs = [("", prose.side("zh-Hant"), prose.side("en"))]
        pairs += [
            (f"heading `{h.text}`: ", *m.groups())
            for h in prose.headings
            if (m := HEADING_SPANS.fullmatch(h.text))
        ]
        for where, zh, en in pairs:
            found += [f"{name(cell)}: {where}{difference}" for difference in differences(zh, en)]
    return list(dict.fromkeys(found))


def differences(zh: str, en: str) -> list[str]:
    """What one side has and the other lacks; empty if they match."""
    found = []
    for what, read in (
        ("links", _links),
        ("formulas", _formulas),
        ("inline code", _inline_code),
        ("numbers", _numbers),
        ("pictures", _pictures),
        ("list items", _items),
        ("table rows", _tables),
        ("code blocks", _fences),
    ):
        in_zh, in_en = read(zh), read(en)
        if in_zh != in_en:
            found.append(
                f"{what} differ: only in Chinese {_list(in_zh - in_en)}; only in English {_list(in_en - in_zh)}"
            )
    return found


def _list(counter: Counter) -> str:
    return ", ".join(map(str, sorted(counter))) or "nothing"


def _links(text: str) -> Counter:
    text = INLINE_CODE.sub("", without_fences(text))
    bare = BARE_LINK.findall(LINK.sub("", IMAGE.sub("", TAG.sub("", text))))
    return Counter(
        [m[1] for m in LINK.findall(text)] + HTML_LINK.findall(text) + [b.strip("<>.") for b in bare]
    )


def _formulas(text: str) -> Counter:
    text = INLINE_CODE.sub("", without_fences(text))
    display = [_squeeze(m) for m in DISPLAY_MATH.findall(text)]
    inline = {_squeeze(m) for m in INLINE_MATH.findall(DISPLAY_MATH.sub("", text))}
    return Counter(f"$${m}$$" for m in display) + Counter(f"${m}$" for m in inline)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())


def _inline_code(text: str) -> Counter:
    return Counter({f"`{_squeeze(m[1])}`" for m in INLINE_CODE.findall(without_fences(text))})


def _pictures(text: str) -> Counter:
    """Targets, with a language mark in the file name (`map-zh.svg`, `map.en.svg`) taken off."""
    text = INLINE_CODE.sub("", without_fences(text))
    targets = [m[1] for m in IMAGE.findall(text)]
    targets += re.findall(r"<img\b[^>]*?\bsrc\s*=\s*[\"']([^\"']+)", text)
    return Counter(re.sub(r"[-_.](?:zh(?:-Hant)?|en)(?=\.\w+$)", "", target) for target in targets)


def _numbers(text: str) -> Counter:
    """Distinct numbers of the running text; 1,000 is 1000, and 1.24 億 is 124 million is 124M."""
    text = ITEM.sub(lambda m: m[0].replace(m[2], "", 1), re.sub(r"^[ \t>]+(?=[-*+\d])", "", text, flags=re.M))
    values, previous = [], None
    for match in NUMBER.finditer(plain(text)):
        value = Decimal(match[1].replace(",", "")) * SCALE.get(match[2] or "", 1)
        joins = previous is not None and previous[2] == "億" and match[2] == "萬"
        if joins and not plain(text)[previous.end() : match.start()].strip():
            values[-1] += value
        else:
            values.append(value)
        previous = match
    return Counter({f"{value.normalize():f}" for value in values})


def _items(text: str) -> Counter:
    """List items by kind and depth of indentation."""
    text = without_fences(text)
    return Counter(
        ("numbered" if m[1][0].isdigit() else "bulleted") + f" at depth {len(m[0].expandtabs(4)) // 2}"
        for m in ITEM.findall(text)
    )


def _tables(text: str) -> Counter:
    """Table rows by their number of columns."""
    rows = ROW.findall(INLINE_CODE.sub("x", without_fences(text)))
    return Counter(f"rows of {row.strip().replace(chr(92) + '|', '').count('|') - 1} columns" for row in rows)


def _fences(text: str) -> Counter:
    return Counter(f"```{m[2].strip()}" for m in FENCE.findall(text))
