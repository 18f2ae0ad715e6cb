"""Roll of faces and the squares of tilted ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laanet_core.faces.crops import enlarge_to_square
from laanet_core.faces.detector import FaceDetector, FoundFace
from laanet_core.faces.quality_limits import LIMITS, QualityLimits
from laanet_core.faces.straightening import crop_roll, roll_of, upright_square
from laanet_core.media.images import read_image
from laanet_core.results import FaceQuality
from tests.core.faces.turning import turned


def test_roll_follows_the_landmarks() -> None:
    upright = np.array([(30, 40), (70, 40), (50, 60), (35, 80), (65, 80)], np.float64)
    for degrees in (0, 30, -60, 135):
        angle = np.deg2rad(degrees)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points = tuple((x, y) for x, y in (upright @ turn.T).tolist())
        assert roll_of(FoundFace((0, 0, 100, 100), points)) == pytest.approx(degrees)


def test_small_turns_stay_in_the_crop() -> None:
    assert crop_roll(FaceQuality(100, 0.5, 1, 14, 0.99), LIMITS) == 0
    assert crop_roll(FaceQuality(100, 0.5, 1, -16, 0.99), LIMITS) == -16
    assert crop_roll(FaceQuality(100, 0.5, 1, -16, 0.99), QualityLimits(straighten_from=20)) == 0
    assert crop_roll(None, LIMITS) == 0


def test_square_of_a_tilted_face_is_as_large_as_that_of_the_upright_face(samples: Path) -> None:
    detector = FaceDetector()
    upright = read_image(samples / "official_portrait_2012.jpg")
    tilted = turned(upright, 40)
    (face, *_), (tilted_face, *_) = detector.detect(upright), detector.detect(tilted)
    assert tilted_face.found is not None
    x1, _, x2, _ = upright_square(detector, upright, face.box, 0)
    assert (x1, x2) == (enlarge_to_square(face.box)[0], enlarge_to_square(face.box)[2])
    left, _, right, _ = upright_square(detector, tilted, tilted_face.box, roll_of(tilted_face.found))
    assert right - left == pytest.approx(x2 - x1, rel=0.15)
