from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from laanet_core.data import augmentation
from laanet_core.data.augmentation_policies import hardened_shared_transforms
from laanet_core.types import RGBImage

IMAGE = np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)
Factory = Callable[[np.random.Generator], augmentation.Transform]
FACTORIES: list[Factory] = [
    augmentation.rgb_shift,
    augmentation.hue_saturation_value,
    augmentation.brightness_contrast,
    augmentation.jpeg_compression,
    augmentation.downscale,
    augmentation.gaussian_blur,
    augmentation.sharpen,
    augmentation.gaussian_noise,
    augmentation.bilateral_filter,
    augmentation.double_jpeg,
]


@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__name__)
def test_a_seed_determines_a_transform(factory: Factory) -> None:
    before = IMAGE.copy()
    first, second = (factory(np.random.default_rng(5))(IMAGE) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == IMAGE.shape
    assert first.dtype == np.uint8
    assert not np.array_equal(first, IMAGE)
    assert np.array_equal(IMAGE, before)


def test_one_transform_treats_two_images_alike() -> None:
    transforms = hardened_shared_transforms(np.random.default_rng(2))
    assert np.array_equal(augmentation.apply(transforms, IMAGE), augmentation.apply(transforms, IMAGE.copy()))


def test_colours_keep_their_order() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    for factory in FACTORIES:
        for seed in range(5):
            image: RGBImage = factory(np.random.default_rng(seed))(red)
            mean = image.reshape(-1, 3).mean(axis=0)
            assert mean[0] > mean[1] + 50, factory
            assert mean[0] > mean[2] + 50, factory


def test_no_transforms_keep_the_image() -> None:
    assert augmentation.apply([], IMAGE) is IMAGE
