"""Vulnerable points of a heatmap (paper section 3.1): its strongest local maxima."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from laanet_core.results import Heatmap

# Lowest heatmap value of a point: the head's value for every cell before training, sigmoid(-2.19). The
# starter network stays below it on samples that it calls real (0.04 to 0.05), reaches 0.11 and 0.14 on two
# real faces that it finds inconclusive, and 0.19 on the self-blended example. It lies above
# overlay.FAINT_HEAT, so that every point has visible heat around it.
POINT_HEAT = 0.1
MAX_POINTS = 8

# Smallest distance of two points, as a share of the heatmap's side: about an eye's height.
_SEPARATION = 1 / 16


class VulnerablePoint(NamedTuple):
    """Point (x, y) in pixels of the upright original, with the heatmap's value in [0, 1] as `strength`.

    Coordinates count from the upper left corner, so that the first pixel's centre is (0.5, 0.5).
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
    """Return up to `limit` local maxima of at least `threshold`, strongest first.

    `heatmap` (S/4, S/4) is in [0, 1], its box in pixels. Of maxima close together only the strongest
    counts. If `size` (width, height) of the original is given, points outside it are left out. Raises
    ValueError for a negative limit.
    """
    if limit < 0:
        raise ValueError(f"limit must not be negative, not {limit}")
    values = heatmap.values
    neighbourhood_max = cv2.dilate(values, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((values >= neighbourhood_max) & (values >= threshold))
    x1, y1, x2, y2 = heatmap.box
    height, width = values.shape
    separation = max(width * _SEPARATION, 1.0)
    chosen: list[tuple[int, int]] = []
    points: list[VulnerablePoint] = []
    for index in np.argsort(-values[rows, columns], kind="stable"):
        if len(points) == limit:
            break
        row, column = int(rows[index]), int(columns[index])
        x = x1 + (column + 0.5) * (x2 - x1) / width
        y = y1 + (row + 0.5) * (y2 - y1) / height
        if size is not None and not (0 <= x < size[0] and 0 <= y < size[1]):
            continue
        distances = [np.hypot(row - other_row, column - other_column) for other_row, other_column in chosen]
        if all(distance >= separation for distance in distances):
            chosen.append((row, column))
            points.append(VulnerablePoint(x, y, float(values[row, column])))
    return points
