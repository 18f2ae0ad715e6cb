"""Optimisation: learning rate, sharpness-aware minimisation (SAM) and moving average of weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

# Keeps the gradient's norm away from zero where SAM divides by it.
_EPSILON = 1e-12


def linear_schedule(step: int, *, steps: int, start: float, peak: float, warmup: float = 0.25) -> float:
    """Return the learning rate of a step in [0, steps).

    It rises linearly from `start` to `peak` over the first `warmup` share of the steps, then falls linearly
    to 0.
    """
    warmup_steps = warmup * steps
    if step < warmup_steps:
        return start + (peak - start) * step / warmup_steps
    return peak * (steps - step) / max(steps - warmup_steps, 1)


class SAM:
    """Sharpness-aware minimisation with any optimiser (Foret et al., ICLR 2021).

    One update takes two gradients: compute gradients, `ascend`, compute gradients again, `step`. `rho` is the
    radius of the neighbourhood, an L2 norm over all parameters. Without `ascend`, `step` is the plain
    optimiser's.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, rho: float) -> None:
        if rho < 0:
            raise ValueError(f"rho must not be negative: {rho}")
        self.optimizer = optimizer
        self.rho = rho
        # Parameters with the offset by which `ascend` moved each of them.
        self._offsets: list[tuple[Tensor, Tensor]] = []

    @torch.no_grad()
    def ascend(self) -> None:
        """Move the parameters by `rho` along their gradient and clear the gradients.

        The new point has approximately the worst loss nearby.
        """
        parameters: list[Tensor] = []
        for group in self.optimizer.param_groups:
            parameters.extend(parameter for parameter in group["params"] if parameter.grad is not None)
        norms = [torch.linalg.vector_norm(parameter.grad) for parameter in parameters]
        scale = self.rho / (torch.linalg.vector_norm(torch.stack(norms)) + _EPSILON)
        self._offsets = [(parameter, parameter.grad * scale) for parameter in parameters]
        for parameter, offset in self._offsets:
            parameter.add_(offset)
        self.optimizer.zero_grad(set_to_none=True)

    @torch.no_grad()
    def step(self) -> None:
        """Undo `ascend`, then update the parameters with their present gradients."""
        for parameter, offset in self._offsets:
            parameter.sub_(offset)
        self._offsets = []
        self.optimizer.step()


def moving_average(model: nn.Module, decay: float, *, updates: int = 0) -> AveragedModel:
    """Return an exponential moving average of a network's weights and buffers.

    The average starts at the present values. The n-th update has the decay min(`decay`, n / (9 + n)), which
    is smaller at first, so that the initial weights fade quickly. `updates` is the number of updates that a
    resumed average has already received.
    """

    @torch.no_grad()
    def average_all(
        averages: list[Tensor] | tuple[Tensor, ...],
        values: list[Tensor] | tuple[Tensor, ...],
        count: Tensor | int,
    ) -> None:
        number = int(count)
        weight = 1 - min(decay, number / (9 + number))
        for average, value in zip(averages, values, strict=True):
            if average.is_floating_point():
                average.lerp_(value, weight)
            else:
                average.copy_(value)

    averaged = AveragedModel(model, multi_avg_fn=average_all, use_buffers=True)
    # AveragedModel copies the network at update 0; counting from 1 averages from the start.
    averaged.n_averaged.fill_(updates + 1)
    return averaged
