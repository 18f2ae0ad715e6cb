"""Scoring of crops in batches."""

from __future__ import annotations

import numpy as np
import pytest

from laanet_core.inference.scoring import score_crops, turn_heatmap
from laanet_core.runtimes.eager import EagerRuntime
from tests.core.runtimes.conftest import tiny_network


def test_every_crop_gets_a_score_and_others_are_refused() -> None:
    runtime = EagerRuntime(tiny_network())
    crops = list(np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), dtype=np.uint8))
    scores = score_crops(runtime, crops)
    assert (scores.fake_logit.shape, scores.heatmap.shape) == ((20,), (20, 16, 16))
    last = score_crops(runtime, crops[-1:])
    assert scores.fake_logit[-1] == pytest.approx(last.fake_logit[0], abs=1e-5)
    assert score_crops(runtime, []).fake_logit.shape == (0,)
    with pytest.raises(ValueError, match=r"\(64, 64, 3\)"):
        score_crops(runtime, [crops[0][:32]])


def test_heatmap_turns_clockwise_about_its_centre() -> None:
    heatmap = np.zeros((9, 9), np.float32)
    heatmap[1, 4] = 1
    assert turn_heatmap(heatmap, 0) is heatmap
    assert turn_heatmap(heatmap, 90)[4, 7] == pytest.approx(1, abs=1e-4)
    assert np.unravel_index(turn_heatmap(heatmap, -90).argmax(), (9, 9)) == (4, 1)
