"""Tiny networks and random images for the tests of runtimes."""

from __future__ import annotations

import torch
from torch import Tensor

from laanet_core.modeling.laanet import LAANet
from tests.core.conftest import TINY


def tiny_network(seed: int = 0) -> LAANet:
    """Return a tiny network in eval mode with the random weights of a seed."""
    torch.manual_seed(seed)
    return LAANet(TINY).eval()


def random_images(count: int, seed: int = 0) -> Tensor:
    """Return images (count, 3, 64, 64) float32 in [-1, 1]."""
    return torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
