"""Quality of found faces: every reason not to judge a face, on variants of the samples."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.faces.detector import DetectedFace, FaceDetector, FoundFace
from laanet_core.faces.quality import AssessedFace, FaceAssessor
from laanet_core.faces.quality_limits import QualityLimits
from laanet_core.media.images import read_image
from laanet_core.media.recompression import recompressed
from laanet_core.results import FaceQuality
from laanet_core.types import RGBImage
from tests.core.faces.turning import turned

PORTRAIT, ASTRONAUT = "official_portrait_2012.jpg", "astronaut.png"
# The faces as the detector finds them: x1, y1, x2, y2.
BOXES = {PORTRAIT: (367, 79, 616, 428), ASTRONAUT: (181, 62, 268, 172)}


@pytest.fixture(scope="module")
def face_detector() -> FaceDetector:
    return FaceDetector()


def largest(face_detector: FaceDetector, rgb: RGBImage) -> AssessedFace:
    faces = face_detector.detect(rgb)
    return FaceAssessor(face_detector).assess(rgb, faces, min_face_size=40)[0]


@pytest.mark.parametrize("sample", [PORTRAIT, ASTRONAUT, "two_people.jpg", "state_of_the_union_speech.jpg"])
@pytest.mark.parametrize("quality", [None, 50, 75, 95])
def test_unhurt_faces_are_judged_at_every_jpeg_quality(
    face_detector: FaceDetector, samples: Path, sample: str, quality: int | None
) -> None:
    rgb = read_image(samples / sample)
    assessed = largest(face_detector, rgb if quality is None else recompressed(rgb, quality))
    assert assessed.not_judged is None
    assert assessed.quality is not None
    assert assessed.quality.inside == 1
    assert FaceAssessor(face_detector).crop_roll(assessed.quality) == 0


@pytest.mark.parametrize("sample", [PORTRAIT, ASTRONAUT])
@pytest.mark.parametrize("share", [0.06, 0.08])
@pytest.mark.parametrize("quality", [None, 75])
def test_pixelated_faces_are_hidden(
    face_detector: FaceDetector, samples: Path, sample: str, share: float, quality: int | None
) -> None:
    rgb = read_image(samples / sample).copy()
    x1, y1, x2, y2 = BOXES[sample]
    block = round(share * (x2 - x1))
    size = ((x2 - x1) // block, (y2 - y1) // block)
    small = cv2.resize(rgb[y1:y2, x1:x2], size, interpolation=cv2.INTER_AREA)
    rgb[y1:y2, x1:x2] = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
    assessed = largest(face_detector, rgb if quality is None else recompressed(rgb, quality))
    assert assessed.not_judged == "hidden"


@pytest.mark.parametrize("sample", [PORTRAIT, ASTRONAUT])
@pytest.mark.parametrize("share", [0.04, 0.06, 0.08])
def test_blur_of_the_face_alone_hides_it_and_blur_of_the_picture_does_not(
    face_detector: FaceDetector, samples: Path, sample: str, share: float
) -> None:
    rgb = read_image(samples / sample)
    x1, y1, x2, y2 = BOXES[sample]
    blurred = np.asarray(cv2.GaussianBlur(rgb, (0, 0), share * (x2 - x1)), np.uint8)
    hidden = rgb.copy()
    hidden[y1:y2, x1:x2] = blurred[y1:y2, x1:x2]
    assert largest(face_detector, hidden).not_judged == "hidden"
    if share < 0.07:
        assert largest(face_detector, blurred).not_judged == "blurred"


@pytest.mark.parametrize("sample", [PORTRAIT, ASTRONAUT])
@pytest.mark.parametrize("share", [0.08, 0.12, 0.2])
def test_black_bars_over_the_eyes_hide_a_face(
    face_detector: FaceDetector, samples: Path, sample: str, share: float
) -> None:
    rgb = read_image(samples / sample).copy()
    found = face_detector.detect(rgb)[0].found
    assert found is not None
    x1, y1, x2, y2 = BOXES[sample]
    middle, half = round((found.landmarks[0][1] + found.landmarks[1][1]) / 2), round(share * (y2 - y1) / 2)
    rgb[middle - half : middle + half + 1, x1:x2] = 0
    assert largest(face_detector, rgb).not_judged == "hidden"


@pytest.mark.parametrize("degrees", [-45, -30, 20, 40, 55])
def test_roll_is_measured_and_turned_faces_are_judged_upright(
    face_detector: FaceDetector, samples: Path, degrees: float
) -> None:
    rgb = turned(read_image(samples / PORTRAIT), degrees)
    assessed = largest(face_detector, rgb)
    assert assessed.quality is not None
    assert assessed.not_judged is None
    assert FaceAssessor(face_detector).crop_roll(assessed.quality) == pytest.approx(degrees, abs=8)


def test_faces_cut_by_the_edge_of_the_picture_are_not_judged(
    face_detector: FaceDetector, samples: Path
) -> None:
    rgb = read_image(samples / ASTRONAUT)
    for left in (190, 196, 202):
        (assessed,) = FaceAssessor(face_detector).assess(
            rgb[:, left:], face_detector.detect(rgb[:, left:]), min_face_size=40
        )
        assert assessed.not_judged == "cut_off"


def test_things_that_are_no_faces_are_rejected(face_detector: FaceDetector, samples: Path) -> None:
    rgb = read_image(samples / PORTRAIT)
    points = ((795.0, 1010.0), (825.0, 1010.0), (810.0, 1030.0), (798.0, 1050.0), (822.0, 1050.0))
    for box in ((60.0, 300.0, 160.0, 420.0), (450.0, 700.0, 560.0, 830.0)):
        false_find = DetectedFace(box, 0.95, FoundFace(box, points))
        (assessed,) = FaceAssessor(face_detector).assess(rgb, [false_find], min_face_size=40)
        assert assessed.not_judged is not None


def test_only_the_size_of_given_boxes_is_assessed(face_detector: FaceDetector) -> None:
    rgb = np.zeros((100, 100, 3), np.uint8)
    given = [DetectedFace((0, 0, 39, 60), 1.0), DetectedFace((0, 0, 60, 60), 1.0)]
    small, large = FaceAssessor(face_detector).assess(rgb, given, min_face_size=40)
    assert (small.quality, small.not_judged) == (None, "too_small")
    assert (large.quality, large.not_judged) == (None, None)
    assert FaceAssessor(face_detector).assess(rgb, [], min_face_size=40) == []


def test_the_roll_of_a_crop_follows_the_assessor_s_own_limits(face_detector: FaceDetector) -> None:
    quality = FaceQuality(100, 0.5, 1, 18, 0.99)
    assert FaceAssessor(face_detector).crop_roll(quality) == 18
    assert FaceAssessor(face_detector, QualityLimits(straighten_from=20)).crop_roll(quality) == 0
