"""Decoding, drawn: the table of a trace, the tree of a beam search, and what the cache saves."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes

from ..insight.labels import visible
from .picture import Picture, ending, label, percent, set_title
from .style import BLUE, GREY, INK, ORANGE, WIDTH, style
from .tables import Table

if TYPE_CHECKING:
    from ..insight.decoding import BeamNode, BeamTrace, CacheGrowth, Trace

_COLUMNS = (
    "步 step",
    "選了 chosen",
    "模型 model",
    "留下 kept",
    "中籤率 chance",
    "累計 log P",
    "候選 candidates",
)
_MEBIBYTE = 2**20


def trace(traced: "Trace") -> Table:
    """Show a trace as a table: a row for each step.

    Columns: the step; the chosen token; its probability as the model has it; how many tokens were left to
    choose from; its probability among these; the log-probability up to here (nats); the most probable tokens.
    """
    rows = []
    for at, chosen in enumerate(traced.labels):
        others = zip(traced.candidate_labels[at], traced.candidates[at].tolist(), strict=True)
        rows.append((
            str(at + 1), chosen, percent(traced.log_probabilities[at].exp().item()), str(int(traced.kept[at])),
            percent(traced.chances[at].item()), f"{traced.cumulative[at].item():.2f}",
            "  ".join(f"{name} {percent(share)}" for name, share in others),
        ))  # fmt: skip
    return Table(rows, _COLUMNS)


def beams(search: "BeamTrace") -> Picture:
    """Draw a beam search as a tree from left to right: a column for each step, the best candidate on top.

    Blue: kept for the next step; orange: on the way to the best result; grey: dropped. Below each token the
    log-probability of the continuation up to there (nats).
    """
    places = _places(search.nodes)
    best = set(search.results[0].path)
    rows = 1 + max(row for _, row in places)
    with rc_context(style()):
        alt = (
            f"束搜尋的樹，束寬 {search.num_beams}，{search.steps} 步。"
            f"Tree of a search with {search.num_beams} beams, {search.steps} steps."
        )
        picture = Picture(max(WIDTH, 1.0 + 1.15 * search.steps), 1.2 + 0.55 * rows, alt)
        axes = picture.add_subplot()
        for at, node in enumerate(search.nodes):
            _branch(axes, places, at, node, at in best)
        root = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        axes.text(
            -1, -0.12, label(ending(visible(search.prompt), 10), 14), ha="center", va="center", bbox=root
        )
        axes.set_xlim(-1.5, search.steps - 0.5)
        axes.set_ylim(rows - 0.4, -0.6)
        axes.set_axis_off()
        prompt = ending(visible(search.prompt))
        set_title(
            picture,
            f"「{prompt}」之後的束搜尋：橘色是最好的結果，灰色是淘汰的路",
            f"beam search after “{prompt}”: orange is the best result, grey is dropped",
        )
    return picture


def cache_growth(growth: "CacheGrowth") -> Picture:
    """Draw the time of one more token with and without the cache by the text's length, and the cache's size."""
    lengths = np.asarray(growth.lengths)
    with rc_context(style()):
        picture = Picture(
            WIDTH, 3.2, "有快取與沒有快取時每個 token 的時間，以及快取的大小。"
            "Time of a token with and without the cache, and the size of the cache."
        )  # fmt: skip
        time, size = picture.subplots(1, 2, width_ratios=(3, 2))
        _curve(time, lengths, np.asarray(growth.without_cache) * 1e3, ORANGE, "沒有快取 without")
        _curve(time, lengths, np.asarray(growth.with_cache) * 1e3, BLUE, "有快取 with")
        time.set_ylabel("毫秒／token  ms per token")
        time.legend(loc="upper left")
        gain = float(growth.gain[-1])
        time.annotate(
            f"{gain:.1f}×", (lengths[-1], float(growth.without_cache[-1]) * 1e3), ha="right", va="bottom",
            xytext=(-6, 2), textcoords="offset points",
        )  # fmt: skip
        _curve(size, lengths, np.asarray(growth.bytes) / _MEBIBYTE, BLUE, "")
        size.set_ylabel("快取 cache (MiB)")
        set_title(
            picture,
            "快取省下的時間，與它占的記憶體",
            "the time that the cache saves, and the memory it takes",
        )
    return picture


def _places(nodes: tuple["BeamNode", ...]) -> list[tuple[int, int]]:
    """Return (step, rank among the candidates of that step) of each node."""
    seen: dict[int, int] = {}
    places = []
    for node in nodes:
        seen[node.step] = seen.get(node.step, -1) + 1
        places.append((node.step, seen[node.step]))
    return places


def _branch(axes: Axes, places: list[tuple[int, int]], at: int, node: "BeamNode", is_best: bool) -> None:
    """Draw a node and the line from its parent."""
    (x, y), (from_x, from_y) = places[at], (-1, 0) if node.parent is None else places[node.parent]
    colour = ORANGE if is_best else GREY if node.fate == "dropped" else BLUE
    # The boxes are opaque and cover the ends of the lines.
    axes.plot([from_x, x], [from_y - 0.12, y - 0.12], color=colour, linewidth=2 if is_best else 1, zorder=1)
    ink = GREY if node.fate == "dropped" else INK
    box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": colour, "linewidth": 1.2}
    axes.text(x, y - 0.12, label(node.label, 12), ha="center", va="center", fontsize=9, color=ink, bbox=box)
    under = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    axes.text(x, y + 0.33, f"{node.total:.2f}", ha="center", va="center", fontsize=7.5, color=ink, bbox=under)


def _curve(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str, name: str) -> None:
    axes.plot(x, y, marker="o", markersize=4, color=colour, label=name)
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
    axes.set_xlabel("長度 length (token)")
