from __future__ import annotations

import numpy as np

from laanet_core.data.synthetic_faces import forged_face, synthetic_face, synthetic_landmarks


def test_landmarks_have_the_requested_place_and_width() -> None:
    landmarks = synthetic_landmarks((64, 60), 58)
    assert landmarks.shape == (68, 2)
    assert np.ptp(landmarks[:17, 0]) == 58
    left_eye, right_eye = landmarks[36:42], landmarks[42:48]
    assert left_eye[:, 0].max() < 64 < right_eye[:, 0].min()


def test_a_forgery_changes_the_centre_only() -> None:
    face = synthetic_face(np.random.default_rng(0), synthetic_landmarks((64, 60), 58), 128)
    assert face.shape == (128, 128, 3)
    changed = (forged_face(face) != face).any(axis=2)
    assert changed[40:80, 40:90].mean() > 0.9
    changed[40:80, 40:90] = False
    assert not changed.any()
