"""What a widget is on a page without widgets."""

from collections.abc import Mapping
from typing import Any


def with_twins(shown: Any, twins: Mapping[str, Any]) -> dict[str, Any]:
    """Return the MIME bundle of a widget with its static twins.

    `shown`: what the widget's own `_repr_mimebundle_` returned: data, data and metadata, or None.
    """
    data = shown[0] if isinstance(shown, tuple) else shown
    return {**(data or {}), **twins}
