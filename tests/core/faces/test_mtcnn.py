"""MTCNN's cascade, compared with the driver of the facenet-pytorch package."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from laanet_core.faces.mtcnn import Candidates, Cascade, non_overlapping
from laanet_core.media.images import read_image


def test_facenet_driver_detects_the_same_boxes(samples: Path) -> None:
    theirs, ours = MTCNN(keep_all=True, min_face_size=20, device="cpu").eval(), Cascade(torch.device("cpu"))
    resized = cv2.resize(read_image(samples / "two_people.jpg"), (480, 282), interpolation=cv2.INTER_AREA)
    small = np.asarray(resized, np.uint8)
    frames = [small, np.ascontiguousarray(small[:, ::-1]), np.zeros_like(small)]
    with torch.inference_mode():
        boxes, probs, landmarks = theirs.detect(np.stack(frames), landmarks=True)
    candidates = ours.search(frames, 12 / 20)
    for number in range(2):
        faces = candidates[candidates.picture == number]
        order = np.argsort([-(box[2] - box[0]) * (box[3] - box[1]) for box in faces.boxes])
        assert faces.boxes[order] == pytest.approx(np.asarray(boxes[number], np.float64), abs=0.1)
        assert faces.landmarks is not None
        assert faces.landmarks[order] == pytest.approx(np.asarray(landmarks[number], np.float64), abs=0.1)
        assert faces.probs[order] == pytest.approx(np.asarray(probs[number], np.float64), abs=1e-3)
    assert boxes[2] is None
    assert not (candidates.picture == 2).any()


def test_boxes_of_different_pictures_never_overlap_even_at_negative_coordinates() -> None:
    boxes = np.array([[0, 0, 10, 10], [-10, -10, 0, 0], [0, 0, 10, 9]], np.float32)
    candidates = Candidates(boxes, np.array([0.9, 0.8, 0.7], np.float32), np.array([0, 1, 0]))
    assert sorted(non_overlapping(candidates, 0.5)) == [0, 1]
