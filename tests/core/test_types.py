"""Shared types: the arrays that the library returns are of them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np

from laanet_core.media.images import read_image
from laanet_core.types import Box, RGBImage


def test_pictures_are_rgb_images_and_boxes_have_four_numbers(samples: Path) -> None:
    image: RGBImage = read_image(samples / "astronaut.png")
    assert (image.dtype, image.ndim, image.shape[2]) == (np.uint8, 3, 3)
    assert get_args(Box) == (float,) * 4
