"""A model with an LM head as a row of boxes, the broken ones marked."""

from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from .picture import Picture, set_title
from .style import BLUE, GREY, INK, WIDTH, style

if TYPE_CHECKING:
    from ..conversion import Pipeline

BAD = "#B00020"


def pipeline(parts: "Pipeline") -> Picture:
    """Draw the parts from left to right: what is as in the base model in blue, what is not dashed, red and with ✗."""
    names = [part.name for part in parts.parts] + ["lm_head"]
    marks = [part.is_same for part in parts.parts] + [_head_holds(parts)]
    with rc_context(style()):
        picture = Picture(WIDTH, 1.9, _alt(parts))
        axes = picture.add_subplot()
        widths = [max(0.75, 0.14 * len(name)) for name in names]
        left = 0.0
        centres = []
        for name, holds, width in zip(names, marks, widths, strict=True):
            _box(axes, left, width, name, holds)
            centres.append(left + width / 2)
            left += width + 0.35
        for start, end, before, after in zip(centres, centres[1:], widths, widths[1:]):
            axes.annotate(
                "",
                (end - after / 2 - 0.03, 0.5),
                (start + before / 2 + 0.03, 0.5),
                arrowprops={"arrowstyle": "->", "color": INK},
            )
        _tie(axes, centres[0], centres[-1], parts)
        axes.text(left, 0.5, "logits", va="center", fontsize=9)
        axes.set_xlim(-0.1, left + 0.8)
        axes.set_ylim(-0.95, 1.2)
        axes.set_axis_off()
        zh, en = ("訓練模式", "training mode") if parts.is_training else ("評估模式", "evaluation mode")
        sign = "✗ " if parts.is_training else ""
        set_title(picture, f"帶 LM head 的模型，{sign}{zh}", f"the model with an LM head, {sign}in {en}")
    return picture


def _box(axes: Axes, left: float, width: float, name: str, holds: bool) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (left, 0.1),
            width,
            0.8,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="white",
            edgecolor=BLUE if holds else BAD,
            linestyle="-" if holds else "--",
            linewidth=1.5,
        )
    )
    axes.text(
        left + width / 2,
        0.5,
        name if holds else f"✗\n{name}",
        ha="center",
        va="center",
        fontsize=9,
        color=INK if holds else BAD,
    )


def _head_holds(pipeline: "Pipeline") -> bool:
    return pipeline.is_tied or not pipeline.wants_tie


def _tie(axes: Axes, start: float, end: float, pipeline: "Pipeline") -> None:
    holds = _head_holds(pipeline)
    colour = GREY if holds else BAD
    axes.plot(
        [start, start, end, end],
        [0.1, -0.4, -0.4, 0.1],
        color=colour,
        linestyle="-" if pipeline.is_tied else ":",
        linewidth=1.3,
    )
    words = "綁定：同一份權重 tied: the same weight" if pipeline.is_tied else "✗ 沒有綁定 not tied"
    if not pipeline.is_tied and holds:
        words = "依設定未綁定，各有權重 untied, as configured: a weight each"
    axes.text((start + end) / 2, -0.55, words, ha="center", va="top", fontsize=9, color=INK if holds else BAD)


def _alt(pipeline: "Pipeline") -> str:
    broken = [part.name for part in pipeline.parts if not part.is_same] + ["lm_head"] * (
        not _head_holds(pipeline)
    )
    if broken:
        names = ", ".join(broken)
        return f"和基礎模型不一樣的部分：{names}。Not as in the base model: {names}."
    if not pipeline.is_tied:
        return (
            "每個部分都和基礎模型一樣，LM head 依設定未綁定，有自己的權重。Every part is that of the base model, and "
            "the head has a weight of its own, as the configuration says."
        )
    return "每個部分都和基礎模型一樣，LM head 有綁定。Every part is that of the base model, and the head is tied."
