"""Tensors by name: those of a module, and whether two are the same."""

from collections.abc import Iterator

import torch
from torch import nn


def named_tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield every parameter and buffer under every one of its names."""
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def same(left: torch.Tensor | None, right: torch.Tensor | None) -> bool:
    """Return whether two tensors are equal to the bit, wherever they are.

    Tensors without numbers (on the meta device) equal only themselves.
    """
    if left is right:
        return True
    if left is None or right is None or left.shape != right.shape or left.is_meta or right.is_meta:
        return False
    return torch.equal(left.detach().cpu(), right.detach().cpu())
