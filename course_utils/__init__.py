"""A course on GPT-2 in English and Traditional Chinese: the few names that its notebooks import.

Importing this package is cheap: every name below loads what it needs when it is first used.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_utils.checkpoints import BUNDLED, applies, checkpoint
    from course_utils.explain import explain_last
    from course_utils.language import CourseError, language_switch

__version__ = "0.1.0"

# On Linux, PyTorch's threads spin while they wait for one another, and beside any other work on the machine they starve
# one another (tests/benchmarks/kernels.py). It is read when torch is imported; a setting of the user's own stays.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

# The module is called checkpoints, not checkpoint: importing a submodule sets an attribute of that name on
# the package, and a module `checkpoint` would take the place of the function.
_HOME = {
    "BUNDLED": "checkpoints",
    "CourseError": "language",
    "applies": "checkpoints",
    "checkpoint": "checkpoints",
    "explain_last": "explain",
    "language_switch": "language",
}
_SUBMODULES = frozenset(
    {
        "checkpoints",
        "conversion",
        "doctor",
        "explain",
        "explanations",
        "files",
        "gpt2",
        "handout",
        "home",
        "insight",
        "lab",
        "language",
        "lessons",
        "measure",
        "notebooks",
        "play",
        "practice",
        "prefetch",
        "show",
    }
    | {"training", "world"}
)

__all__ = [
    "BUNDLED",
    "CourseError",
    "__version__",
    "applies",
    "checkpoint",
    "explain_last",
    "language_switch",
]


def __getattr__(name: str) -> Any:
    """Load an exported name, or a submodule, when it is first asked for."""
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
