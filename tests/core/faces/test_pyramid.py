"""Levels of pyramids, their bands, and crops of candidates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from laanet_core.faces.pyramid import AreaCrops, CopyLevel, PictureCrops, bands

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(1, 12, 12), (1, 5000, 700), (8, 243, 432), (1, 769, 577), (1, 90, 40000)])
def test_bands_overlap_and_cover_all_rows(shape: tuple[int, int, int]) -> None:
    edges = list(bands(shape, 10))
    assert edges[0][0] == 0
    assert edges[-1][1] == shape[1]
    for (_, end), (start, _) in itertools.pairwise(edges):
        assert end - start == 10
    assert all(start % 2 == 0 for start, _ in edges)
    assert all(end % 2 == 0 for _, end in edges[:-1])
    assert len(edges) == 1 or shape[0] * shape[1] * shape[2] > 2**17


def test_levels_have_the_scale_of_the_pictures() -> None:
    level = AreaCrops([PICTURE, PICTURE]).level(0.5)
    assert (level.shape, level.scale) == ((2, 31, 41), 0.5)
    assert np.array_equal(level.pixels(0, 31)[:, 5:9], level.pixels(5, 9))
    copy = CopyLevel(PICTURE, 0.25)
    assert copy.shape == (1, 60, 80)
    assert np.array_equal(copy.pixels(3, 7)[0], PICTURE[3:7])


def test_both_sources_give_nearly_the_same_crops() -> None:
    smooth = np.linspace(0, 255, 80, dtype=np.uint8)[None, :, None].repeat(60, axis=0).repeat(3, axis=2)
    picture, starts, ends = (
        np.zeros(2, np.int64),
        np.array([[0, 0], [20, 10]]),
        np.array([[80, 60], [68, 58]]),
    )
    area, scaled = AreaCrops([smooth]), PictureCrops(smooth)
    assert area.shape == scaled.shape == (1, 60, 80)
    crops = scaled.crops(picture, starts, ends, 24)
    assert crops.shape == (2, 24, 24, 3)
    assert crops == pytest.approx(area.crops(picture, starts, ends, 24), abs=3)
