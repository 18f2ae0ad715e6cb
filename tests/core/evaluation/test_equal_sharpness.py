from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from laanet_core.data.sharpness_matching import inner_sharpness
from laanet_core.evaluation.equal_sharpness import equal_sharpness_set
from laanet_core.evaluation.eval_sets import EvalItem, EvalSet
from laanet_core.evaluation.metrics import roc_auc

ITEM = EvalItem("", np.zeros((64, 64, 3), np.uint8), 0, "pack", "person", "video")


def noisy(number: int, label: int, sigma: float) -> EvalItem:
    noise = np.random.default_rng(number).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    crop = noise if not sigma else np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.uint8)
    return dataclasses.replace(ITEM, name=str(number), crop=crop, label=label)


def sharpness_auc(eval_set: EvalSet) -> float:
    items = list(eval_set.items())
    sharpness = np.array([inner_sharpness(item.crop) for item in items])
    return roc_auc(np.array([item.label for item in items]), -sharpness)


def test_sharpness_tells_nothing_after_the_real_faces_were_blurred() -> None:
    items = [noisy(number, number % 2, 0.6 + (number % 2) * (0.5 + number / 40)) for number in range(40)]
    original = EvalSet("set", "a set", len(items), lambda: iter(items))
    equal = equal_sharpness_set(original)
    assert sharpness_auc(original) == 1
    assert 0.4 <= sharpness_auc(equal) <= 0.6
    assert [item.name for item in equal.items()] == [item.name for item in items]
    assert equal.name == "set-equal-sharpness"


def test_softer_real_faces_and_all_fakes_stay_as_they_are() -> None:
    items = [noisy(number, number % 2, 2.0 if number % 2 == 0 else 0.0) for number in range(8)]
    equal = equal_sharpness_set(EvalSet("set", "a set", len(items), lambda: iter(items)))
    for before, after in zip(items, equal.items(), strict=True):
        assert before is after


def test_a_set_without_fakes_stays_as_it_is() -> None:
    items = [noisy(number, 0, 0.0) for number in range(3)]
    assert list(equal_sharpness_set(EvalSet("set", "a set", 3, lambda: iter(items))).items()) == items
