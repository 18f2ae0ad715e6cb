"""Vulnerable points read off a heatmap (paper section 3.1): the places where the network expects blending artefacts the most."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from laanet_core.results import Heatmap

# What the heatmap head says of every cell before it has learned anything: sigmoid of its first bias, -2.19. A cell below it is held less
# likely to hold a point than any cell is. The starter network stays below on samples that it calls real (0.04 to 0.05), reaches 0.11 and
# 0.14 on two real faces that it is not sure of, and 0.19 on the self-blended example. It lies above overlay.FAINT_HEAT, so every point has
# visible heat around it.
POINT_HEAT = 0.1
MAX_POINTS = 8
_SEPARATION = 1 / 16  # of the heatmap's side: two points of one face lie at least about an eye's height apart


class VulnerablePoint(NamedTuple):
    """(x, y) in pixels of the upright original, counted from its left upper corner, so that the first pixel's centre is (0.5, 0.5);
    `strength` in [0, 1] is the heatmap's value there.
    """

    x: float
    y: float
    strength: float


def vulnerable_points(
    heatmap: Heatmap,
    *,
    limit: int = MAX_POINTS,
    threshold: float = POINT_HEAT,
    size: tuple[int, int] | None = None,
) -> list[VulnerablePoint]:
    """Local maxima of at least `threshold`, strongest first, at most `limit`; of maxima close together the strongest stays.

    `heatmap` (S/4, S/4) in [0, 1] with its box in pixels. With the original's `size` (width, height), points of the crop's part outside of
    it are left out. A face without findings has none. Raises ValueError for a limit below 0.
    """
    if limit < 0:
        raise ValueError(f"limit must not be negative, not {limit}")
    values = heatmap.values
    highest = cv2.dilate(
        values, np.ones((3, 3), np.uint8)
    )  # of each cell and its neighbours; nothing lies beyond the edge
    rows, columns = np.nonzero((values >= highest) & (values >= threshold))
    x1, y1, x2, y2 = heatmap.box
    height, width = values.shape
    apart = max(width * _SEPARATION, 1.0)
    kept: list[tuple[int, int]] = []
    points: list[VulnerablePoint] = []
    for place in np.argsort(-values[rows, columns], kind="stable"):
        row, column = int(rows[place]), int(columns[place])
        x, y = x1 + (column + 0.5) * (x2 - x1) / width, y1 + (row + 0.5) * (y2 - y1) / height
        if len(points) == limit:
            break
        if size is not None and not (0 <= x < size[0] and 0 <= y < size[1]):
            continue
        if all(np.hypot(row - other_row, column - other_column) >= apart for other_row, other_column in kept):
            kept.append((row, column))
            points.append(VulnerablePoint(x, y, float(values[row, column])))
    return points
