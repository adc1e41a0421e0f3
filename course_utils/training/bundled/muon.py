"""Muon, in float32: momentum whose update is made orthogonal. For the matrices inside the blocks.

After Keller Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), with the scale of Liu et
al., "Muon is Scalable for LLM Training" (arXiv:2502.16982, eq. 4), so that a learning rate for AdamW fits.
`torch.optim.Muon` works in bfloat16, which a CPU without bfloat16 instructions does some fifty times slower.
"""

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """An approximation of U Vᵀ, where U S Vᵀ = `matrix` [rows, columns], by a quintic Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide / (wide.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide is matrix else x.T


class Muon(torch.optim.Optimizer):
    """For two-dimensional parameters only; give the others to AdamW."""

    def __init__(self, params, lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)

    def _update(self, parameter: torch.Tensor, gradient: torch.Tensor, group: dict) -> None:
        state = self.state[parameter]
        average = state.setdefault("momentum", torch.zeros_like(parameter))
        average.lerp_(gradient, 1 - group["momentum"])
        update = orthogonal(gradient.lerp(average, group["momentum"]))
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(update, alpha=-group["lr"] * 0.2 * max(parameter.shape) ** 0.5)
