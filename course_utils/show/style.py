"""One look for all pictures: fonts, sizes, and colours that colour-blind readers can tell apart.

Pictures are opaque and light, so that they read the same in a dark theme. Colours: Okabe and Ito, "Color
Universal Design" (2008); the colour map is matplotlib's cividis.
"""

from typing import TYPE_CHECKING, Any

from .fonts import families

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#999999"
INK, PAPER, HOLE = "#222222", "#FFFFFF", "#ECECEC"
COLOURS = "cividis"

WIDTH = 7.2
"""Width of a full picture, in inches."""
DPI = 110


def style() -> "dict[RcKeyType, Any]":
    """Return the matplotlib settings of a picture, for `matplotlib.rc_context`."""
    return {
        "font.family": list(families()),
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.labelsize": 10,
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.facecolor": PAPER,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        # A dollar sign in a token is a dollar sign.
        "text.parse_math": False,
        "text.usetex": False,
        "legend.frameon": False,
    }
