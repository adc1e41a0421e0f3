"""Tables and rows of tokens: HTML for the eye, plain text for terminals and tests, the same content in both.

What they show is data, never markup: it is escaped, isolated from the text around it (a name in Hebrew does
not turn its neighbours round), and what cannot be seen is written out.
"""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ..insight.labels import visible
from ..texts import CourseError
from .fonts import padded, width
from .html import data
from .style import INK

if TYPE_CHECKING:
    from ..insight.pieces import Token

# Two alternating tints; dashes for bytes that are no whole character; a dark frame for special tokens.
_TINTS = ("#DCEBF7", "#FBEBC8")
_CHIP = (
    "display:inline-block;margin:2px 1px;padding:1px 5px;border-radius:4px;"
    "background:{tint};color:{ink};border:1px {line} {frame}"
)


class Table:
    """A table of text cells; `rows` and `columns` are what it shows."""

    def __init__(self, rows: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
        self.rows = tuple(tuple(row) for row in rows)
        self.columns = tuple(columns)

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
        rule = tuple("─" * columns for columns in widths)
        return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))

    def _repr_html_(self) -> str:
        head = "".join(f'<th style="text-align:left">{data(name)}</th>' for name in self.columns)
        style = "text-align:left;white-space:pre-wrap"
        rows = ("".join(f'<td style="{style}">{data(cell)}</td>' for cell in row) for row in self.rows)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class TokenRow:
    """The tokens of a text: chips in a row as HTML, a list of position, id and label as plain text."""

    def __init__(self, tokens: Iterable["Token"]) -> None:
        self.tokens = tuple(tokens)

    def __repr__(self) -> str:
        rows = [(str(token.position), str(token.id), token.label) for token in self.tokens]
        return repr(Table(rows, ("position", "id", "token")))

    def _repr_html_(self) -> str:
        return '<div style="line-height:2.2">' + " ".join(map(_chip, self.tokens)) + "</div>"


def tokens(row: Iterable["Token"]) -> TokenRow:
    """Show the tokens of a text side by side, each with its id; the position shows on hovering."""
    return TokenRow(row)


def table(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> Table:
    """Show results as a table: text as it is, floats to four significant digits, anything else by `str`.

    `columns`: the names, as many as each row has cells; else CourseError.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    for row in cells:
        if len(row) != len(columns):
            raise CourseError(
                f"A row has {len(row)} cells where there are {len(columns)} columns: {row}.",
                f"有一列有 {len(row)} 格，但表格有 {len(columns)} 欄：{row}。",
            )
    return Table(cells, [visible(str(name)) for name in columns])


def _cell(value: Any) -> str:
    is_fraction = isinstance(value, Real) and not isinstance(value, Integral)
    return f"{value:.4g}" if is_fraction else visible(str(value))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(padded(cell, columns) for cell, columns in zip(cells, widths, strict=True)).rstrip()


def _chip(token: "Token") -> str:
    style = _CHIP.format(
        tint=_TINTS[token.position % 2],
        ink=INK,
        line="solid" if token.is_whole else "dashed",
        frame=INK if token.is_special or not token.is_whole else "transparent",
    )
    # code and sub remain where styles are stripped, as on GitHub.
    label = f'<code style="background:none;color:inherit">{data(token.label)}</code>'
    return f'<span style="{style}" title="{token.position}">{label}<sub>{token.id}</sub></span>'
