"""From face crops to logits and heatmaps: the one place where pixels become network input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from laanet_core.crops import RGBImage
from laanet_core.model import LAANet

BATCH_SIZE = 16


@dataclass(frozen=True)
class Scores:
    """`fake_logit` (N,) float32, uncalibrated; `heatmap` (N, S/4, S/4) float32 in [0, 1]."""

    fake_logit: npt.NDArray[np.float32]
    heatmap: npt.NDArray[np.float32]


def to_input(crops: npt.NDArray[np.uint8] | Tensor, device: torch.device | str = "cpu") -> Tensor:
    """Crops (N, S, S, 3) uint8 RGB -> network input (N, 3, S, S) float32 in [-1, 1], channels last in memory."""
    pixels = crops if isinstance(crops, Tensor) else torch.from_numpy(np.ascontiguousarray(crops))
    return pixels.to(device).permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1


@torch.inference_mode()
def score_crops(model: LAANet, crops: Sequence[RGBImage], *, flip: bool = True, batch_size: int = BATCH_SIZE) -> Scores:
    """Judge face crops, each (S, S, 3) uint8 RGB with S the model's input size, in eval mode.

    With `flip`, logits and heatmap logits of a crop and its mirror image are averaged (the paper's flip test). A crop's
    scores do not depend on the others beyond rounding. Raises ValueError for a crop of another shape.
    """
    size, cells = model.config.input_size, model.config.heatmap_size
    logits = np.empty(len(crops), np.float32)
    heatmaps = np.empty((len(crops), cells, cells), np.float32)
    device = next(model.parameters()).device
    for start in range(0, len(crops), batch_size):
        batch = crops[start : start + batch_size]
        for crop in batch:
            if crop.shape != (size, size, 3):
                raise ValueError(f"crops must have shape ({size}, {size}, 3), not {crop.shape}")
        images = to_input(np.stack(batch), device)
        output = model(images)
        logit, heatmap = output.fake_logit, output.heatmap_logits.squeeze(1)  # (N,), (N, S/4, S/4)
        if flip:
            mirrored = model(images.flip(3))
            logit = (logit + mirrored.fake_logit) / 2
            heatmap = (heatmap + mirrored.heatmap_logits.squeeze(1).flip(2)) / 2
        logits[start : start + len(batch)] = logit.float().cpu().numpy()
        heatmaps[start : start + len(batch)] = heatmap.float().sigmoid().cpu().numpy()
    return Scores(fake_logit=logits, heatmap=heatmaps)
