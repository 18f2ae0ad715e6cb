"""How well a heatmap agrees with what a person painted on the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.results import Heatmap

HOT = 0.5  # from this value on a cell of the heatmap counts as marked
TOUCHED = 0.25  # a cell is painted where at least this share of it is


@dataclass(frozen=True)
class Agreement:
    """`hit`: the heatmap's peak lies in the painted region (pointing game, Zhang et al. 2016); `iou` in [0, 1] of hot and painted cells."""

    hit: bool
    iou: float


def painted_cells(
    mask: npt.NDArray[np.uint8], heatmap: Heatmap, size: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """The heatmap's cells (S/4, S/4) that a region covers.

    `mask` (h, w) uint8, above 0 where painted, lies over the whole upright picture of `size` (width, height) in pixels, at any scale.
    """
    height, width = mask.shape
    across, down = width / size[0], height / size[1]
    cells = heatmap.values.shape[0]
    x1, y1, x2, y2 = heatmap.box
    columns, rows = (
        np.linspace(x1 * across, x2 * across, cells + 1),
        np.linspace(y1 * down, y2 * down, cells + 1),
    )
    painted = np.pad(np.cumsum(np.cumsum(mask > 0, axis=0, dtype=np.float64), axis=1), ((1, 0), (1, 0)))
    whole = _at(painted, rows, columns)
    share = np.diff(np.diff(whole, axis=0), axis=1) / np.outer(np.diff(rows), np.diff(columns))
    return np.asarray(share >= TOUCHED, np.bool_)


def agreement(mask: npt.NDArray[np.uint8], heatmap: Heatmap, size: tuple[int, int]) -> Agreement | None:
    """None where nothing of the region lies within the heatmap's box: it is about another face."""
    painted = painted_cells(mask, heatmap, size)
    if not painted.any():
        return None
    hot = heatmap.values >= HOT
    return Agreement(
        bool(painted.ravel()[int(heatmap.values.argmax())]),
        float((hot & painted).sum() / (hot | painted).sum()),
    )


def _at(
    sums: npt.NDArray[np.float64], rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The summed-area table between its grid points; beyond the edges nothing is added."""

    def along(values: npt.NDArray[np.float64], places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        places = places.clip(0, len(values) - 1)
        low = np.minimum(places.astype(np.intp), len(values) - 2)
        part = (places - low)[:, None]
        return np.asarray(values[low] * (1 - part) + values[low + 1] * part)

    return along(along(sums, rows).T, columns).T
