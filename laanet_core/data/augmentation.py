"""Augmentation transforms of colour, sharpness and compression: uint8 RGB in, uint8 RGB out.

Every factory draws its parameters from a generator and returns a deterministic transform, so that a real
image and its pseudo-fake can go through the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import RGBImage

# (H, W, 3) uint8 RGB to the same shape
Transform = Callable[[RGBImage], RGBImage]

# Smallest side of a resized image, in pixels.
_SMALLEST_SIDE = 8

# Level half-way between black (0) and white (255).
_MID_GREY = 127.5


def rgb_shift(rng: np.random.Generator, limit: float = 20) -> Transform:
    """Return a transform that adds a constant of up to +-`limit` levels to each channel."""
    shifts = rng.uniform(-limit, limit, 3)
    table = _clipped_table(np.arange(256)[:, None] + shifts)  # (256, 3)
    return lambda image: _look_up(image, table)


def hue_saturation_value(rng: np.random.Generator, limit: float = 0.3) -> Transform:
    """Return a transform of hue, saturation and value.

    The hue shifts by up to `limit` x 20 degrees; saturation and value are scaled by 1 +- `limit`.
    """
    # OpenCV stores half degrees.
    hue = rng.uniform(-limit, limit) * 20 / 2
    saturation, value = 1 + rng.uniform(-limit, limit, 2)
    levels = np.arange(256)
    columns = [
        # 180 half degrees are the full circle.
        (levels + hue) % 180,
        np.clip(levels * saturation, 0, 255),
        np.clip(levels * value, 0, 255),
    ]
    table = np.stack(columns, axis=1).astype(np.uint8)  # (256, 3)

    def transform(image: RGBImage) -> RGBImage:
        hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), np.uint8)
        return np.asarray(cv2.cvtColor(_look_up(hsv, table), cv2.COLOR_HSV2RGB), np.uint8)

    return transform


def brightness_contrast(rng: np.random.Generator, limit: float = 0.3) -> Transform:
    """Return a transform of brightness and contrast.

    It scales the contrast around mid-grey by 1 +- `limit` and adds up to +-`limit` x 128 levels.
    """
    contrast = 1 + rng.uniform(-limit, limit)
    brightness = rng.uniform(-limit, limit) * 128
    levels = (np.arange(256) - _MID_GREY) * contrast + _MID_GREY + brightness
    table = _clipped_table(levels[:, None].repeat(3, axis=1))  # (256, 3)
    return lambda image: _look_up(image, table)


def jpeg_compression(rng: np.random.Generator, worst: int = 30, best: int = 100) -> Transform:
    """Return a transform that compresses with a JPEG quality in [worst, best]."""
    quality = int(rng.integers(worst, best + 1))

    def transform(image: RGBImage) -> RGBImage:
        # OpenCV takes and returns BGR. Passing RGB both ways swaps the channels twice.
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)

    return transform


def downscale(rng: np.random.Generator, smallest: float = 0.35) -> Transform:
    """Return a transform that resizes to a random scale in [smallest, 0.95) and back."""
    scale = rng.uniform(smallest, 0.95)
    down_interpolation = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    up_interpolation = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4]))

    def transform(image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        size = (max(round(width * scale), _SMALLEST_SIDE), max(round(height * scale), _SMALLEST_SIDE))
        small = cv2.resize(image, size, interpolation=down_interpolation)
        restored = cv2.resize(small, (width, height), interpolation=up_interpolation)
        return np.asarray(restored, np.uint8)

    return transform


def subsample(factor: int) -> Transform:
    """Return a transform that keeps one pixel in `factor` per axis and resizes back linearly.

    Source: the transforms published for self-blended images.
    """

    def transform(image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        size = (max(width // factor, _SMALLEST_SIDE), max(height // factor, _SMALLEST_SIDE))
        small = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    return transform


def gaussian_blur(rng: np.random.Generator, largest_sigma: float = 1.8) -> Transform:
    """Return a transform that blurs with a Gaussian, with a sigma of 0.3 to `largest_sigma` pixels."""
    sigma = rng.uniform(0.3, largest_sigma)
    return lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def sharpen(rng: np.random.Generator) -> Transform:
    """Return a transform that sharpens by unsharp masking.

    It adds the difference between the image and its blurred copy, with a weight of 0.4 to 1.
    """
    weight = 2 * rng.uniform(0.2, 0.5)

    def transform(image: RGBImage) -> RGBImage:
        blurred = cv2.GaussianBlur(image, (0, 0), 1.0)
        return np.asarray(cv2.addWeighted(image, 1 + weight, blurred, -weight, 0), np.uint8)

    return transform


def bilateral_filter(rng: np.random.Generator) -> Transform:
    """Return a transform that smooths texture and keeps edges, as beauty filters and restorers do."""
    diameter = int(rng.choice([3, 5, 7]))
    colour_sigma = rng.uniform(10, 45)

    def transform(image: RGBImage) -> RGBImage:
        return np.asarray(cv2.bilateralFilter(image, diameter, colour_sigma, diameter), np.uint8)

    return transform


def double_jpeg(rng: np.random.Generator) -> Transform:
    """Return a transform that compresses twice at different scales, as messengers do to forwarded images."""
    first, second = jpeg_compression(rng, 55, 95), jpeg_compression(rng, 40, 85)
    scale = rng.uniform(0.6, 1.0)

    def transform(image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        size = (max(round(width * scale), _SMALLEST_SIDE), max(round(height * scale), _SMALLEST_SIDE))
        small = np.asarray(cv2.resize(first(image), size, interpolation=cv2.INTER_AREA), np.uint8)
        return np.asarray(
            cv2.resize(second(small), (width, height), interpolation=cv2.INTER_LINEAR), np.uint8
        )

    return transform


def gaussian_noise(rng: np.random.Generator, largest_sigma: float = 8) -> Transform:
    """Return a transform that adds Gaussian noise with a sigma of 1 to `largest_sigma` levels.

    Every image of one size receives the same pattern.
    """
    sigma = rng.uniform(1, largest_sigma)
    seed = int(rng.integers(2**31))

    def transform(image: RGBImage) -> RGBImage:
        noise = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32) * sigma
        return np.clip(image + noise, 0, 255).astype(np.uint8)

    return transform


def colour_transforms(rng: np.random.Generator, *, limit: float, probability: float) -> list[Transform]:
    """Draw up to three colour transforms, each with `probability`.

    They are RGB shift, hue/saturation/value +-0.3 and brightness/contrast +-`limit`.
    """
    transforms: list[Transform] = []
    if rng.random() < probability:
        transforms.append(rgb_shift(rng))
    if rng.random() < probability:
        transforms.append(hue_saturation_value(rng))
    if rng.random() < probability:
        transforms.append(brightness_contrast(rng, limit))
    return transforms


def apply(transforms: list[Transform], image: RGBImage) -> RGBImage:
    """Apply transforms to an image (H, W, 3) one after the other."""
    for transform in transforms:
        image = transform(image)
    return image


def _clipped_table(values: npt.NDArray[np.floating[Any]]) -> RGBImage:
    """Return the table of new levels (256, 3) uint8 from values of any range."""
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _look_up(image: RGBImage, table: RGBImage) -> RGBImage:
    """Replace every value of an image (H, W, 3) by the entry of its channel's column in table (256, 3)."""
    return np.asarray(cv2.LUT(image, np.ascontiguousarray(table[None])), np.uint8)
