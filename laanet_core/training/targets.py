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

# Smallest B of a vulnerable point; a quadrant with a fainter boundary has none.
WEAKEST_POINT = 0.25

# A cell whose B is greater belongs to the boundary.
STRONG_BOUNDARY = 0.5

# A Gaussian ends at its radius, which is this many sigmas.
_SIGMAS_PER_RADIUS = 3

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
    """Return CornerNet's radius of boxes with height and width (N,), in their unit, as (N,).

    Two opposite corners of a box move by the radius at most, and the box still overlaps with the original one
    by an IoU of `overlap`. One corner may move inwards, both, or neither; the smallest of the three radii
    counts.
    """
    height = np.asarray(height, np.float64)
    width = np.asarray(width, np.float64)
    total = height + width
    area = height * width
    # Each radius is a root of a quadratic equation, whose discriminant comes first.
    discriminant = total**2 - 4 * area * (1 - overlap) / (1 + overlap)
    one_inside = (total - np.sqrt(np.maximum(discriminant, 0))) / 2
    discriminant = 4 * total**2 - 16 * (1 - overlap) * area
    both_inside = (2 * total - np.sqrt(np.maximum(discriminant, 0))) / 8
    discriminant = 4 * overlap**2 * total**2 + 16 * overlap * (1 - overlap) * area
    both_outside = (-2 * overlap * total + np.sqrt(discriminant)) / (8 * overlap)
    smallest = np.minimum(np.minimum(one_inside, both_inside), both_outside)
    return np.asarray(np.maximum(smallest, 0), np.float64)


def heatmap_target(boundary: FloatMap) -> FloatMap:
    """Return the heatmap (H, W) in [0, 1] of B (H, W): a Gaussian of height 1 at each vulnerable point.

    Where Gaussians overlap, the greatest counts. Sigma adapts to the boundary's extent at the point.
    """
    points = vulnerable_points(boundary)
    if not len(points):
        return np.zeros_like(boundary)
    is_strong = boundary > STRONG_BOUNDARY
    rows, columns = points.T
    # Extent of the strong boundary through each point, in cells (N,).
    heights = run_lengths(is_strong.T).T[rows, columns]
    widths = run_lengths(is_strong)[rows, columns]
    sigmas = gaussian_radius(heights, widths) / _SIGMAS_PER_RADIUS + _SMALLEST_SIGMA
    vertical = _gaussians(rows, sigmas, boundary.shape[0])  # (N, H)
    horizontal = _gaussians(columns, sigmas, boundary.shape[1])  # (N, W)
    gaussians = vertical[:, :, None] * horizontal[:, None, :]  # (N, H, W)
    return np.asarray(gaussians.max(axis=0), np.float32)


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
    """Return the length (H, W) of the horizontal run of True cells that each cell of lines (H, W) belongs to.

    A False cell gets 1.
    """
    indices = np.arange(lines.shape[1])
    # Index of the nearest False cell to the left, or -1.
    last_false = np.maximum.accumulate(np.where(lines, -1, indices), axis=1)
    # Index of the nearest False cell to the right, or the width.
    reversed_indices = np.where(lines, lines.shape[1], indices)[:, ::-1]
    next_false = np.minimum.accumulate(reversed_indices, axis=1)[:, ::-1]
    return np.asarray(np.where(lines, next_false - last_false - 1, 1), np.int64)


def _halves(length: int) -> tuple[slice, slice]:
    """Return the two halves of an axis; the second is longer by one cell if the length is odd."""
    return slice(0, length // 2), slice(length // 2, length)


def _gaussians(
    centers: npt.NDArray[np.int64], sigmas: npt.NDArray[np.float64], size: int
) -> npt.NDArray[np.float32]:
    """Return one-dimensional Gaussians (N, size) with centers (N,) and sigmas (N,), 0 beyond their radius."""
    distances = np.abs(np.arange(size)[None] - centers[:, None])  # (N, size)
    values = np.exp(-(distances**2) / (2 * sigmas[:, None] ** 2))
    radii = (_SIGMAS_PER_RADIUS * sigmas[:, None]).astype(np.int64)
    return np.asarray(np.where(distances <= radii, values, 0), np.float32)
