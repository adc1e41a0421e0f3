"""Plain charts for results: bars with what they vary by, and lines."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.ticker import MaxNLocator

from ..insight.labels import visible
from ..texts import CourseError
from .picture import Picture, label
from .style import BLUE, GREY, INK, ORANGE, WIDTH, style

_LOOKS = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (INK, ":", "^"), (GREY, "-.", "D"))


def bars(
    values: Mapping[str, float], unit: str, intervals: Mapping[str, tuple[float, float]] | None = None
) -> Picture:
    """Draw a bar for each value, the first one on top. `intervals`: (low, high) by name, drawn as a whisker.

    `unit`: what is measured, in what, for the axis.
    """
    names = [label(visible(name), 28) for name in values]
    numbers = [float(value) for value in values.values()]
    if not numbers:
        raise CourseError(
            "There is nothing to draw: give at least one value.", "沒有數值可以畫，請至少傳入一個數值。"
        )
    with rc_context(style()):
        picture = Picture(WIDTH, 0.9 + 0.42 * len(names), _alt(unit, values))
        axes = picture.add_subplot()
        rows = np.arange(len(names))
        axes.barh(rows, numbers, height=0.6, color=BLUE)
        ends = list(numbers)
        for row, name in enumerate(values):
            if intervals and name in intervals:
                low, high = intervals[name]
                axes.plot([low, high], [row, row], color=INK, linewidth=1.5, marker="|", markersize=9)
                ends[row] = max(high, numbers[row])
        for row, (number, end) in enumerate(zip(numbers, ends, strict=True)):
            axes.annotate(
                f"{number:.3g}", (end, row), (5, 0), textcoords="offset points", va="center", fontsize=9
            )
        axes.set_yticks(rows, names)
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(min(0, *numbers), 1.15 * max(*ends, 1e-9))
        axes.set_xlabel(unit)
    return picture


def lines(
    series: Mapping[str, Sequence[float]],
    x_label: str,
    y_label: str,
    x: Sequence[float] | None = None,
    bands: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
) -> Picture:
    """Draw a line for each series, with a mark at each value; at most four.

    `x`: the places of the values, 0, 1, … by default; `bands`: (low, high) by name, drawn as a shade around a line.
    """
    if not 1 <= len(series) <= len(_LOOKS):
        raise CourseError(
            f"From 1 to {len(_LOOKS)} lines can be told apart, not {len(series)}.",
            f"能分得清楚的線是 1 到 {len(_LOOKS)} 條，不能是 {len(series)} 條。",
        )
    with rc_context(style()):
        picture = Picture(WIDTH, 3.2, _alt(y_label, series))
        axes = picture.add_subplot()
        for (name, values), (colour, line, mark) in zip(series.items(), _LOOKS):
            places = range(len(values)) if x is None else x
            few = mark if len(values) <= 40 else None
            axes.plot(
                places,
                values,
                color=colour,
                linestyle=line,
                marker=few,
                markersize=4,
                label=label(visible(name), 40),
            )
            if bands and name in bands:
                axes.fill_between(places, *bands[name], color=colour, alpha=0.15, linewidth=0)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        if x is None:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=16, integer=True))
        axes.legend()
    return picture


def _alt(what: str, named: Mapping[str, object]) -> str:
    names = ", ".join(visible(name) for name in named)
    return f"圖：{what}，{names}。Chart: {what}, for {names}."
