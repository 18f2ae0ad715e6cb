from __future__ import annotations

import numpy as np

from laanet_core.data.blending_boundary import blending_boundary, region_boundary, resample_boundary


def test_the_boundary_by_hand() -> None:
    mask = np.array([[0, 0.5, 1, 0.25]], np.float32)
    assert blending_boundary(mask).tolist() == [[0, 1, 0, 0.75]]


def test_a_thin_boundary_survives_resampling() -> None:
    boundary = np.zeros((64, 64), np.float32)
    boundary[:, 30] = 1
    assert resample_boundary(boundary, 16)[:, 7].tolist() == [0.25] * 16


def test_a_painted_region_is_strongest_in_its_middle() -> None:
    region = np.zeros((64, 64), np.uint8)
    region[8:56, 8:56] = 255
    boundary = region_boundary(region, 16)
    assert boundary[7:9, 7:9].min() == 1
    assert 0 < boundary[2, 2] < boundary[4, 4] < 1
    assert boundary[:2].max() == 0
    assert region_boundary(np.zeros((64, 64), np.uint8), 16).max() == 0
