"""What the network should answer for a blending boundary B: vulnerable points, heatmap and consistency (paper sections 3.1, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

FloatMap = npt.NDArray[np.float32]
MINIMUM_OVERLAP = 0.7  # CornerNet's
WEAKEST_POINT = 0.25  # a quadrant whose boundary is fainter has no vulnerable point


@dataclass(frozen=True)
class Target:
    """`heatmap` (h, w) in [0, 1]; `consistency` (h, w) in [0, 1]; `anchor` is the (row, column) the consistency is measured from."""

    heatmap: FloatMap
    consistency: FloatMap
    anchor: tuple[int, int]


def resample_boundary(boundary: FloatMap, size: int) -> FloatMap:
    """B (H, W) at (size, size) by area, so that thin boundaries survive."""
    return np.asarray(cv2.resize(boundary, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def vulnerable_points(boundary: FloatMap) -> list[tuple[int, int]]:
    """(row, column) of the cells equal to their quadrant's maximum of B, as the released code chooses them."""
    height, width = boundary.shape
    points: list[tuple[int, int]] = []
    for top, bottom in ((0, height // 2), (height // 2, height)):
        for left, right in ((0, width // 2), (width // 2, width)):
            quadrant = boundary[top:bottom, left:right]
            peak = float(quadrant.max())
            if peak >= WEAKEST_POINT:
                rows, columns = np.nonzero(quadrant == peak)
                points.extend((int(row) + top, int(column) + left) for row, column in zip(rows, columns, strict=True))
    return points


def gaussian_radius(height: float, width: float, overlap: float = MINIMUM_OVERLAP) -> float:
    """CornerNet's radius: the smallest of the three ways two boxes of that size can still overlap by `overlap`."""
    total = height + width
    area = height * width
    root1 = (total - np.sqrt(max(total**2 - 4 * area * (1 - overlap) / (1 + overlap), 0))) / 2
    root2 = (2 * total - np.sqrt(max(4 * total**2 - 16 * (1 - overlap) * area, 0))) / 8
    root3 = (-2 * overlap * total + np.sqrt(4 * overlap**2 * total**2 + 16 * overlap * (1 - overlap) * area)) / (8 * overlap)
    return float(max(min(root1, root2, root3), 0))


def heatmap_target(boundary: FloatMap) -> FloatMap:
    """Unnormalised Gaussians on the vulnerable points of B (h, w), merged by maximum; sigma adapts to the boundary's width there."""
    heatmap = np.zeros_like(boundary)
    strong = boundary > 0.5
    for row, column in vulnerable_points(boundary):
        size = _run_length(strong[:, column], row), _run_length(strong[row], column)
        sigma = gaussian_radius(*size) / 3 + 1e-4
        _draw_gaussian(heatmap, (row, column), sigma)
    return heatmap


def consistency_target(boundary: FloatMap, anchor: tuple[int, int]) -> FloatMap:
    """C = 1 - |b_anchor - B| (paper eq. 5); 1 everywhere for a real image, whose B is 0."""
    return np.asarray(1 - np.abs(boundary[anchor] - boundary), np.float32)


def make_target(boundary: FloatMap, rng: np.random.Generator) -> Target:
    """Targets for B (h, w). The anchor is B's maximum, or a random cell where there is no boundary."""
    anchor = _anchor(boundary, rng)
    return Target(heatmap=heatmap_target(boundary), consistency=consistency_target(boundary, anchor), anchor=anchor)


def _anchor(boundary: FloatMap, rng: np.random.Generator) -> tuple[int, int]:
    index = int(boundary.argmax()) if boundary.max() > 0 else int(rng.integers(boundary.size))
    return index // boundary.shape[1], index % boundary.shape[1]


def _run_length(line: npt.NDArray[np.bool_], start: int) -> int:
    """How many neighbouring cells around `start`, itself included, are True; at least 1."""
    if not line[start]:
        return 1
    stops = np.flatnonzero(~line)
    before = stops[stops < start]
    after = stops[stops > start]
    first = int(before[-1]) + 1 if before.size else 0
    last = int(after[0]) - 1 if after.size else line.size - 1
    return last - first + 1


def _draw_gaussian(heatmap: FloatMap, center: tuple[int, int], sigma: float) -> None:
    row, column = center
    reach = int(3 * sigma)
    top, bottom = max(row - reach, 0), min(row + reach + 1, heatmap.shape[0])
    left, right = max(column - reach, 0), min(column + reach + 1, heatmap.shape[1])
    rows = np.arange(top, bottom)[:, None] - row
    columns = np.arange(left, right)[None] - column
    bell = np.exp(-(rows**2 + columns**2) / (2 * sigma**2)).astype(np.float32)
    window = heatmap[top:bottom, left:right]
    np.maximum(window, bell, out=window)
