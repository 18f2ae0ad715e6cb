"""Crops and scores of found, known and stored faces."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.faces.detector import DetectedFace
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from tests.core.faces.turning import turned


def test_known_boxes_are_scored_without_detection(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "two_people.jpg")
    detected = detector.analyse_image(rgb).faces
    boxes = [DetectedFace(face.box, face.detection_prob) for face in detected]
    scored = detector.score_faces(rgb, [*boxes, DetectedFace((0.0, 0.0, 10.0, 10.0), 1.0)])
    assert [face.fake_logit for face in scored] == [*(face.fake_logit for face in detected), None]


@pytest.mark.parametrize("degrees", [0, 30])
def test_rescoring_a_stored_face_gives_its_first_score(
    detector: Detector, samples: Path, degrees: float
) -> None:
    rgb = turned(read_image(samples / "official_portrait_2012.jpg"), degrees)
    (first,) = detector.analyse_image(rgb).faces
    assert first.fake_logit is not None
    assert first.heatmap is not None
    stored = dataclasses.replace(
        first, fake_logit=None, fake_prob=None, verdict=None, heatmap=None, time=1.5, track=3
    )
    hidden = dataclasses.replace(stored, not_judged="hidden")
    again, unjudged = detector.rescore(rgb, [stored, hidden])
    assert again.fake_logit == pytest.approx(first.fake_logit, abs=1e-4)
    assert again.heatmap is not None
    assert again.heatmap.box == first.heatmap.box
    assert np.abs(again.heatmap.values - first.heatmap.values).max() < 1e-4
    assert (again.box, again.verdict, again.time, again.track) == (first.box, first.verdict, 1.5, 3)
    assert (unjudged.not_judged, unjudged.fake_logit, unjudged.heatmap) == ("hidden", None, None)


def test_a_small_face_beside_a_large_one_stays_unscored(detector: Detector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    canvas = np.full((512, 800, 3), 200, np.uint8)
    canvas[:, :512] = rgb
    canvas[50:220, 600:770] = cv2.resize(rgb, (170, 170), interpolation=cv2.INTER_AREA)
    large, small = detector.analyse_image(canvas).faces
    assert large.fake_logit is not None
    assert small.fake_logit is None
