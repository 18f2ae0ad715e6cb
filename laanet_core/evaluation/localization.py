"""Localization: agreement between a heatmap and the region that a person painted on the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.results import Heatmap

# A heatmap cell of at least this value counts as marked.
HOT = 0.5

# A cell counts as painted if at least this share of it is.
PAINTED_SHARE = 0.25


@dataclass(frozen=True)
class Agreement:
    """Agreement of a heatmap with a painted region.

    `hit` is True if the heatmap's peak lies in the region (pointing game, Zhang et al. 2016). `iou` is the
    intersection over union, in [0, 1], of the marked cells and the painted cells.
    """

    hit: bool
    iou: float


def agreement(mask: npt.NDArray[np.uint8], heatmap: Heatmap, size: tuple[int, int]) -> Agreement | None:
    """Compare a heatmap (S/4, S/4) with a painted mask (h, w); arguments as for `painted_cells`.

    Returns None if no part of the region lies in the heatmap's box: it belongs to another face.
    """
    painted = painted_cells(mask, heatmap, size)
    if not painted.any():
        return None
    hot = heatmap.values >= HOT
    peak = int(heatmap.values.argmax())
    intersection = (hot & painted).sum()
    union = (hot | painted).sum()
    return Agreement(hit=bool(painted.ravel()[peak]), iou=float(intersection / union))


def painted_cells(
    mask: npt.NDArray[np.uint8], heatmap: Heatmap, size: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Return the heatmap's cells (S/4, S/4) that a painted region covers.

    mask (h, w) uint8, above 0 if painted, spans the whole upright picture at any scale; `size` is the
    picture's (width, height) in pixels.
    """
    height, width = mask.shape
    # Mask pixels per picture pixel.
    scale_x = width / size[0]
    scale_y = height / size[1]
    cells = heatmap.values.shape[0]
    x1, y1, x2, y2 = heatmap.box
    # Edges of the cells, in pixels of the mask.
    columns = np.linspace(x1 * scale_x, x2 * scale_x, cells + 1)
    rows = np.linspace(y1 * scale_y, y2 * scale_y, cells + 1)
    # Painted area above and left of every pixel corner (summed-area table).
    table = np.cumsum(np.cumsum(mask > 0, axis=0, dtype=np.float64), axis=1)
    table = np.pad(table, ((1, 0), (1, 0)))
    corner_sums = _interpolate(table, rows, columns)
    areas = np.outer(np.diff(rows), np.diff(columns))
    share = np.diff(np.diff(corner_sums, axis=0), axis=1) / areas
    return np.asarray(share >= PAINTED_SHARE, np.bool_)


def _interpolate(
    table: npt.NDArray[np.float64], rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return a summed-area table (h+1, w+1) at fractional rows (R,) and columns (C,), as (R, C).

    Beyond its edges the table stays constant.
    """

    def along_rows(
        values: npt.NDArray[np.float64], positions: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        positions = positions.clip(0, len(values) - 1)
        low = np.minimum(positions.astype(np.intp), len(values) - 2)
        fraction = (positions - low)[:, None]
        return np.asarray(values[low] * (1 - fraction) + values[low + 1] * fraction)

    return along_rows(along_rows(table, rows).T, columns).T
