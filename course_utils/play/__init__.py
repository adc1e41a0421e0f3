"""Widgets to play with, each of them built on code that a lesson writes by hand before.

`next_token`, `sampling_playground`, `attention_explorer`, `conversion_lab`, `autocomplete`, `storyteller`. A widget only wires controls to what
`insight` computes and `show` draws; where there are no widgets, `.twin()` is its picture.
"""

from typing import TYPE_CHECKING

from .._lazy import attach

if TYPE_CHECKING:
    from .attention import attention_explorer
    from .broken_models import conversion_lab
    from .next_tokens import next_token
    from .playground import sampling_playground
    from .writers import autocomplete, storyteller

# No module bears the name of a function: importing it would put the module in the function's place.
__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "attention": ("attention_explorer",),
        "broken_models": ("conversion_lab",),
        "next_tokens": ("next_token",),
        "playground": ("sampling_playground",),
        "writers": ("autocomplete", "storyteller"),
    },
)
