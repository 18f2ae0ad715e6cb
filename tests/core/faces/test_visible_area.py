"""Shares of faces inside the picture, outside its padding and in front of each other."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.faces.detector import DetectedFace
from laanet_core.faces.visible_area import covered_share, inside_share, padding_mask
from laanet_core.media.images import read_image

ASTRONAUT, BOX = "astronaut.png", (181.0, 62.0, 268.0, 172.0)


def test_padding_with_a_straight_edge_counts_as_outside(samples: Path) -> None:
    # Dark parts of the picture that touch the padding would spoil its outline.
    rgb = np.maximum(read_image(samples / ASTRONAUT), 40)
    face = DetectedFace(BOX, 0.99)
    assert inside_share(rgb.shape, face, padding_mask(rgb)) == 1
    cv2.fillPoly(rgb, [np.array([(0, 0), (240, 0), (210, 511), (0, 511)])], (0, 0, 0))
    assert inside_share(rgb.shape, face, padding_mask(rgb)) == pytest.approx(0.5, abs=0.15)
    assert padding_mask(np.full((50, 50, 3), 200, np.uint8)) is None


def test_only_larger_faces_cover_a_face() -> None:
    small, large = DetectedFace((0, 0, 50, 50), 0.99), DetectedFace((40, 0, 140, 100), 0.99)
    assert covered_share(small, [small, large]) == pytest.approx(0.2)
    assert covered_share(large, [small, large]) == 0
