"""Training targets of a blending boundary B: vulnerable points, heatmap and consistency.

Source: paper sections 3.1 and 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.types import FloatMap

# Smallest overlap (IoU) of two boxes in CornerNet's radius.
MINIMUM_OVERLAP = 0.7

# A quadrant whose boundary is fainter has no vulnerable point.
WEAKEST_POINT = 0.25

# A cell whose B is greater belongs to the boundary.
STRONG_BOUNDARY = 0.5

# Keeps sigma positive where the radius is 0.
_SMALLEST_SIGMA = 1e-4


@dataclass(frozen=True)
class Target:
    """Target maps of one image: `heatmap` and `consistency` (H, W) in [0, 1].

    `anchor` is the (row, column) of the cell that consistency is measured from.
    """

    heatmap: FloatMap
    consistency: FloatMap
    anchor: tuple[int, int]


def vulnerable_points(boundary: FloatMap) -> npt.NDArray[np.int64]:
    """Return (row, column) of the cells of B (H, W) that equal their quadrant's maximum, (N, 2).

    Source: the released code.
    """
    height, width = boundary.shape
    is_point = np.zeros(boundary.shape, np.bool_)
    for rows in _halves(height):
        for columns in _halves(width):
            peak = boundary[rows, columns].max()
            if peak >= WEAKEST_POINT:
                is_point[rows, columns] = boundary[rows, columns] == peak
    return np.argwhere(is_point)


def gaussian_radius(
    height: npt.ArrayLike, width: npt.ArrayLike, overlap: float = MINIMUM_OVERLAP
) -> npt.NDArray[np.float64]:
    """Return CornerNet's radius of boxes with height and width (N,), as (N,).

    It is the smallest radius, over the three ways to move two corners, at which the boxes overlap by
    `overlap`.
    """
    height, width = np.asarray(height, np.float64), np.asarray(width, np.float64)
    total, area = height + width, height * width
    one_inside = (total - np.sqrt(np.maximum(total**2 - 4 * area * (1 - overlap) / (1 + overlap), 0))) / 2
    both_inside = (2 * total - np.sqrt(np.maximum(4 * total**2 - 16 * (1 - overlap) * area, 0))) / 8
    both_outside = (
        -2 * overlap * total + np.sqrt(4 * overlap**2 * total**2 + 16 * overlap * (1 - overlap) * area)
    ) / (8 * overlap)
    smallest = np.minimum(np.minimum(one_inside, both_inside), both_outside)
    return np.asarray(np.maximum(smallest, 0), np.float64)


def heatmap_target(boundary: FloatMap) -> FloatMap:
    """Return unnormalised Gaussians at the vulnerable points of B (H, W), as (H, W) in [0, 1].

    They are merged by their maximum. Sigma adapts to the boundary's extent at the point.
    """
    points = vulnerable_points(boundary)
    if not len(points):
        return np.zeros_like(boundary)
    strong = boundary > STRONG_BOUNDARY
    rows, columns = points.T
    heights, widths = run_lengths(strong.T).T[rows, columns], run_lengths(strong)[rows, columns]
    sigmas = gaussian_radius(heights, widths) / 3 + _SMALLEST_SIGMA
    vertical = _gaussians(rows, sigmas, boundary.shape[0])  # (N, h)
    horizontal = _gaussians(columns, sigmas, boundary.shape[1])  # (N, w)
    return np.asarray((vertical[:, :, None] * horizontal[:, None, :]).max(axis=0), np.float32)


def consistency_target(boundary: FloatMap, anchor: tuple[int, int]) -> FloatMap:
    """Return C = 1 - |B at the anchor - B| for B (H, W) (paper eq. 5), (H, W) in [0, 1]."""
    return np.asarray(1 - np.abs(boundary[anchor] - boundary), np.float32)


def make_target(boundary: FloatMap, rng: np.random.Generator, *, real_consistency: float = 1.0) -> Target:
    """Return the targets of B (H, W).

    The anchor is B's maximum. Without a boundary, as in a real image, it is a random cell and C is
    `real_consistency` everywhere: 1 in the paper, 0 in the released code.
    """
    if boundary.max() > 0:
        row, column = divmod(int(boundary.argmax()), boundary.shape[1])
        consistency = consistency_target(boundary, (row, column))
    else:
        row, column = divmod(int(rng.integers(boundary.size)), boundary.shape[1])
        consistency = np.full_like(boundary, real_consistency)
    return Target(heatmap=heatmap_target(boundary), consistency=consistency, anchor=(row, column))


def run_lengths(lines: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the length of every cell's horizontal run of True cells in lines (H, W).

    A False cell gets 1.
    """
    indices = np.arange(lines.shape[1])
    last_false = np.maximum.accumulate(np.where(lines, -1, indices), axis=1)
    reversed_indices = np.where(lines, lines.shape[1], indices)[:, ::-1]
    next_false = np.minimum.accumulate(reversed_indices, axis=1)[:, ::-1]
    return np.asarray(np.where(lines, next_false - last_false - 1, 1), np.int64)


def _halves(length: int) -> tuple[slice, slice]:
    return slice(0, length // 2), slice(length // 2, length)


def _gaussians(
    centers: npt.NDArray[np.int64], sigmas: npt.NDArray[np.float64], size: int
) -> npt.NDArray[np.float32]:
    """Return one-dimensional Gaussians (N, size), 0 beyond three sigmas."""
    distances = np.abs(np.arange(size)[None] - centers[:, None])
    values = np.exp(-(distances**2) / (2 * sigmas[:, None] ** 2))
    return np.asarray(np.where(distances <= (3 * sigmas[:, None]).astype(np.int64), values, 0), np.float32)
