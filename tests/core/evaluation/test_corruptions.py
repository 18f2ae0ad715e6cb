from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.errors import InvalidConfig
from laanet_core.evaluation.corruptions import CORRUPTIONS, chosen_corruptions, corrupted_set
from laanet_core.evaluation.eval_sets import EvalItem, EvalSet
from laanet_core.media.images import read_image


@pytest.fixture(scope="module")
def crop(samples: Path) -> np.ndarray:
    return cv2.resize(read_image(samples / "astronaut.png")[30:230, 120:320], (224, 224))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_higher_levels_change_more_and_every_run_agrees(crop: np.ndarray, name: str) -> None:
    item = EvalItem("a", crop, 0, "pack", "person", "video")
    eval_set = EvalSet("set", "a set", 1, lambda: iter([item]))
    changes: list[float] = []
    for level in CORRUPTIONS[name].levels:
        (first,), (second,) = (list(corrupted_set(eval_set, name, level).items()) for _ in range(2))
        assert np.array_equal(first.crop, second.crop)
        assert first.crop.shape == crop.shape
        assert first.crop.dtype == np.uint8
        changes.append(float(np.abs(first.crop.astype(int) - crop).mean()))
    assert changes == sorted(changes)
    assert 0 < changes[0] < changes[-1]


def test_corruptions_are_chosen_by_name_and_level() -> None:
    assert chosen_corruptions(["jpeg:50", "resize"])[:2] == [("jpeg", 50.0), ("resize", 0.75)]
    assert len(chosen_corruptions([])) == 35
    for wrong, message in (("rain", "rain"), ("jpeg:much", "not a number")):
        with pytest.raises(InvalidConfig, match=message):
            chosen_corruptions([wrong])
