"""Mean colours of areas of pictures by integral images, in which a sum takes four values.

All levels of an image pyramid and all crops of a network's batch come from the same integral images.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import RGBImage

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

# Integral images (N, H + 1, W + 1, 3) of N pictures.
IntegralImages = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Windows:
    """First and last-plus-one pixel (count,) or (N, count) of the windows that a length is divided into."""

    starts: Indices
    ends: Indices

    def __getitem__(self, selection: slice) -> Windows:
        return Windows(self.starts[selection], self.ends[selection])


def integral_images(pictures: Sequence[RGBImage]) -> IntegralImages:
    """Return the integral images of pictures (H, W, 3) uint8 of one size."""
    return np.stack([cv2.integral(picture, sdepth=cv2.CV_32S) for picture in pictures])


def divide(starts: Indices, ends: Indices, count: int) -> Windows:
    """Divide lengths from starts to ends (N,) into windows (N, count), which may share a pixel."""
    steps, lengths = np.arange(count), (ends - starts)[:, None]
    return Windows(
        starts[:, None] + steps * lengths // count,
        starts[:, None] - (-(steps + 1) * lengths // count),
    )


# Cached because a clip's frames have one size. The arrays must not be written to.
@functools.lru_cache(256)
def divide_side(length: int, count: int) -> Windows:
    """Divide a picture's side into `count` windows (count,)."""
    windows = divide(np.zeros(1, np.int64), np.array([length]), count)
    return Windows(windows.starts[0], windows.ends[0])


def shrink(integrals: IntegralImages, rows: Windows, columns: Windows) -> Floats:
    """Return whole pictures as mean colours (N, rows, columns, 3) of windows that are the same for all."""
    strips = integrals.take(rows.ends, axis=1) - integrals.take(rows.starts, axis=1)
    sums = strips.take(columns.ends, axis=2) - strips.take(columns.starts, axis=2)
    heights, widths = rows.ends - rows.starts, columns.ends - columns.starts
    return _means(sums, heights[:, None] * widths)


def crop(integrals: IntegralImages, picture: Indices, rows: Windows, columns: Windows) -> Floats:
    """Return N parts of pictures as mean colours (N, rows, columns, 3) of windows of their own."""
    count, height, width, channels = integrals.shape
    flat = integrals.reshape(count * height * width, channels)
    tops, bottoms = (
        ((picture[:, None] * height + edges) * width)[:, :, None] for edges in (rows.starts, rows.ends)
    )
    lefts, rights = columns.starts[:, None, :], columns.ends[:, None, :]
    sums = (
        flat.take(bottoms + rights, axis=0)
        - flat.take(bottoms + lefts, axis=0)
        - flat.take(tops + rights, axis=0)
        + flat.take(tops + lefts, axis=0)
    )
    heights, widths = rows.ends - rows.starts, columns.ends - columns.starts
    return _means(sums, heights[:, :, None] * widths[:, None, :])


def _means(sums: npt.NDArray[np.int32], areas: Indices) -> Floats:
    means = sums.astype(np.float32)
    means /= areas.astype(np.float32)[..., None]
    return means
