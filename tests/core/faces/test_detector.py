"""Face detection on photos and frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from laanet_core.faces.detector import IMAGE_SIDE, FaceDetector
from laanet_core.faces.mtcnn import WINDOW, Cascade, LevelSearch, PyramidSearch
from laanet_core.faces.pyramid import CropSource, PictureCrops, PyramidLevel
from laanet_core.faces.tracking import iou
from laanet_core.media.images import read_image
from laanet_core.types import RGBImage

# Boxes annotated by hand.
ASTRONAUT = (182.0, 62.0, 268.0, 172.0)
TWO_PEOPLE = ((233.0, 20.0, 387.0, 221.0), (788.0, 46.0, 942.0, 255.0))


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def test_every_face_is_detected_at_its_position(detector: FaceDetector, samples: Path) -> None:
    (face,) = detector.detect(read_image(samples / "astronaut.png"))
    assert iou(face.box, ASTRONAUT) > 0.75
    faces = detector.detect(read_image(samples / "two_people.jpg"))
    assert len(faces) == 2
    for expected in TWO_PEOPLE:
        assert max(iou(face.box, expected) for face in faces) > 0.75
    assert all(face.prob > 0.99 for face in faces)


class RecordingCascade(Cascade):
    """Cascade that records the shapes of the pictures it searches and the scales of other levels."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"))
        self.shapes: list[tuple[int, ...]] = []
        self.scales: list[float] = []

    def begin_pyramid(self, pictures: Sequence[RGBImage], scale: float) -> PyramidSearch:
        self.shapes.append(pictures[0].shape)
        return super().begin_pyramid(pictures, scale)

    def begin(
        self, source: CropSource, levels: Sequence[PyramidLevel], begun: Sequence[LevelSearch] = ()
    ) -> PyramidSearch:
        if isinstance(source, PictureCrops):
            self.scales += [level.scale for level in levels]
        return super().begin(source, levels, begun)


@pytest.mark.parametrize(
    ("width", "height"), [(4000, 2348), (4001, 2349), (6003, 3525), (2560, 1502), (1500, 881)]
)
def test_large_photos_are_searched_on_a_smaller_copy(samples: Path, width: int, height: int) -> None:
    cascade = RecordingCascade()
    small = read_image(samples / "two_people.jpg")
    large = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    faces = FaceDetector(cascade=cascade).detect(large)
    assert max(cascade.shapes[0][:2]) == IMAGE_SIDE
    scale = width / small.shape[1]
    for x1, y1, x2, y2 in TWO_PEOPLE:
        expected = (x1 * scale, y1 * scale, x2 * scale, y2 * scale)
        assert max(iou(face.box, expected) for face in faces) > 0.75


@pytest.mark.parametrize(
    ("side", "windows"),
    [
        (1280, []),
        (3000, []),
        (4000, []),
        (4300, []),
        (4600, [64]),
        (6000, [64]),
        (8000, [64, 90]),
        (24000, [64, 90, 127, 180, 253]),
    ],
)
def test_only_windows_that_the_copy_lacks_are_searched_in_addition(side: int, windows: list[int]) -> None:
    cascade = RecordingCascade()
    FaceDetector(cascade=cascade).detect(np.zeros((side // 20, side, 3), np.uint8))
    assert [round(WINDOW / scale) for scale in cascade.scales] == windows


def test_faces_below_the_smallest_size_are_not_searched(detector: FaceDetector, samples: Path) -> None:
    # The faces have 65 pixels.
    small = cv2.resize(read_image(samples / "two_people.jpg"), (480, 282), interpolation=cv2.INTER_AREA)
    assert len(detector.detect_frames([small], min_face_size=40)[0]) == 2
    assert detector.detect_frames([small], min_face_size=200) == [[]]


def test_pictures_without_faces_have_none(detector: FaceDetector) -> None:
    rng = np.random.default_rng(0)
    assert detector.detect(np.full((200, 300, 3), 127, np.uint8)) == []
    assert detector.detect(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)) == []
    assert (
        detector.detect(np.tile(np.linspace(0, 255, 300, dtype=np.uint8)[None, :, None], (200, 1, 3))) == []
    )


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (20, 20), (21, 500), (2000, 22), (24, 3000), (3000, 20)])
def test_boxes_stay_inside_pictures_of_odd_shapes(
    detector: FaceDetector, samples: Path, shape: tuple[int, int]
) -> None:
    stretched = cv2.resize(read_image(samples / "astronaut.png"), shape[::-1])
    for face in detector.detect(stretched):
        x1, y1, x2, y2 = face.box
        assert 0 <= x1 < x2 <= shape[1]
        assert 0 <= y1 < y2 <= shape[0]


def test_batched_frames_have_the_same_faces_as_single_frames(detector: FaceDetector, samples: Path) -> None:
    first = read_image(samples / "two_people.jpg")
    frames = [first, np.ascontiguousarray(first[:, ::-1]), np.zeros_like(first)]
    together = detector.detect_frames(frames)
    alone = [detector.detect_frames([frame])[0] for frame in frames]
    assert [[face.box for face in faces] for faces in together] == [
        [face.box for face in faces] for faces in alone
    ]
    assert together[2] == []
    with pytest.raises(ValueError, match="one size"):
        detector.detect_frames([first, first[:100]])
    assert detector.detect_frames([]) == []


@pytest.mark.parametrize(
    ("width", "height", "side"),
    [
        (720, 9600, 78),
        (300, 30000, 60),
        (1080, 6000, 45),
        (6000, 4000, 60),
        (4000, 3000, 42),
        (3000, 4000, 50),
    ],
)
def test_small_faces_are_found_in_large_pictures(
    detector: FaceDetector, samples: Path, width: int, height: int, side: int
) -> None:
    source = read_image(samples / "official_portrait_2012.jpg")
    scale = side / 249
    face = cv2.resize(source, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(3)
    large = np.full((height, width, 3), 225, np.uint8)
    left, top = int(rng.integers(0, width - face.shape[1])), int(rng.integers(0, height - face.shape[0]))
    large[top : top + face.shape[0], left : left + face.shape[1]] = face
    (detected,) = detector.detect(large)
    expected = (left + 367 * scale, top + 79 * scale, left + 616 * scale, top + 428 * scale)
    assert iou(detected.box, expected) > 0.6
    assert detected.found is not None
    eyes = detected.found.landmarks[:2]
    assert all(expected[0] < x < expected[2] and expected[1] < y < expected[3] for x, y in eyes)


def test_face_that_both_searches_find_is_returned_once(detector: FaceDetector, samples: Path) -> None:
    source = read_image(samples / "official_portrait_2012.jpg")
    large = np.full((4000, 4000, 3), 225, np.uint8)
    # The search of the whole picture finds faces from about 62 pixels on.
    for scale in (0.22, 0.25, 0.3):
        face = cv2.resize(source, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        picture = large.copy()
        picture[1800 : 1800 + face.shape[0], 1700 : 1700 + face.shape[1]] = face
        assert len(detector.detect(picture)) == 1


def test_crops_are_judged_as_faces_or_not(detector: FaceDetector, samples: Path) -> None:
    rgb = read_image(samples / "astronaut.png")
    face = cv2.resize(rgb[62:172, 170:280], (48, 48), interpolation=cv2.INTER_AREA)
    background = cv2.resize(rgb[300:410, 20:130], (48, 48), interpolation=cv2.INTER_AREA)
    probs, corrections = detector.face_outputs([face, background])
    assert probs[0] > 0.9
    assert probs[1] < 0.5
    assert corrections.shape == (2, 4)
    assert detector.face_outputs([])[0].shape == (0,)
