"""What the network should answer for a blending boundary B: vulnerable points, heatmap and consistency (paper sections 3.1, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.types import FloatMap

MINIMUM_OVERLAP = 0.7  # CornerNet's
WEAKEST_POINT = 0.25  # a quadrant whose boundary is fainter has no vulnerable point


@dataclass(frozen=True)
class Target:
    """`heatmap` (h, w) in [0, 1]; `consistency` (h, w) in [0, 1]; `anchor` is the (row, column) the consistency is measured from."""

    heatmap: FloatMap
    consistency: FloatMap
    anchor: tuple[int, int]


def vulnerable_points(boundary: FloatMap) -> npt.NDArray[np.int64]:
    """(row, column) of the cells equal to their quadrant's maximum of B, (N, 2), as the released code chooses them."""
    height, width = boundary.shape
    chosen = np.zeros(boundary.shape, np.bool_)
    for part in ((rows, columns) for rows in _halves(height) for columns in _halves(width)):
        peak = boundary[part].max()
        if peak >= WEAKEST_POINT:
            chosen[part] = boundary[part] == peak
    return np.argwhere(chosen)


def _halves(length: int) -> tuple[slice, slice]:
    return slice(0, length // 2), slice(length // 2, length)


def gaussian_radius(
    height: npt.ArrayLike, width: npt.ArrayLike, overlap: float = MINIMUM_OVERLAP
) -> npt.NDArray[np.float64]:
    """CornerNet's radius: the smallest of the three ways two boxes of that size can still overlap by `overlap`; all (N,)."""
    height, width = np.asarray(height, np.float64), np.asarray(width, np.float64)
    total, area = height + width, height * width
    root1 = (total - np.sqrt(np.maximum(total**2 - 4 * area * (1 - overlap) / (1 + overlap), 0))) / 2
    root2 = (2 * total - np.sqrt(np.maximum(4 * total**2 - 16 * (1 - overlap) * area, 0))) / 8
    root3 = (
        -2 * overlap * total + np.sqrt(4 * overlap**2 * total**2 + 16 * overlap * (1 - overlap) * area)
    ) / (8 * overlap)
    return np.asarray(np.maximum(np.minimum(np.minimum(root1, root2), root3), 0), np.float64)


def heatmap_target(boundary: FloatMap) -> FloatMap:
    """Unnormalised Gaussians on the vulnerable points of B (h, w), merged by maximum; sigma adapts to the boundary's width there."""
    points = vulnerable_points(boundary)
    if not len(points):
        return np.zeros_like(boundary)
    strong = boundary > 0.5
    rows, columns = points.T
    heights, widths = run_lengths(strong.T).T[rows, columns], run_lengths(strong)[rows, columns]
    sigmas = gaussian_radius(heights, widths) / 3 + 1e-4
    bells = (
        _bells(rows, sigmas, boundary.shape[0])[:, :, None]
        * _bells(columns, sigmas, boundary.shape[1])[:, None, :]
    )
    return np.asarray(bells.max(axis=0), np.float32)


def consistency_target(boundary: FloatMap, anchor: tuple[int, int]) -> FloatMap:
    """C = 1 - |b_anchor - B| (paper eq. 5); 1 everywhere for a real image, whose B is 0."""
    return np.asarray(1 - np.abs(boundary[anchor] - boundary), np.float32)


def make_target(boundary: FloatMap, rng: np.random.Generator, *, real_consistency: float = 1.0) -> Target:
    """Targets for B (h, w). The anchor is B's maximum, or a random cell where there is no boundary, as in a real image.

    There C is `real_consistency` everywhere: 1 in the paper, 0 in the released code.
    """
    if boundary.max() > 0:
        row, column = divmod(int(boundary.argmax()), boundary.shape[1])
        consistency = consistency_target(boundary, (row, column))
    else:
        row, column = divmod(int(rng.integers(boundary.size)), boundary.shape[1])
        consistency = np.full_like(boundary, real_consistency)
    return Target(heatmap=heatmap_target(boundary), consistency=consistency, anchor=(row, column))


def run_lengths(lines: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """For every cell of lines (h, w), how long the run of True cells in its row is that it belongs to; 1 where it is False."""
    places = np.arange(lines.shape[1])
    before = np.maximum.accumulate(np.where(lines, -1, places), axis=1)
    after = np.minimum.accumulate(np.where(lines, lines.shape[1], places)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.where(lines, after - before - 1, 1), np.int64)


def _bells(centers: npt.NDArray[np.int64], sigmas: npt.NDArray[np.float64], size: int) -> FloatMap:
    """One-dimensional Gaussians (N, size), 0 beyond three sigmas."""
    distances = np.abs(np.arange(size)[None] - centers[:, None])
    bells = np.exp(-(distances**2) / (2 * sigmas[:, None] ** 2))
    return np.asarray(np.where(distances <= (3 * sigmas[:, None]).astype(np.int64), bells, 0), np.float32)
