"""Mean colours of areas, beside means of the pixels themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from laanet_core.faces.area_means import crop, divide, divide_side, integral_images, shrink

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 37, 53, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(37, 53), (20, 31), (5, 7), (40, 60)])
def test_shrunk_pictures_are_those_of_adaptive_pooling(size: tuple[int, int]) -> None:
    shrunk = shrink(integral_images(PICTURES), divide_side(37, size[0]), divide_side(53, size[1]))
    images = torch.from_numpy(PICTURES.astype(np.float32)).permute(0, 3, 1, 2)
    expected = torch.nn.functional.adaptive_avg_pool2d(images, size).permute(0, 2, 3, 1).numpy()
    assert shrunk == pytest.approx(expected, abs=1e-3)


def test_bands_of_windows_are_rows_of_the_whole() -> None:
    integrals = integral_images(PICTURES)
    rows, columns = divide_side(37, 20), divide_side(53, 31)
    assert np.array_equal(shrink(integrals, rows[4:9], columns), shrink(integrals, rows, columns)[:, 4:9])


def test_crops_are_means_of_their_own_parts() -> None:
    starts, ends = np.array([[3, 2], [10, 0]]), np.array([[15, 26], [53, 37]])
    columns, rows = (divide(starts[:, axis], ends[:, axis], 6) for axis in (0, 1))
    first, second = crop(integral_images(PICTURES), np.array([1, 0]), rows, columns)
    assert first[0, 0] == pytest.approx(PICTURES[1, 2:6, 3:5].mean(axis=(0, 1)))
    assert second[5, 5] == pytest.approx(PICTURES[0, 30:37, 45:53].mean(axis=(0, 1)))
