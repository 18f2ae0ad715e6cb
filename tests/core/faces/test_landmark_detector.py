from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from laanet_core.faces.landmark_detector import LandmarkDetector, NoLandmarkDetector
from laanet_core.media.images import read_image


def test_landmarks_equal_those_of_the_samples_file(samples: Path) -> None:
    pytest.importorskip("dlib", reason="needs the extra `training`")
    rgb = read_image(samples / "astronaut.png")
    known = np.array(json.loads((samples / "astronaut-landmarks.json").read_text()), np.float32).reshape(
        68, 2
    )
    detector = LandmarkDetector()
    left, top, side = 110, 0, 230
    landmarks = detector(rgb[top : top + side, left : left + side])
    assert landmarks is not None
    eyes = np.linalg.norm(known[36] - known[45])
    assert np.linalg.norm(landmarks + np.array([left, top]) - known, axis=1).mean() < 0.08 * eyes
    assert detector(np.full((128, 128, 3), 90, np.uint8)) is None
    assert detector(rgb[:, 150:]) is None  # a face, but not in the middle


def test_missing_package_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(NoLandmarkDetector, match="requirements-training") as raised:
        LandmarkDetector()
    assert raised.value.code == "no_landmark_detector"
