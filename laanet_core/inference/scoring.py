"""Scoring of face crops: logits and heatmaps, with the flip test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from laanet_core.media.interruption import checkpoint
from laanet_core.modeling.preprocessing import to_input
from laanet_core.runtimes.base import Runtime
from laanet_core.types import RGBImage


@dataclass(frozen=True)
class Scores:
    """Uncalibrated scores of N crops.

    `fake_logit` (N,) float32; `heatmap` (N, S/4, S/4) float32 in [0, 1]; `unmirrored_logit` (N,) float32, the
    logits of the crops alone, which equal `fake_logit` without the flip test.
    """

    fake_logit: npt.NDArray[np.float32]
    heatmap: npt.NDArray[np.float32]
    unmirrored_logit: npt.NDArray[np.float32]


@torch.inference_mode()
def score_crops(runtime: Runtime, crops: Sequence[RGBImage], *, flip: bool = True) -> Scores:
    """Score face crops, each (S, S, 3) uint8 RGB with S the model's input size.

    With `flip`, the logits and heatmap logits of a crop and its mirror image are averaged (the paper's flip
    test). A crop's scores do not depend on the other crops beyond rounding. Raises ValueError for a crop of
    another shape.
    """
    size, cells = runtime.config.input_size, runtime.config.heatmap_size
    logits = np.empty(len(crops), np.float32)
    unmirrored_logits = np.empty(len(crops), np.float32)
    heatmaps = np.empty((len(crops), cells, cells), np.float32)
    step = max(runtime.batch_size // (2 if flip else 1), 1)
    for start in range(0, len(crops), step):
        checkpoint()
        batch = crops[start : start + step]
        for crop in batch:
            if crop.shape != (size, size, 3):
                raise ValueError(f"crops must have shape ({size}, {size}, 3), not {crop.shape}")
        pixels = np.stack(batch)
        if flip:
            pixels = np.concatenate([pixels, pixels[:, :, ::-1]])
        output = runtime(to_input(pixels, runtime.device))
        logit = output.fake_logit.float()  # (N,)
        heatmap = output.heatmap_logits.float().squeeze(1)  # (N, S/4, S/4)
        unmirrored_logits[start : start + len(batch)] = logit[: len(batch)].cpu().numpy()
        if flip:
            straight, mirrored = heatmap.chunk(2)
            logit = logit.view(2, -1).mean(dim=0)
            heatmap = (straight + mirrored.flip(2)) / 2
        logits[start : start + len(batch)] = logit.cpu().numpy()
        heatmaps[start : start + len(batch)] = heatmap.sigmoid().cpu().numpy()
    return Scores(fake_logit=logits, heatmap=heatmaps, unmirrored_logit=unmirrored_logits)


def turn_heatmap(values: npt.NDArray[np.float32], roll: float) -> npt.NDArray[np.float32]:
    """Turn a heatmap (S/4, S/4) about its centre, clockwise by `roll` degrees; 0 comes in from outside.

    Returns (S/4, S/4). This turns the heatmap of an upright crop back into the picture. Without a turn it
    returns the heatmap itself.
    """
    if roll == 0:
        return values
    middle = (len(values) - 1) / 2
    # OpenCV counts angles counterclockwise.
    matrix = cv2.getRotationMatrix2D((middle, middle), -roll, 1.0)
    return np.asarray(cv2.warpAffine(values, matrix, values.shape, flags=cv2.INTER_LINEAR), np.float32)
