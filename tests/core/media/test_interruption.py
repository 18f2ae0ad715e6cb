"""Tests of the check that interrupts long work."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import numpy as np
import pytest
from facenet_pytorch.models.mtcnn import PNet
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from laanet_core.errors import Cancelled
from laanet_core.faces.detector import FaceDetector
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.media.interruption import Check, checkpoint, interruptible


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


def test_face_search_ends_at_any_check(samples: Path) -> None:
    crowd = np.tile(read_image(samples / "astronaut.png"), (2, 2, 1))
    detector = FaceDetector()
    checks: list[int] = []
    with interruptible(lambda: checks.append(1)):
        detector.detect(crowd)
    # Every level of the pyramid and every batch of candidates has one.
    assert len(checks) > 20
    for end in range(1, len(checks), 5):
        ended_at = _end_at(end)
        with interruptible(ended_at), pytest.raises(Cancelled):
            detector.detect(crowd)


def test_search_that_ends_starts_no_more_levels(samples: Path) -> None:
    runs: list[nn.Module] = []
    crowd = np.tile(read_image(samples / "astronaut.png"), (2, 2, 1))
    hook = register_module_forward_pre_hook(
        lambda module, _: runs.append(module) if isinstance(module, PNet) else None
    )
    with hook, interruptible(_end_at(3)), pytest.raises(Cancelled):
        FaceDetector().detect(crowd)
    # The check before the search and that of the first level let the work go on.
    assert len(runs) == 1


def _end_at(call: int) -> Check:
    """Return a check that raises from its given call on."""
    numbers = itertools.count(1)

    def check() -> None:
        if next(numbers) >= call:
            raise Cancelled("enough")

    return check


def test_pause_runs_in_the_blocks_thread_only(samples: Path) -> None:
    checks: set[int] = set()
    pauses: set[int] = set()

    def check() -> None:
        checks.add(threading.get_ident())

    with interruptible(check, pause=lambda: pauses.add(threading.get_ident())):
        FaceDetector().detect(read_image(samples / "astronaut.png"))
    assert pauses == {threading.get_ident()}
    assert checks > pauses


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
