"""Widgets to play with, each of them built on code that a lesson writes by hand before.

`next_token`, `sampling_playground`, `attention_explorer`, `conversion_lab`, `autocomplete`, `storyteller`. A widget only wires controls to what
`insight` computes and `show` draws; where there are no widgets, `.twin()` is its picture.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attention import attention_explorer
    from .broken_models import conversion_lab
    from .next_tokens import next_token
    from .playground import sampling_playground
    from .writers import autocomplete, storyteller

# No module bears the name of a function: importing it would put the module in the function's place.
_HOME = {
    "attention_explorer": "attention",
    "autocomplete": "writers",
    "conversion_lab": "broken_models",
    "next_token": "next_tokens",
    "sampling_playground": "playground",
    "storyteller": "writers",
}

__all__ = [
    "attention_explorer",
    "autocomplete",
    "conversion_lab",
    "next_token",
    "sampling_playground",
    "storyteller",
]


def __getattr__(name: str) -> Any:
    """Load a widget when it is first asked for: ipywidgets and torch come with it."""
    if name in _HOME:
        globals()[name] = value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
