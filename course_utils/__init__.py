"""A course on GPT-2 in English and Traditional Chinese: the few names that its notebooks import.

Importing this package is cheap: every name below loads what it needs when it is first used.
"""

import os
from typing import TYPE_CHECKING

from ._lazy import attach

if TYPE_CHECKING:
    from .checkpoints import BUNDLED, applies, checkpoint
    from .explain import explain_last
    from .language import language_switch
    from .texts import CourseError

__version__ = "0.1.0"

# On Linux, PyTorch's threads spin while they wait for one another, and beside any other work on the machine they starve
# one another (tests/benchmarks/kernels.py). It is read when torch is imported; a setting of the user's own stays.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

# The module is called checkpoints, not checkpoint: importing a submodule sets an attribute of that name on
# the package, and a module `checkpoint` would take the place of the function.
__getattr__, __dir__, _names = attach(
    __name__,
    {
        "checkpoints": ("BUNDLED", "applies", "checkpoint"),
        "explain": ("explain_last",),
        "language": ("language_switch",),
        "texts": ("CourseError",),
    },
    submodules=True,
)
__all__ = [*_names, "__version__"]
