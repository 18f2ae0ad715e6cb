"""Training in bfloat16 where that pays."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def keep_depthwise_float32(model: nn.Module) -> None:
    """Run depthwise convolutions in float32 inside bfloat16 autocast on CPUs, in place.

    There the backward pass of a bfloat16 depthwise convolution is so slow that it takes half of a training step (measured with
    torch 2.15 on two AVX-512 cores: 15.7 images a second with it, 24.4 in float32, for laanet-lite at 224 px).
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels and module.groups > 1:
            module.__dict__["forward"] = _outside_autocast(module)


def _outside_autocast(module: nn.Conv2d) -> Any:
    inner = module.forward

    def forward(features: Tensor) -> Tensor:
        if features.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return inner(features)
        with torch.autocast("cpu", enabled=False):
            return inner(features.float()).to(features.dtype)

    return forward
