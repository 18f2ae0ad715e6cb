"""Checks for faces that were hidden on purpose: pixelated or covered by a bar."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import enlarge_to_square, turned_matrix, warp
from laanet_core.faces.detector import FoundFace
from laanet_core.faces.quality_limits import QualityLimits
from laanet_core.faces.straightening import roll_of
from laanet_core.media.interruption import checkpoint
from laanet_core.types import Box, RGBImage

Floats = npt.NDArray[np.float32]

# Pixels of a face's middle part and of a block from which on blocks can be recognised.
_MIN_GRID_SIDE, _MIN_BLOCK = 16, 3.0

# Distances between steps that are tried at a time.
_PERIODS_AT_ONCE = 256

# Side in pixels of the upright copy of a face on which bars are searched.
_BAR_SIDE = 96

# Grey level below which a bar is black, whatever the skin.
_BLACK = 10


def is_pixelated(rgb: RGBImage, box: Box, limits: QualityLimits) -> bool:
    """Return whether a face in rgb (H, W, 3) uint8 consists of flat square blocks.

    Inside blocks neighbouring pixels hardly differ, and the steps between blocks have one distance, which is
    the same across and down.
    """
    grey = _middle(rgb, box)
    if min(grey.shape) < _MIN_GRID_SIDE:
        return False
    across = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    down = np.abs(np.diff(grey, axis=0)).mean(axis=1)
    flatness = max(float(np.median(steps) / max(steps.mean(), 1e-6)) for steps in (across, down))
    periods = np.arange(_MIN_BLOCK, min(grey.shape) / 2.5, 0.25)
    if flatness > limits.compressed_grid.max_flatness or not len(periods):
        return False
    periodicity = float(np.minimum(_periodicity(across, periods), _periodicity(down, periods)).max())
    return any(
        periodicity >= grid.min_periodicity and flatness <= grid.max_flatness
        for grid in (limits.sharp_grid, limits.compressed_grid)
    )


def _middle(rgb: RGBImage, box: Box) -> Floats:
    """Return the luma of the middle of a box, at the picture's own scale."""
    x1, y1, x2, y2 = box
    margin_x, margin_y = 0.15 * (x2 - x1), 0.15 * (y2 - y1)
    part = rgb[round(y1 + margin_y) : round(y2 - margin_y), round(x1 + margin_x) : round(x2 - margin_x)]
    if not part.size:
        return np.zeros((0, 0), np.float32)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY), np.float32)


def _periodicity(steps: Floats, periods: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how strictly (P,), in [0, 1], steps (N,) above their median have each of the periods (P,)."""
    weights = np.maximum(steps - np.median(steps), 0).astype(np.float64)
    strictness = np.empty(len(periods), np.float64)
    # Of a face that fills a picture of 50 megapixels, all phases at once would take 400 MB.
    for start in range(0, len(periods), _PERIODS_AT_ONCE):
        checkpoint()
        part = slice(start, start + _PERIODS_AT_ONCE)
        phases = np.exp(2j * np.pi * np.arange(len(steps)) / periods[part, None])
        strictness[part] = np.abs(phases @ weights)
    return strictness / max(float(weights.sum()), 1e-6)


def is_barred(rgb: RGBImage, found: FoundFace, limits: QualityLimits) -> bool:
    """Return whether a bar of one colour covers both eyes of a face in rgb (H, W, 3) uint8."""
    square = enlarge_to_square(found.box, 1.0)
    return any(
        _has_bar(rgb, turned_matrix(square, _BAR_SIDE, roll), found, limits) for roll in (0, roll_of(found))
    )


def _has_bar(rgb: RGBImage, matrix: npt.NDArray[np.float64], found: FoundFace, limits: QualityLimits) -> bool:
    """Return whether a level bar covers both eyes in the copy of a face that `matrix` (2, 3) makes."""
    copy = cv2.cvtColor(warp(rgb, matrix, (_BAR_SIDE, _BAR_SIDE)), cv2.COLOR_RGB2GRAY).astype(np.float32)
    eyes = cv2.transform(np.asarray(found.landmarks, np.float64)[None], matrix)[0][:2]
    left = max(int(eyes[:, 0].min()) - 5, 0)
    right = max(int(eyes[:, 0].max()) + 6, left + 1)
    cheeks = copy[int(0.6 * _BAR_SIDE) : int(0.75 * _BAR_SIDE), left:right]
    if not cheeks.size:
        return False
    middle = int(eyes[:, 1].mean())
    first, last = max(middle - 10, 2), min(middle + 11, _BAR_SIDE - 2)
    if first >= last:
        return False
    rows = np.lib.stride_tricks.sliding_window_view(copy[first - 2 : last + 2, left:right], 5, axis=0)
    values = rows.mean(axis=(1, 2))
    is_even = rows.std(axis=(1, 2)) <= limits.max_bar_contrast
    is_distinct = np.abs(values - np.median(cheeks)) >= limits.min_bar_difference
    return bool((is_even & ((values < _BLACK) | is_distinct)).any())
