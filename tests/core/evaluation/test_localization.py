from __future__ import annotations

import numpy as np
import pytest

from laanet_core.evaluation.localization import agreement, painted_cells
from laanet_core.results import Heatmap


def heat(cells: int = 8, box: tuple[float, float, float, float] = (100, 100, 180, 180)) -> Heatmap:
    """Return a heatmap that is hot in the upper left quarter of its box, with its peak in cell (1, 1)."""
    values = np.zeros((cells, cells), np.float32)
    values[: cells // 2, : cells // 2] = 0.6
    values[1, 1] = 0.9
    return Heatmap(values, box)


def painted_mask(
    x1: int, y1: int, x2: int, y2: int, size: tuple[int, int] = (400, 300), scale: float = 1.0
) -> np.ndarray:
    mask = np.zeros((round(size[1] * scale), round(size[0] * scale)), np.uint8)
    mask[round(y1 * scale) : round(y2 * scale), round(x1 * scale) : round(x2 * scale)] = 255
    return mask


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25])
def test_masks_of_any_scale_agree(scale: float) -> None:
    result = agreement(painted_mask(100, 100, 140, 140, scale=scale), heat(), (400, 300))
    assert result is not None
    assert (result.hit, result.iou) == (True, 1.0)


def test_half_of_the_hot_cells() -> None:
    result = agreement(painted_mask(100, 100, 140, 120), heat(), (400, 300))
    assert result is not None
    assert (result.hit, result.iou) == (True, 0.5)


def test_no_overlap() -> None:
    result = agreement(painted_mask(140, 100, 180, 140), heat(), (400, 300))
    assert result is not None
    assert (result.hit, result.iou) == (False, 0.0)


def test_overlap_of_a_third() -> None:
    result = agreement(painted_mask(120, 100, 160, 140), heat(), (400, 300))
    assert result is not None
    assert not result.hit
    assert result.iou == pytest.approx(1 / 3)


def test_a_region_on_another_face_has_no_agreement() -> None:
    assert agreement(painted_mask(300, 200, 380, 280), heat(), (400, 300)) is None


def test_a_box_beyond_the_picture() -> None:
    cells = painted_cells(painted_mask(0, 0, 400, 300), heat(box=(-40, -40, 40, 40)), (400, 300))
    assert cells[4:, 4:].all()
    assert not cells[:4].any()
    assert not cells[:, :4].any()


def test_a_small_share_of_a_cell_is_not_painted() -> None:
    assert not painted_cells(painted_mask(100, 100, 102, 104), heat(), (400, 300)).any()
    assert painted_cells(painted_mask(100, 100, 105, 106), heat(), (400, 300)).sum() == 1
