from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from laanet_core.faces.detector import FaceDetector
from laanet_core.faces.tracking import iou
from laanet_core.faces.video_detector import MAX_SEARCH_INTERVAL, detect_in_frames
from laanet_core.media.frame_selection import Passage
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame

GAP = 0.3  # seconds
Picture = npt.NDArray[np.uint8]


class Counting(FaceDetector):
    """Remembers how many frames were searched everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.searched = 0

    def detect_frames(self, frames: Sequence[Any], **options: Any) -> list[Any]:
        self.searched += len(frames)
        return super().detect_frames(frames, **options)


@pytest.fixture
def detector() -> Counting:
    return Counting()


@pytest.fixture(scope="module")
def two(samples: Path) -> Picture:
    picture = read_image(samples / "two_people.jpg")
    return np.asarray(cv2.resize(picture, (1000, 587), interpolation=cv2.INTER_AREA), np.uint8)


def moved(picture: Picture, right: float, down: float) -> Picture:
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(
        cv2.warpAffine(
            picture,
            np.array([[1, 0, right], [0, 1, down]], np.float32),
            size,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def clip(pictures: Sequence[Picture], gap: float = GAP) -> list[Frame]:
    return [Frame(picture, number * gap) for number, picture in enumerate(pictures)]


def alike(detector: Counting, frames: Sequence[Frame], detected: Sequence[Sequence[Any]]) -> None:
    """The faces are those that searching every frame finds."""
    for frame, faces in zip(frames, detected, strict=True):
        (everywhere,) = FaceDetector.detect_frames(detector, [frame.rgb], min_face_size=40)
        assert len(faces) == len(everywhere)
        for face in everywhere:
            assert max(iou(face.box, other.box) for other in faces) > 0.75


def test_known_faces_are_tracked_between_detections(detector: Counting, two: Picture) -> None:
    frames = clip([moved(two, 12 * number, -4 * number) for number in range(8)])
    detected = detect_in_frames(detector, frames, min_face_size=40)
    assert detector.searched == 3  # 0, 1.2 and 2.1 seconds
    assert [len(faces) for faces in detected] == [2] * 8
    alike(detector, frames, detected)


def test_appearing_and_disappearing_faces_start_a_detection(detector: Counting, two: Picture) -> None:
    alone = two.copy()
    alone[:, 600:] = 127
    frames = clip([two, two, alone, alone, alone])
    detected = detect_in_frames(detector, frames, min_face_size=40)
    assert [len(faces) for faces in detected] == [2, 2, 1, 1, 1]
    assert detector.searched == 5


def test_lost_face_starts_a_detection(detector: Counting, two: Picture) -> None:
    frames = clip([two, two, moved(two, 0, 250), two, two])
    detected = detect_in_frames(detector, frames, min_face_size=40)
    assert detector.searched == 3
    alike(detector, frames, detected)


def test_no_face_is_followed_across_a_cut(detector: Counting, two: Picture) -> None:
    frames = clip([two] * 6)
    shots = [0, 0, 0, 1, 1, 1]
    placed = [
        dataclasses.replace(frame, passage=Passage(shot, 0.0, 1.0, False, 2.0))
        for frame, shot in zip(frames, shots, strict=True)
    ]
    assert [len(faces) for faces in detect_in_frames(detector, placed, min_face_size=40)] == [2] * 6
    assert detector.searched == 4  # the first and the last of each shot


def test_frames_far_apart_and_empty_ones_are_searched(detector: Counting, two: Picture) -> None:
    assert len(detect_in_frames(detector, clip([two] * 4, MAX_SEARCH_INTERVAL), min_face_size=40)) == 4
    assert detector.searched == 4
    assert detect_in_frames(detector, clip([np.zeros_like(two)] * 5), min_face_size=40) == [[]] * 5
    assert detector.searched == 9
    assert detect_in_frames(detector, [], min_face_size=40) == []
    assert len(detect_in_frames(detector, clip([two]), min_face_size=40)) == 1
