"""Crops of all faces of a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.faces.detector import DetectedFace, FaceDetector
from laanet_core.faces.face_crops import crop_faces, crop_upright
from laanet_core.faces.quality import FaceAssessor
from laanet_core.faces.quality_limits import QualityLimits
from laanet_core.faces.straightening import roll_of
from laanet_core.media.images import read_image
from tests.core.faces.turning import turned


def test_only_faces_of_sufficient_size_are_cropped() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (120, 200, 3), dtype=np.uint8)
    small, large = DetectedFace((0, 0, 39, 60), 0.99), DetectedFace((50, 10, 110, 90), 0.98)
    crops = crop_faces(rgb, [small, large], 64, FaceAssessor(FaceDetector()), min_face_size=40, time=1.5)
    assert [face.not_judged for face in crops.faces] == ["too_small", None]
    assert crops.squares == [None, enlarge_to_square(large.box)]
    assert np.array_equal(crops.crops[0], crop_square(rgb, enlarge_to_square(large.box), 64))
    assert (len(crops.crops), crops.time) == (1, 1.5)


def test_a_stored_tilted_face_is_cropped_upright_as_it_was_judged(samples: Path) -> None:
    rgb = turned(read_image(samples / "official_portrait_2012.jpg"), 30)
    face_detector = FaceDetector()
    assessor = FaceAssessor(face_detector)
    crops = crop_faces(rgb, face_detector.detect(rgb)[:1], 224, assessor, min_face_size=40)
    (face,) = crops.faces
    square, crop = crop_upright(rgb, face.face.box, face.quality, 224, assessor)
    assert square == crops.squares[0]
    assert np.array_equal(crop, crops.crops[0])
    (upright, *_) = face_detector.detect(crop)
    assert upright.found is not None
    assert abs(roll_of(upright.found)) < 8


def test_crops_are_turned_by_the_assessor_s_own_limits(samples: Path) -> None:
    rgb = turned(read_image(samples / "official_portrait_2012.jpg"), 30)
    detector = FaceDetector()
    assessor = FaceAssessor(detector, QualityLimits(straighten_from=50))
    crops = crop_faces(rgb, detector.detect(rgb)[:1], 224, assessor, min_face_size=40)
    assert crops.squares[0] == enlarge_to_square(crops.faces[0].face.box)
    assert np.array_equal(crops.crops[0], crop_square(rgb, crops.squares[0], 224))
