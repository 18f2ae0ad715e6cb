"""Second check of found faces by the third network."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from laanet_core.faces.detector import FaceDetector, FoundFace
from laanet_core.faces.false_detections import RepeatedFace, repeat_reasons, repeated_crops
from laanet_core.faces.quality_limits import LIMITS
from laanet_core.media.images import read_image
from laanet_core.types import RGBImage


@pytest.fixture(scope="module")
def face_detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def face(face_detector: FaceDetector, samples: Path) -> RepeatedFace:
    rgb = read_image(samples / "astronaut.png")
    found = face_detector.detect(rgb)[0].found
    assert found is not None
    return RepeatedFace(rgb, found, 0.0, is_whole=True, detection_prob=0.99)


def moved(face: RepeatedFace, x: float, y: float, part: RGBImage | None = None) -> RepeatedFace:
    x1, y1, x2, y2 = face.found.box
    found = FoundFace((x1 + x, y1 + y, x2 + x, y2 + y), face.found.landmarks)
    return RepeatedFace(face.part if part is None else part, found, 0.0, face.is_whole, face.detection_prob)


def test_each_face_of_a_batch_gets_its_own_reason(face_detector: FaceDetector, face: RepeatedFace) -> None:
    background = moved(face, 200, 250)
    x1, y1, x2, y2 = face.found.box
    side = face.part.shape[0]
    upside_down = RepeatedFace(
        np.ascontiguousarray(face.part[::-1, ::-1]),
        FoundFace((side - x2, side - y2, side - x1, side - y1), face.found.landmarks),
        0.0,
        is_whole=True,
        detection_prob=0.99,
    )
    faces = [face, background, upside_down, face]
    assert repeat_reasons(face_detector, faces, LIMITS) == [None, "not_a_face", "tilted", None]
    assert repeat_reasons(face_detector, [], LIMITS) == []
    certain = dataclasses.replace(upside_down, detection_prob=0.9999)
    assert "tilted" not in repeat_reasons(face_detector, [face, certain], LIMITS)


def test_more_faces_than_one_batch_holds_have_the_same_reasons(
    face_detector: FaceDetector, face: RepeatedFace
) -> None:
    background = moved(face, 200, 250)
    reasons = repeat_reasons(face_detector, [face, background] * 20, LIMITS)
    assert reasons == [None, "not_a_face"] * 20


def test_crops_are_shifted_and_scaled(face: RepeatedFace) -> None:
    crops = repeated_crops(face.part, face.found)
    assert {crop.shape for crop in crops} == {(48, 48, 3)}
    assert len({crop.tobytes() for crop in crops}) == len(crops) == 7
    assert np.array_equal(repeated_crops(face.part, face.found, repeats=3)[2], crops[2])
