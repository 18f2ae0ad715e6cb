from __future__ import annotations

from tests.synthetic_uploads import BOX, FACE, SyntheticUploads, real_face
from webapp.services.drills.synthetic_detector import FixedBoxDetector, detection_box


def test_the_box_has_whole_pixels_around_the_landmarks() -> None:
    x1, y1, x2, y2 = detection_box(FACE)
    assert all(value == round(value) for value in (x1, y1, x2, y2))
    assert x1 < FACE[:, 0].mean() < x2
    assert y1 < FACE[:, 1].mean() < y2


def test_every_picture_has_one_inconclusive_face_at_the_box(uploads: SyntheticUploads) -> None:
    path = uploads.picture(real_face(1), "face")
    shapes: list[tuple[int, ...]] = []
    detector = FixedBoxDetector(BOX)
    result = detector.analyse_file(path, on_frame=lambda frame: shapes.append(frame.rgb.shape))
    assert [face.box for face in result.faces] == [BOX]
    assert (result.verdict, result.fake_prob) == ("inconclusive", 0.5)
    assert shapes == [(128, 128, 3)]
