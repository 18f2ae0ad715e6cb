from __future__ import annotations

import cv2
import numpy as np
import pytest

from laanet_core.data.sharpness_matching import inner_sharpness, match_sharpness

SHARP = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
SOFT = np.asarray(cv2.GaussianBlur(SHARP, (0, 0), 1.3), np.uint8)


def test_the_sharper_image_is_blurred_to_the_other() -> None:
    assert inner_sharpness(SHARP) > 5 * inner_sharpness(SOFT)
    for first, second in ((SHARP, SOFT), (SOFT, SHARP)):
        matched = match_sharpness(first, second)
        assert inner_sharpness(matched[0]) == pytest.approx(inner_sharpness(matched[1]), rel=0.2)
        assert any(np.array_equal(image, SOFT) for image in matched)


def test_equal_images_stay_nearly_equal() -> None:
    first, second = match_sharpness(SOFT, SOFT.copy())
    assert np.abs(first.astype(int) - second).max() <= 2
