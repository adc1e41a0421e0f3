"""Code, arguments and errors inside a message, whatever they hold."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import torch

from ...texts import Bilingual

_LONGEST = 120  # characters of all arguments together
_FEW = 12  # entries of a tensor that is shown whole


def code(text: str) -> str:
    """Return the text as Markdown code on one line, with a fence that no backtick in it can end."""
    text = " ".join(text.split())
    longest = max(map(len, re.findall("`+", text)), default=0)
    pad = " " if longest else ""
    return f"{'`' * (longest + 1)}{pad}{text}{pad}{'`' * (longest + 1)}"


def error_text(error: BaseException) -> str:
    """Return an error's type and the first line of what it says, as code; it may fail to say anything."""
    name = type(error).__name__
    try:
        detail = (str(error).strip().splitlines() or [""])[0][:160]
    except Exception:
        detail = ""
    return code(f"{name}: {detail}" if detail else name)


def with_arguments(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Bilingual:
    """Say with which arguments something happened, by the names of the function's parameters."""
    names = list(inspect.signature(function).parameters)[: len(arguments)]
    text = ", ".join(f"{name}={_short(value)}" for name, value in zip(names, arguments))
    shown = code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    return Bilingual(f"That was with {shown}.", f"當時的引數是 {shown}。")


def _short(value: Any) -> str:
    if isinstance(value, torch.nn.Module):
        return type(value).__name__
    if isinstance(value, torch.Tensor):
        whole = value.numel() <= _FEW and not value.is_floating_point()
        return f"tensor({value.tolist()})" if whole else f"tensor[{', '.join(map(str, value.shape))}]"
    if isinstance(value, Mapping):
        return f"{type(value).__name__}[{len(value)}]"
    return repr(value)
