"""The pictures. Each function takes data of `insight`, or plain numbers, and returns a Picture."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import FuncFormatter

from ..insight.labels import visible
from ..texts import CourseError
from .fonts import width
from .picture import Picture, ending, label, percent, set_title
from .style import BLUE, COLOURS, HOLE, ORANGE, PAPER, WIDTH, style

if TYPE_CHECKING:
    from ..insight.forward import Attention, HiddenStates, NextTokens
    from ..insight.lens import LogitLens
    from ..insight.likelihoods import TextLikelihood
    from ..insight.pieces import Token
    from ..insight.sampling import Filtered

_MOST_LABELS = 64
_MOST_NUMBERS = 10
_COLUMN = 0.06
"""Room for a letter of 7 points, in inches; a Chinese character takes two columns."""


def probabilities(next_tokens: "NextTokens", truth: Mapping[int, float] | None = None) -> Picture:
    """Draw the most probable next tokens as bars, the first one on top, and last the rest together.

    `truth`: the true probability by token id; an id that it lacks has none. It is drawn below each bar.
    """
    names = [label(name) for name in next_tokens.labels] + ["其餘 the rest"]
    model = [*map(float, next_tokens.probabilities), next_tokens.rest]
    with rc_context(style()):
        height = 1.1 + len(names) * (0.3 if truth is None else 0.44)
        picture = Picture(WIDTH, height, _bars_alt(next_tokens, truth))
        axes = picture.add_subplot()
        rows = np.arange(len(names))
        if truth is None:
            _bars(axes, rows, model, 0.7, BLUE, "模型 model")
        else:
            true, true_rest = next_tokens.beside(truth)
            _bars(axes, rows - 0.2, model, 0.36, BLUE, "模型 model")
            _bars(axes, rows + 0.2, [*true, true_rest], 0.36, ORANGE, "真實 truth")
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
        axes.set_yticks(rows, names)
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.15 * axes.dataLim.x1 or 1)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlabel("機率 probability")
        prompt = ending(visible(next_tokens.prompt))
        set_title(picture, f"「{prompt}」之後的 token", f"the token after “{prompt}”")
    return picture


def filters(filtered: "Filtered") -> Picture:
    """Draw the next token's distribution before and after each sampling setting: a column of bars for each.

    The last row of each column is what all other tokens have together; above it the number of tokens left.
    """
    names = [label(name) for name in filtered.labels] + ["其餘 the rest"]
    columns = np.array([[*shown, rest] for shown, rest in zip(filtered.shown, filtered.rest, strict=True)])
    with rc_context(style()):
        stages = " → ".join(filtered.stages)
        alt = f"長條圖：每個設定前後的分布，{stages}。Bars: the distribution before and after each setting, {stages}."
        picture = Picture(max(WIDTH, 1.2 + 1.5 * len(columns)), 1.4 + 0.3 * len(names), alt)
        every = picture.subplots(1, len(columns), sharey=True, squeeze=False)[0]
        for axes, stage, kept, values in zip(
            every, filtered.stages, filtered.kept.tolist(), columns, strict=True
        ):
            _bars(axes, np.arange(len(names)), values.tolist(), 0.7, BLUE, stage)
            axes.set_title(f"{stage}\n{kept} tokens", fontsize=9)
            axes.set_xlim(0, 1.6 * columns.max())
            axes.set_xticks([])
        every[0].set_yticks(np.arange(len(names)), names)
        every[0].invert_yaxis()
        prompt = ending(visible(filtered.prompt))
        set_title(picture, f"「{prompt}」之後，依序經過每個設定", f"after “{prompt}”, each setting in turn")
    return picture


def attention_map(attention: "Attention", layer: int, head: int) -> Picture:
    """Draw the weights of one head: a row for each query, a column for each key that it attends to.

    Grey: exactly 0, as the causal mask leaves what comes later.
    Raise CourseError for a layer or head that is not there.
    """
    layers, heads = attention.weights.shape[:2]
    _require_layer(layer, layers)
    _require_head(head, heads)
    with rc_context(style()):
        picture = _heatmap(
            np.asarray(attention.weights[layer, head]),
            rows=_names(attention.tokens),
            columns=_names(attention.tokens),
            norm=Normalize(0, 1),
            alt=f"第 {layer} 層第 {head} 個注意力頭的權重。Weights of head {head} in layer {layer}.",
            hide_zeros=True,
        )
        axes = picture.axes[0]
        axes.set_xlabel("被注意的 token key")
        axes.set_ylabel("發問的 token query")
        set_title(picture, f"第 {layer} 層，第 {head} 個注意力頭", f"layer {layer}, head {head}")
    return picture


def attention_heads(attention: "Attention", layer: int | None = None) -> Picture:
    """Draw all heads side by side, small: one row for each layer, or the heads of one layer, four to a row.

    Raise CourseError for a layer that is not there.
    """
    weights = np.asarray(attention.weights)
    layers, heads, length, _ = weights.shape
    if layer is not None:
        _require_layer(layer, layers)
    chosen = range(layers) if layer is None else (layer,)
    tiles = [(f"L{at} H{head}", weights[at, head]) for at in chosen for head in range(heads)]
    columns = heads if layer is None else min(heads, 4)
    rows = -(-len(tiles) // columns)
    tile = min(WIDTH / columns, 1.8)
    where = (
        "各層" if layer is None else f"第 {layer} 層",
        "every layer" if layer is None else f"layer {layer}",
    )
    with rc_context(style()):
        picture = Picture(
            max(columns * tile, 3.6),
            rows * tile + 0.7,
            f"{where[0]}的注意力頭。Attention heads of {where[1]}.",
        )
        axes = picture.add_subplot()
        _mosaic(axes, tiles, columns, length, size=min(9, 5.5 * tile + 2))
        set_title(
            picture,
            f"{where[0]}的注意力頭（橫列 query，直欄 key）",
            f"heads of {where[1]} (row: query, column: key)",
        )
    return picture


def matrix(
    values: Any, labels: Sequence[str], low: float | None = None, high: float | None = None
) -> Picture:
    """Draw a square table of numbers, cosines say: `values` [n, n], and one label for each row and column.

    `low`, `high`: the ends of the colour scale, by default the least and the greatest value.
    """
    table = np.asarray(values, dtype=float)
    if table.shape != (len(labels), len(labels)):
        raise CourseError(
            f"{len(labels)} labels need a table of {len(labels)} rows and columns, not {list(table.shape)}.",
            f"{len(labels)} 個標籤需要 {len(labels)} 列 {len(labels)} 欄的表，而不是 {list(table.shape)}。",
        )
    names = [label(visible(name), 20) for name in labels]
    with rc_context(style()):
        return _heatmap(
            table,
            rows=names,
            columns=names,
            norm=Normalize(low, high),
            alt=f"{len(names)} × {len(names)} 的數值表。Table of {len(names)} × {len(names)} numbers.",
        )


def norms(hidden_states: "HiddenStates") -> Picture:
    """Draw the length of each hidden state, on a log scale: a row for each layer, a column for each token."""
    values = np.asarray(hidden_states.norms)
    last = len(values) - 1
    rows = ["嵌入 embeddings", *(f"h[{at}]" for at in range(last - 1)), f"h[{last - 1}] + ln_f"]
    with rc_context(style()):
        picture = _heatmap(
            values,
            rows=rows,
            columns=_names(hidden_states.tokens),
            norm=LogNorm(),
            alt="各層各位置隱藏狀態的長度。Length of the hidden state at each layer and position.",
        )
        set_title(picture, "隱藏狀態的長度", "length of the hidden states")
    return picture


def likelihood(scored: "TextLikelihood") -> Picture:
    """Draw how much each token surprised the model, its negative log-probability, as bars from left to right.

    Raise CourseError for a text of one token, which has none.
    """
    values = -np.asarray(scored.log_probabilities)
    if not len(values):
        raise CourseError(
            "The text has one token only, and the first token has no probability: give a longer text.",
            "這段文字只有一個 token，而第一個 token 沒有機率可言。請傳入長一點的文字。",
        )
    with rc_context(style()):
        picture = Picture(WIDTH, 3.0, "每個 token 的負對數機率。Negative log-probability of each token.")
        axes = picture.add_subplot()
        axes.bar(range(len(values)), values, color=BLUE)
        axes.axhline(values.mean(), color=ORANGE, label="平均＝損失 mean = loss")
        names = _names(scored.tokens[1:])
        _ticks(axes.xaxis, names, WIDTH / len(names), rotation=90)
        axes.set_ylabel("nats")
        axes.legend()
        set_title(picture, "每個 token 出乎意料的程度", "how much each token surprised the model")
    return picture


def logit_lens(lens: "LogitLens") -> Picture:
    """Draw the token that each layer would say next: a row for each entry, the model's own answer on top.

    The tokens are named where there is room (up to 26 of them); beyond that, colours only.
    """
    values = np.asarray(lens.probabilities)[::-1]
    last = len(values) - 1
    cell = min(0.55, 8 / len(lens.tokens))
    rows = [f"h[{last - 1}] = 模型 model", *(f"h[{at}]" for at in range(last - 2, -1, -1)), "嵌入 embeddings"]
    with rc_context(style()):
        picture = _heatmap(
            values, rows=rows, columns=_names(lens.tokens), norm=Normalize(0, 1), numbers=False, cell=cell,
            alt="各層各位置最看好的下一個 token。The most probable next token at each layer and position.",
        )  # fmt: skip
        _said(picture.axes[0], values, lens.labels[::-1], int(cell / _COLUMN))
        set_title(
            picture,
            "每一層經過一次 ln_f 之後最看好的下一個 token，顏色是機率",
            "the next token that each layer would say, after one ln_f; colour: probability",
        )
    return picture


def _said(axes: Axes, values: np.ndarray, labels: Sequence[Sequence[str]], columns: int) -> None:
    """Write each token into its cell, dark on light and light on dark, if there is room for 5 columns."""
    if columns < 5:
        return
    for (row, column), value in np.ndenumerate(values):
        colour = "black" if value > 0.5 else "white"
        name = label(labels[row][column], columns)
        axes.text(column, row, name, ha="center", va="center", fontsize=7, color=colour)


def _bars(axes: Axes, rows: np.ndarray, values: list[float], height: float, colour: str, name: str) -> None:
    bars = axes.barh(rows, values, height=height, color=colour, label=name)
    axes.bar_label(bars, [percent(value) for value in values], padding=3, fontsize=9)


def _bars_alt(next_tokens: "NextTokens", truth: object) -> str:
    prompt = ending(visible(next_tokens.prompt))
    zh = "模型與真實的機率" if truth is not None else "模型的機率"
    en = "Probabilities of the model and the truth" if truth is not None else "Probabilities of the model"
    return f"長條圖：「{prompt}」之後各 token 的{zh}。{en} for the token after “{prompt}”, as bars."


def _names(tokens: Sequence["Token"]) -> list[str]:
    return [label(token.label, 14) for token in tokens]


def _require_layer(layer: int, layers: int) -> None:
    if not 0 <= layer < layers:
        raise CourseError(
            f"There is no layer {layer}: this model has layers 0 to {layers - 1}.",
            f"沒有第 {layer} 層：這個模型的層編號是 0 到 {layers - 1}。",
        )


def _require_head(head: int, heads: int) -> None:
    if not 0 <= head < heads:
        raise CourseError(
            f"There is no head {head}: this model has heads 0 to {heads - 1}.",
            f"沒有第 {head} 個注意力頭：這個模型的注意力頭編號是 0 到 {heads - 1}。",
        )


def _heatmap(
    values: np.ndarray,
    *,
    rows: list[str],
    columns: list[str],
    norm: Normalize,
    alt: str,
    hide_zeros: bool = False,
    numbers: bool = True,
    cell: float | None = None,
) -> Picture:
    """Draw a labelled heat map [row, column], with its numbers where there are few, and a colour bar.

    `cell`: its size in inches, by default what makes a picture of a handy width.
    """
    cell = cell or min(0.55, max(0.13, 4.8 / len(columns)), 8 / len(columns))
    margin = 0.075 * max(map(width, rows)) + 1.3
    height = len(rows) * cell + 0.075 * max(map(width, columns)) + 0.9
    picture = Picture(max(len(columns) * cell + margin, 4.2), max(height, 2.4), alt)
    axes = picture.add_subplot()
    shown = np.ma.masked_where(values == 0, values) if hide_zeros else values
    image = axes.imshow(shown, cmap=COLOURS, norm=norm, aspect="auto", interpolation="nearest")
    axes.set_facecolor(HOLE)
    axes.spines[:].set_visible(False)
    _ticks(axes.xaxis, columns, cell, rotation=90 if max(map(width, columns)) * 0.085 > cell else 0)
    _ticks(axes.yaxis, rows, cell)
    bar = picture.colorbar(image, ax=axes, fraction=0.04, pad=0.02)
    bar.outline.set_visible(False)
    if isinstance(norm, LogNorm):
        # The usual labels are formulas, which the style draws as they are written.
        bar.formatter = bar.minorformatter = FuncFormatter(lambda value, _: _round_number(value))
    if numbers and max(values.shape) <= _MOST_NUMBERS:
        _numbers(axes, shown, image)
    return picture


def _round_number(value: float) -> str:
    """Return 1, 2, 5, 10, 20, … as they are and nothing for what lies between, or labels run together."""
    return f"{value:g}" if f"{value:e}"[0] in "125" else ""


def _ticks(axis: Any, names: list[str], cell: float, rotation: float = 0) -> None:
    """Label every cell, or every n-th one when there are too many to read."""
    step = -(-len(names) // _MOST_LABELS)
    size = min(10, 72 * cell * step * 0.8)
    axis.set_ticks(range(0, len(names), step), names[::step], rotation=rotation, fontsize=size)
    axis.set_tick_params(length=0)


def _numbers(axes: Axes, values: Any, image: Any) -> None:
    """Write each number into its cell, dark on light and light on dark."""
    for (row, column), value in np.ndenumerate(values):
        if not np.ma.is_masked(values[row, column]):
            light = sum(image.cmap(image.norm(value))[:3]) > 1.5
            text = f"{round(value, 2) + 0.0:.2f}" if abs(value) < 10 else f"{value:.0f}"
            colour = "black" if light else "white"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)


def _mosaic(axes: Axes, tiles: list[tuple[str, np.ndarray]], columns: int, length: int, size: float) -> None:
    """Put the tiles into one image, grey where 0: an axes for each of GPT-2's 144 heads is slow."""
    gap_x, gap_y = max(1, round(length * 0.08)), max(1, round(length * 0.3))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (length + gap_y), columns * (length + gap_x)), np.nan)
    for at, (name, weights) in enumerate(tiles):
        top, left = (at // columns) * (length + gap_y) + gap_y, (at % columns) * (length + gap_x)
        sheet[top : top + length, left : left + length] = np.where(weights == 0, -1, weights)
        axes.text(left - 0.5, top - 0.5 - 0.1 * gap_y, name, fontsize=size, va="bottom")
    colours = colormaps[COLOURS].with_extremes(under=HOLE, bad=PAPER)
    axes.imshow(sheet, cmap=colours, norm=Normalize(0, 1), aspect="auto", interpolation="nearest")
    axes.set_axis_off()
