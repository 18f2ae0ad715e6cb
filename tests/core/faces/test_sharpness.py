"""Sharpness of faces and of their surroundings."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.faces.sharpness import SHARPNESS_SIDE, face_grey, sharpness, surrounding_sharpness
from laanet_core.media.images import read_image

PORTRAIT, BOX = "official_portrait_2012.jpg", (367.0, 79.0, 616.0, 428.0)


def test_sharpness_hardly_depends_on_size_and_falls_with_blur(samples: Path) -> None:
    rgb = read_image(samples / PORTRAIT)
    x1, y1, x2, y2 = BOX
    half = np.asarray(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    whole = sharpness(face_grey(rgb, (x1, y1, x2, y2), SHARPNESS_SIDE))
    assert sharpness(face_grey(half, (x1 / 2, y1 / 2, x2 / 2, y2 / 2), SHARPNESS_SIDE)) == pytest.approx(
        whole, abs=0.08
    )
    blurred = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 10), np.uint8)
    assert sharpness(face_grey(blurred, (x1, y1, x2, y2), SHARPNESS_SIDE)) < whole / 2


def test_surroundings_are_measured_without_the_face(samples: Path) -> None:
    rgb = read_image(samples / PORTRAIT).copy()
    whole = surrounding_sharpness(rgb, BOX)
    x1, y1, x2, y2 = (round(value) for value in BOX)
    rgb[y1:y2, x1:x2] = cv2.GaussianBlur(rgb[y1:y2, x1:x2], (0, 0), 20)
    assert surrounding_sharpness(rgb, BOX) == pytest.approx(whole, abs=0.1)
    assert surrounding_sharpness(np.full_like(rgb, 90), BOX) == 0
