"""Tests of the check that interrupts long work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laanet_core.errors import Cancelled
from laanet_core.faces.detector import FaceDetector
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.media.interruption import checkpoint, interruptible


def test_check_runs_in_its_block_only() -> None:
    calls: list[int] = []
    checkpoint()
    with interruptible(lambda: calls.append(1)):
        checkpoint()
        with interruptible(lambda: calls.append(2)):
            checkpoint()
        checkpoint()
    checkpoint()
    assert calls == [1, 2, 1]


def test_face_search_ends_between_two_batches_of_candidates(samples: Path) -> None:
    crowd = np.tile(read_image(samples / "astronaut.png"), (2, 2, 1))
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        # The first call is made before the search, the second before a batch in another thread.
        if len(calls) == 2:
            raise Cancelled("enough")

    with interruptible(check), pytest.raises(Cancelled):
        FaceDetector().detect(crowd)
    assert len(calls) == 2


def test_scoring_ends_between_two_batches(detector: Detector) -> None:
    side = detector.config.input_size
    crops = [np.zeros((side, side, 3), np.uint8)] * 9
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Cancelled("enough")

    with interruptible(check), pytest.raises(Cancelled):
        detector.score_crops(crops)
    assert len(calls) == 2
