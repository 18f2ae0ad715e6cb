"""Run lengths of masks, and majorities of painted regions."""

from __future__ import annotations

import numpy as np

from tests.webapp.services.moderation.export.conftest import region
from webapp.services.moderation.export.coco import RunLengths, majority_mask, run_lengths


def test_run_lengths_match_hand_worked_ones() -> None:
    mask = np.array([[1, 0, 0], [1, 1, 0]], bool)
    assert run_lengths(mask) == RunLengths(counts=[0, 2, 1, 1, 2], size=[2, 3])
    assert run_lengths(~mask) == RunLengths(counts=[2, 1, 1, 2], size=[2, 3])
    half = majority_mask([region((6, 4)), region((12, 8)), region((3, 4))], (60, 40))
    assert half is not None
    assert half[:, :20].all()
    assert not half[:, 31:].any()
