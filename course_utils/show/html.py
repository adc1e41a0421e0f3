"""Pieces of HTML for the widgets. What they show is data, never markup: every text is escaped and isolated."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ..insight.labels import visible
from ..texts import Bilingual
from .picture import percent

if TYPE_CHECKING:
    from ..insight.forward import NextTokens
    from ..insight.pieces import Token
    from ..insight.sampling import Filtered

REST = Bilingual("the rest", "其餘")


@dataclass(frozen=True)
class BarRow:
    """A row of a table of bars: the name (None: the rest of the tokens), a probability for each column, and what
    a click on the name sends, (event, value), if it is a button.
    """

    name: str | None
    values: Sequence[float]
    click: tuple[str, str] | None = None


def spans(text: Bilingual) -> str:
    """Return both languages side by side, for the language switch to choose from; `code` between backticks."""
    return f'<span lang="zh-Hant">{_code(text.zh)}</span> <span lang="en">{_code(text.en)}</span>'


def blocks(text: Bilingual) -> str:
    """Return both languages one below the other; `code` between backticks."""
    return f'<div lang="zh-Hant">{_code(text.zh)}</div><div lang="en">{_code(text.en)}</div>'


def data(text: str) -> str:
    """Return a text as data: escaped, and not turning its neighbours round."""
    return f"<bdi>{escape(text)}</bdi>"


def lines(text: str) -> str:
    """Return running text as data: its line breaks stay, and what cannot be seen is written out."""
    return data("\n".join(map(visible, text.split("\n"))))


def chips(tokens: Iterable["Token"]) -> str:
    """Return the tokens in a row, each with its id and its bytes in hexadecimal."""
    return '<ol class="course-chips">' + "".join(map(_chip, tokens)) + "</ol>"


def bars(rows: Sequence[BarRow], columns: Sequence[str], caption: str) -> str:
    """Return a table of probabilities with a bar in each cell. `columns`, `caption`: HTML, the rest is data.

    The longest bar fills its cell. A probability of exactly 0 is written `0`: what was cut is not merely rare.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    most = max((value for row in rows for value in row.values), default=0) or 1
    body = "".join(_bar_row(row, most) for row in rows)
    return (
        f'<table class="course-bars"><caption>{caption}</caption>'
        f'<thead><tr><th scope="col">token</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def next_token_bars(next_tokens: "NextTokens", truth: dict[int, float] | None = None) -> str:
    """Return the most probable next tokens as bars, each name a button that sends ("append", id).

    `truth`: the true probability by token id, given a column of its own.
    """
    model = next_tokens.probabilities.tolist()
    shares, rest, columns = [model], [next_tokens.rest], [spans(Bilingual("model", "模型"))]
    if truth is not None:
        true, true_rest = next_tokens.beside(truth)
        shares.append(true)
        rest.append(true_rest)
        columns.append(spans(Bilingual("truth", "真實")))
    rows = [
        BarRow(label, values, ("append", str(token_id)))
        for label, token_id, *values in zip(next_tokens.labels, next_tokens.ids, *shares, strict=True)
    ]
    rows.append(BarRow(None, rest))
    caption = spans(
        Bilingual("What comes next; click a token to append it", "接下來是什麼；按一個 token 就接上去")
    )
    return bars(rows, columns, caption)


def filter_bars(filtered: "Filtered") -> str:
    """Return the distribution before and after each setting in use, a column for each."""
    by_token = zip(*filtered.shown, strict=True)
    rows = [BarRow(label, values) for label, values in zip(filtered.labels, by_token, strict=True)]
    rows.append(BarRow(None, tuple(filtered.rest)))
    columns = [
        f"<code>{name.replace('_', '_<wbr>')}</code><br>{kept} tokens"
        for name, kept in zip(filtered.stages, filtered.kept.tolist(), strict=True)
    ]
    caption = spans(
        Bilingual(
            "The distribution, after each setting in turn; the last column is drawn from",
            "依序經過每個設定之後的分布；抽籤用的是最後一欄",
        )
    )
    return bars(rows, columns, caption)


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _chip(token: "Token") -> str:
    kinds = [name for name, holds in (("broken", not token.is_whole), ("special", token.is_special)) if holds]
    return (
        f'<li class="{" ".join(kinds)}"><code>{data(token.label)}</code><small>{token.id}'
        f"<br>{escape(token.bytes.hex(' '))}</small></li>"
    )


def _bar_row(row: BarRow, most: float) -> str:
    cells = "".join(f"<td>{_bar(value, most)}</td>" for value in row.values)
    return f'<tr><th scope="row">{_name(row)}</th>{cells}</tr>'


def _name(row: BarRow) -> str:
    if row.name is None:
        return spans(REST)
    name = f"<code>{data(row.name)}</code>"
    if row.click is None:
        return name
    event, value = row.click
    return (
        f'<button type="button" data-click="{event}" data-value="{escape(value)}" '
        f'title="接上 append {escape(row.name)}">{name}</button>'
    )


def _bar(value: float, most: float) -> str:
    """Return a bar, as long as its cell for the value `most`, and the number."""
    if value == 0:
        return "0"
    return f'<span class="course-bar" style="--share:{value / most:.3f}"></span><span>{percent(value)}</span>'
