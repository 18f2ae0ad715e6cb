"""Optimisation: the published learning-rate schedule, SAM, and an average of the weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def linear_schedule(step: int, *, steps: int, start: float, peak: float, warmup: float = 0.25) -> float:
    """Learning rate of a step in [0, steps): from `start` to `peak` over the first `warmup` share, then linearly to 0."""
    rise = warmup * steps
    if step < rise:
        return start + (peak - start) * step / rise
    return peak * (steps - step) / max(steps - rise, 1)


class SAM:
    """Sharpness-aware minimisation over any optimiser (Foret et al., ICLR 2021): the gradient is taken where the loss is worst nearby.

    `rho` is the radius of the neighbourhood, an L2 norm over all parameters; 0 leaves the plain optimiser.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, rho: float) -> None:
        if rho < 0:
            raise ValueError(f"rho must not be negative: {rho}")
        self.optimizer = optimizer
        self.rho = rho

    def step(self, loss: Callable[[], Tensor]) -> Tensor:
        """One update. `loss` computes the loss anew and calls backward; it runs once, or twice when rho > 0. Returns the first loss."""
        self.optimizer.zero_grad(set_to_none=True)
        value = loss()
        if self.rho > 0:
            moved = self._climb()
            self.optimizer.zero_grad(set_to_none=True)
            loss()
            with torch.no_grad():
                for parameter, offset in moved:
                    parameter.sub_(offset)
        self.optimizer.step()
        return value

    @torch.no_grad()
    def _climb(self) -> list[tuple[Tensor, Tensor]]:
        parameters = [
            p for group in self.optimizer.param_groups for p in group["params"] if p.grad is not None
        ]
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(p.grad) for p in parameters]))
        moved = [(p, p.grad * (self.rho / (norm + 1e-12))) for p in parameters]
        for parameter, offset in moved:
            parameter.add_(offset)
        return moved


class WeightAverage:
    """An exponential moving average of a network's weights and buffers, whose early steps count less (no bias to the start)."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values: dict[str, Tensor] = {
            name: value.detach().clone() for name, value in model.state_dict().items()
        }

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)
            else:
                self.values[name].copy_(value)
