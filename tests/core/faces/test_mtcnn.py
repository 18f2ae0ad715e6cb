"""MTCNN's cascade, compared with the driver of the facenet-pytorch package."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN
from facenet_pytorch.models.mtcnn import PNet

from laanet_core.faces.mtcnn import Cascade, Proposals
from laanet_core.faces.pyramid import CopyLevel, PictureCrops, PyramidLevel, bands
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


@pytest.mark.parametrize("shape", [(700, 900), (701, 899), (320, 61), (12, 12)])
def test_search_in_bands_finds_the_proposals_of_the_whole_level(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    cascade, level = Cascade(torch.device("cpu")), CopyLevel(picture, 1.0)
    whole = cascade.propose(level, 0, shape[0])
    parts = [cascade.propose(level, *band) for band in bands(level.shape, 10)]
    assert (len(parts) > 1) == (shape[0] * shape[1] > 2 * 2**17)
    places = np.concatenate([part.places for part in parts])
    assert places.tolist() == whole.places.tolist()
    assert np.concatenate([part.probs for part in parts]) == pytest.approx(whole.probs, abs=1e-5)
    with torch.inference_mode():
        images = torch.from_numpy((picture[None].astype(np.float32) - 127.5) / 128).permute(0, 3, 1, 2)
        _, probs = PNet().eval()(images)
    expected = np.argwhere(probs[:, 1].numpy() >= 0.6)
    assert whole.places.tolist() == expected.tolist()


def test_cancelled_search_runs_no_other_bands() -> None:
    picture = np.zeros((4000, 4000, 3), np.uint8)
    cascade = CountingCascade()
    search = cascade.begin(PictureCrops(picture), [CopyLevel(picture, 1.0)])
    search.cancel()
    assert cascade.search([picture[:100, :100]], 0.6).boxes.shape == (0, 4)
    assert cascade.proposals < 100


class CountingCascade(Cascade):
    """Cascade that counts the bands that the first network sees."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"))
        self.proposals = 0

    def propose(self, level: PyramidLevel, start: int, end: int) -> Proposals:
        self.proposals += 1
        return super().propose(level, start, end)
