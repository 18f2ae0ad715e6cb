"""Pixelated and barred faces, beside clean ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.faces.detector import FaceDetector
from laanet_core.faces.hidden_faces import is_barred, is_pixelated
from laanet_core.faces.quality_limits import LIMITS
from laanet_core.media.images import read_image

ASTRONAUT, BOX = "astronaut.png", (181, 62, 268, 172)


@pytest.mark.parametrize("block", [6, 8, 11])
def test_blocks_of_several_sizes_are_recognised(samples: Path, block: int) -> None:
    rgb = read_image(samples / ASTRONAUT).copy()
    assert not is_pixelated(rgb, BOX, LIMITS)
    x1, y1, x2, y2 = BOX
    size = ((x2 - x1) // block, (y2 - y1) // block)
    small = cv2.resize(rgb[y1:y2, x1:x2], size, interpolation=cv2.INTER_AREA)
    rgb[y1:y2, x1:x2] = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
    assert is_pixelated(rgb, BOX, LIMITS)
    assert not is_pixelated(np.full_like(rgb, 120), BOX, LIMITS)


@pytest.mark.parametrize("value", [0, 255])
def test_bars_over_the_eyes_are_recognised(samples: Path, value: int) -> None:
    rgb = read_image(samples / ASTRONAUT).copy()
    found = FaceDetector().detect(rgb)[0].found
    assert found is not None
    assert not is_barred(rgb, found, LIMITS)
    middle = round((found.landmarks[0][1] + found.landmarks[1][1]) / 2)
    rgb[middle - 7 : middle + 8, 175:275] = value
    assert is_barred(rgb, found, LIMITS)
