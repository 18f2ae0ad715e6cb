"""Hulls and boxes of the 68 landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.synthetic_faces import synthetic_landmarks
from laanet_core.faces.landmarks import HULL_KINDS, HullKind, face_box, hull_mask

LANDMARKS = synthetic_landmarks((64, 60), 58)


@pytest.mark.parametrize("kind", HULL_KINDS)
def test_hulls_are_binary_masks_of_the_face(kind: HullKind) -> None:
    mask = hull_mask(LANDMARKS, (128, 128), kind)
    assert (mask.shape, mask.dtype) == ((128, 128), np.float32)
    assert set(np.unique(mask)) == {0.0, 1.0}


def test_inner_hull_lies_inside_the_face_hull() -> None:
    inner, face = (hull_mask(LANDMARKS, (128, 128), kind) for kind in ("inner", "face"))
    assert 0 < inner.sum() < face.sum()
    assert not (inner > face).any()


def test_face_box_reaches_above_the_brows() -> None:
    x1, y1, x2, y2 = face_box(LANDMARKS)
    assert y1 < LANDMARKS[:, 1].min()
    assert LANDMARKS[:, 0].min() < x1 < x2 < LANDMARKS[:, 0].max()
    assert y2 < LANDMARKS[:, 1].max()
