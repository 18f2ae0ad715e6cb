"""Conversion of face crops to network input."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

# Half of the largest level, which maps the levels 0 to 255 to the range of 0 to 2.
_HALF_RANGE = 127.5


def to_input(crops: npt.NDArray[np.uint8] | Tensor, device: torch.device | str = "cpu") -> Tensor:
    """Convert crops (N, S, S, 3) uint8 RGB to channels-last input (N, 3, S, S) float32 in [-1, 1]."""
    # torch would wake all its threads for this small conversion; NumPy runs it in the calling thread.
    if not isinstance(crops, Tensor) and torch.device(device).type == "cpu":
        values = np.divide(crops, np.float32(_HALF_RANGE), dtype=np.float32)
        values -= 1
        return torch.from_numpy(values).permute(0, 3, 1, 2)
    pixels = crops if isinstance(crops, Tensor) else torch.from_numpy(np.ascontiguousarray(crops))
    return pixels.to(device).permute(0, 3, 1, 2).to(torch.float32) / _HALF_RANGE - 1
