from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from laanet_core.data import augmentation
from laanet_core.data.augmentation_policies import hardened_shared_changes
from laanet_core.types import RGBImage

IMAGE = np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)
Maker = Callable[[np.random.Generator], augmentation.Change]
MAKERS: list[Maker] = [
    augmentation.shift_channels,
    augmentation.shift_hue,
    augmentation.shift_brightness,
    augmentation.compress,
    augmentation.lose_resolution,
    augmentation.blur,
    augmentation.sharpen,
    augmentation.add_noise,
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_change_is_one_function_of_its_seed(make: Maker) -> None:
    before = IMAGE.copy()
    first, second = (make(np.random.default_rng(5))(IMAGE) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == IMAGE.shape
    assert first.dtype == np.uint8
    assert not np.array_equal(first, IMAGE)
    assert np.array_equal(IMAGE, before)


def test_one_change_treats_two_images_alike() -> None:
    changes = hardened_shared_changes(np.random.default_rng(2))
    assert np.array_equal(augmentation.apply(changes, IMAGE), augmentation.apply(changes, IMAGE.copy()))


def test_colours_keep_their_order() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    for make in MAKERS:
        for seed in range(5):
            changed: RGBImage = make(np.random.default_rng(seed))(red)
            mean = changed.reshape(-1, 3).mean(axis=0)
            assert mean[0] > mean[1] + 50, make
            assert mean[0] > mean[2] + 50, make


def test_no_changes_leave_the_image() -> None:
    assert augmentation.apply([], IMAGE) is IMAGE
