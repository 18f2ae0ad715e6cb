"""Changes of colour, sharpness and compression that real and fake suffer alike. uint8 RGB in, uint8 RGB out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import RGBImage

Change = Callable[[RGBImage], RGBImage]


def shift_channels(rng: np.random.Generator, limit: float = 20) -> Change:
    """Add a constant of up to `limit` levels to each channel."""
    table = _clipped_table(np.arange(256)[:, None] + rng.uniform(-limit, limit, 3))
    return lambda image: _per_channel(image, table)


def shift_hue(rng: np.random.Generator, limit: float = 0.3) -> Change:
    """Scale hue, saturation and value: hue by up to `limit` x 20 degrees, the others by up to 1 +- `limit`."""
    hue = rng.uniform(-limit, limit) * 20 / 2  # OpenCV stores half degrees
    saturation, value = 1 + rng.uniform(-limit, limit, 2)
    levels = np.arange(256)
    table = np.stack(
        [(levels + hue) % 180, np.clip(levels * saturation, 0, 255), np.clip(levels * value, 0, 255)],
        axis=1,
    ).astype(np.uint8)

    def change(image: RGBImage) -> RGBImage:
        shifted = _per_channel(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV), np.uint8), table)
        return np.asarray(cv2.cvtColor(shifted, cv2.COLOR_HSV2RGB), np.uint8)

    return change


def shift_brightness(rng: np.random.Generator, limit: float = 0.3) -> Change:
    """Change contrast around the middle grey by 1 +- `limit` and brightness by +- `limit` of 128 levels."""
    contrast, brightness = 1 + rng.uniform(-limit, limit), rng.uniform(-limit, limit) * 128
    table = _clipped_table(
        ((np.arange(256) - 127.5) * contrast + 127.5 + brightness)[:, None].repeat(3, axis=1)
    )
    return lambda image: _per_channel(image, table)


def compress(rng: np.random.Generator, worst: int = 30, best: int = 100) -> Change:
    """Through JPEG at a random quality."""
    quality = int(rng.integers(worst, best + 1))

    def change(image: RGBImage) -> RGBImage:
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[
            1
        ]  # channel order is kept either way
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)

    return change


def lose_resolution(rng: np.random.Generator, smallest: float = 0.35) -> Change:
    """Down to a random scale in [smallest, 1) and back up."""
    scale = rng.uniform(smallest, 0.95)
    down = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    up = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4]))

    def change(image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        small = cv2.resize(
            image, (max(round(width * scale), 8), max(round(height * scale), 8)), interpolation=down
        )
        return np.asarray(cv2.resize(small, (width, height), interpolation=up), np.uint8)

    return change


def down_and_up(factor: int) -> Change:
    """Down to one in `factor` by nearest neighbour and back up linearly, as self-blended images lose detail."""

    def change(image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        small = cv2.resize(
            image, (max(width // factor, 8), max(height // factor, 8)), interpolation=cv2.INTER_NEAREST
        )
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    return change


def blur(rng: np.random.Generator, largest_sigma: float = 1.8) -> Change:
    """Gaussian blur of a random sigma in pixels."""
    sigma = rng.uniform(0.3, largest_sigma)
    return lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def sharpen(rng: np.random.Generator) -> Change:
    """Unsharp masking, blended in by 0.2 to 0.5."""
    alpha = rng.uniform(0.2, 0.5)

    def change(image: RGBImage) -> RGBImage:
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)
        return np.asarray(cv2.addWeighted(image, 1 + 2 * alpha, soft, -2 * alpha, 0), np.uint8)

    return change


def add_noise(rng: np.random.Generator, largest_sigma: float = 8) -> Change:
    """Gaussian noise of a random sigma in levels, the same pattern for every image it is applied to."""
    sigma, seed = rng.uniform(1, largest_sigma), int(rng.integers(2**31))

    def change(image: RGBImage) -> RGBImage:
        noise = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32) * sigma
        return np.clip(image + noise, 0, 255).astype(np.uint8)

    return change


def colour_changes(rng: np.random.Generator, *, limit: float, probability: float) -> list[Change]:
    """Any of RGB shift, hue/saturation/value +-0.3 and brightness/contrast +- `limit`, each with `probability`."""
    makers = (shift_channels, shift_hue, lambda r: shift_brightness(r, limit))
    return [make(rng) for make in makers if rng.random() < probability]


def apply(changes: list[Change], image: RGBImage) -> RGBImage:
    """Apply one change after the other."""
    for change in changes:
        image = change(image)
    return image


def _clipped_table(values: npt.NDArray[np.floating[Any]]) -> RGBImage:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _per_channel(image: RGBImage, table: RGBImage) -> RGBImage:
    """Look every value up in its channel's column of table (256, 3)."""
    return np.asarray(cv2.LUT(image, np.ascontiguousarray(table[None])), np.uint8)
