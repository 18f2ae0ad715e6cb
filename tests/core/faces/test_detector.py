from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from laanet_core.faces.detector import IMAGE_SIDE, FaceDetector
from laanet_core.faces.mtcnn import Candidates, Cascade, _chosen
from laanet_core.faces.tracking import iou
from laanet_core.media.images import read_image

ASTRONAUT = (182.0, 62.0, 268.0, 172.0)  # drawn by hand, as are the next two
TWO_PEOPLE = ((233.0, 20.0, 387.0, 221.0), (788.0, 46.0, 942.0, 255.0))


@pytest.fixture(scope="module")
def finder() -> FaceDetector:
    return FaceDetector()


def test_every_face_is_found_where_it_is(finder: FaceDetector, samples: Path) -> None:
    (face,) = finder.detect(read_image(samples / "astronaut.png"))
    assert iou(face.box, ASTRONAUT) > 0.75
    found = finder.detect(read_image(samples / "two_people.jpg"))
    assert len(found) == 2
    for expected in TWO_PEOPLE:
        assert max(iou(face.box, expected) for face in found) > 0.75
    assert all(face.prob > 0.99 for face in found)


def test_large_photographs_cost_a_bounded_search(
    finder: FaceDetector, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[tuple[int, ...]] = []
    search = finder._cascade.search

    def watch(pictures: list[np.ndarray], scale: float) -> object:
        searched.append(pictures[0].shape)
        return search(pictures, scale)

    monkeypatch.setattr(finder._cascade, "search", watch)
    small = read_image(samples / "two_people.jpg")
    large = cv2.resize(small, (4000, 2348), interpolation=cv2.INTER_CUBIC)
    found = finder.detect(large)
    assert max(searched[0][:2]) == IMAGE_SIDE
    scale = 4000 / small.shape[1]
    for expected in TWO_PEOPLE:
        assert max(iou(face.box, tuple(value * scale for value in expected)) for face in found) > 0.75  # type: ignore[arg-type]


def test_the_packages_own_driver_finds_the_same_boxes(samples: Path) -> None:
    theirs, ours = MTCNN(keep_all=True, min_face_size=20, device="cpu").eval(), Cascade(torch.device("cpu"))
    small = cv2.resize(read_image(samples / "two_people.jpg"), (480, 282), interpolation=cv2.INTER_AREA)
    frames = [small, np.ascontiguousarray(small[:, ::-1]), np.zeros_like(small)]
    with torch.inference_mode():
        boxes, probs = theirs.detect(np.stack(frames))
    found = ours.search(frames, 12 / 20)
    for number in range(2):
        mine = found[found.picture == number]
        order = np.argsort([-(box[2] - box[0]) * (box[3] - box[1]) for box in mine.boxes])
        assert mine.boxes[order] == pytest.approx(np.asarray(boxes[number], np.float64), abs=0.1)
        assert mine.probs[order] == pytest.approx(np.asarray(probs[number], np.float64), abs=1e-3)
    assert boxes[2] is None
    assert not (found.picture == 2).any()


def test_faces_smaller_than_wanted_are_not_looked_for(finder: FaceDetector, samples: Path) -> None:
    small = cv2.resize(
        read_image(samples / "two_people.jpg"), (480, 282), interpolation=cv2.INTER_AREA
    )  # faces of 65 pixels
    assert len(finder.detect_frames([small], min_face_size=40)[0]) == 2
    assert finder.detect_frames([small], min_face_size=200) == [[]]


def test_pictures_without_faces_give_none(finder: FaceDetector) -> None:
    rng = np.random.default_rng(0)
    assert finder.detect(np.full((200, 300, 3), 127, np.uint8)) == []
    assert finder.detect(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)) == []
    assert finder.detect(np.tile(np.linspace(0, 255, 300, dtype=np.uint8)[None, :, None], (200, 1, 3))) == []


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (20, 20), (21, 500), (2000, 22), (24, 3000), (3000, 20)])
def test_odd_shapes_do_no_harm(finder: FaceDetector, samples: Path, shape: tuple[int, int]) -> None:
    stretched = cv2.resize(read_image(samples / "astronaut.png"), shape[::-1])
    for face in finder.detect(stretched):
        x1, y1, x2, y2 = face.box
        assert 0 <= x1 < x2 <= shape[1]
        assert 0 <= y1 < y2 <= shape[0]


def test_frames_together_are_searched_like_frames_alone(finder: FaceDetector, samples: Path) -> None:
    first = read_image(samples / "two_people.jpg")
    frames = [first, np.ascontiguousarray(first[:, ::-1]), np.zeros_like(first)]
    together = finder.detect_frames(frames)
    alone = [finder.detect_frames([frame])[0] for frame in frames]
    assert [[face.box for face in faces] for faces in together] == [
        [face.box for face in faces] for faces in alone
    ]
    assert together[2] == []
    with pytest.raises(ValueError, match="one size"):
        finder.detect_frames([first, first[:100]])
    assert finder.detect_frames([]) == []


def test_boxes_of_different_pictures_do_not_suppress_each_other_left_of_the_edge_either() -> None:
    boxes = np.array([[0, 0, 10, 10], [-10, -10, 0, 0], [0, 0, 10, 9]], np.float32)
    candidates = Candidates(boxes, np.array([0.9, 0.8, 0.7], np.float32), np.array([0, 1, 0]))
    assert sorted(_chosen(candidates, 0.5)) == [0, 1]
