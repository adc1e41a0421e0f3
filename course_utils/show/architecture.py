"""The picture of both classes: what is in `GPT2Model`, what `GPT2LMHeadModel` adds, what each returns.

python -m course_utils.show.architecture images
"""

import sys
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 760, 470
BLUE, ORANGE, INK, GREY = "#0072b2", "#b35900", "#1a1a1a", "#5a5a5a"

WORDS = {
    "en": {
        "alt": "Token ids go through wte + wpe, the blocks h and ln_f to last_hidden_state: that is GPT2Model. "
        "GPT2LMHeadModel adds lm_head, which gives logits. Softmax, outside the model, gives probabilities.",
        "wte": "token + position embedding",
        "h": "blocks: attention and MLP",
        "ln_f": "final layer norm",
        "lm_head": "one linear layer, no bias",
        "softmax": "not in the model: generate() does it",
        "tie": "same weight (tied)",
        "base": "returns hidden states",
        "lm": "returns logits",
        "probabilities": "probabilities",
    },
    "zh": {
        "alt": "token 的編號經過 wte + wpe、各層區塊 h、ln_f，得到 last_hidden_state：這是 GPT2Model。"
        "GPT2LMHeadModel 多了 lm_head，得到 logits。模型外面的 softmax 才得到機率。",
        "wte": "token 嵌入 + 位置嵌入",
        "h": "區塊：注意力與 MLP",
        "ln_f": "最後的層正規化",
        "lm_head": "一個線性層，沒有 bias",
        "softmax": "不在模型裡：generate() 會做",
        "tie": "同一份權重（綁定）",
        "base": "回傳隱藏狀態",
        "lm": "回傳 logits",
        "probabilities": "機率",
    },
}


def architecture(language: str) -> str:
    """The drawing as SVG text, labelled in "en" or "zh"; it stands on a background of its own, light or dark page."""
    words = WORDS[language]
    parts = [
        _frame(20, 20, 720, 330, ORANGE, "GPT2LMHeadModel", words["lm"]),
        _frame(40, 62, 700 - 20, 168, BLUE, "GPT2Model", words["base"]),
        _box(60, 110, 190, "wte + wpe", words["wte"], BLUE),
        _arrow(250, 140, 290),
        _box(290, 110, 190, "h[0] … h[n_layer - 1]", words["h"], BLUE),
        _arrow(480, 140, 520),
        _box(520, 110, 180, "ln_f", words["ln_f"], BLUE),
        _text(140, 205, "input_ids  [batch, seq]", GREY),
        _text(600, 205, "last_hidden_state  [batch, seq, hidden]", GREY),
        _down(610, 172, 190),
        _down(610, 212, 262),
        _box(520, 262, 180, "lm_head", words["lm_head"], ORANGE),
        f'<path d="M235 172 V292 H516" fill="none" stroke="{GREY}" stroke-width="1.5" stroke-dasharray="5 4"/>',
        _text(370, 284, words["tie"], GREY),
        _text(610, 344, "logits  [batch, seq, vocab]", GREY),
        _down(610, 352, 378),
        _box(520, 378, 180, "softmax", words["softmax"], GREY, dashed=True),
        _arrow(516, 408, 470),
        _text(400, 413, words["probabilities"], INK),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="13" '
        f'font-family="Noto Sans TC, PingFang TC, Microsoft JhengHei, Helvetica, Arial, sans-serif">\n'
        f"<title>{escape(words['alt'])}</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _frame(x: int, y: int, width: int, height: int, colour: str, name: str, note: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10" fill="none" stroke="{colour}" '
        f'stroke-width="2"/>\n<text x="{x + 16}" y="{y + 25}" fill="{colour}" font-weight="bold" font-size="15">'
        f'{name}<tspan dx="10" font-weight="normal" font-size="13">{escape(note)}</tspan></text>'
    )


def _box(x: int, y: int, width: int, name: str, note: str, colour: str, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="60" rx="6" fill="#f7f7f7" stroke="{colour}"'
        f' stroke-width="1.5"{dash}/>\n{_text(x + width // 2, y + 26, name, INK, bold=True)}\n'
        f"{_text(x + width // 2, y + 46, note, GREY, size=11)}"
    )


def _text(x: int, y: int, text: str, colour: str, size: int = 13, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" text-anchor="middle" fill="{colour}" font-size="{size}"{weight}>{escape(text)}</text>'


def _arrow(x: int, y: int, to: int) -> str:
    tip = -8 if to > x else 8
    return (
        f'<path d="M{x} {y} H{to} M{to + tip} {y - 5} L{to} {y} L{to + tip} {y + 5}" fill="none" stroke="{INK}" '
        'stroke-width="1.5"/>'
    )


def _down(x: int, y: int, to: int) -> str:
    return (
        f'<path d="M{x} {y} V{to} M{x - 5} {to - 8} L{x} {to} L{x + 5} {to - 8}" fill="none" stroke="{INK}" '
        'stroke-width="1.5"/>'
    )


def main(folder: str) -> None:
    for language in WORDS:
        Path(folder, f"architecture-{language}.svg").write_text(architecture(language), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
