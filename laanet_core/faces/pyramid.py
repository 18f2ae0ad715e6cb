"""Levels of image pyramids, read in bands of rows, and the crops of candidates at any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from laanet_core.faces.area_means import (
    Floats,
    Indices,
    IntegralImages,
    Windows,
    crop,
    divide,
    divide_side,
    integral_images,
    shrink,
)
from laanet_core.types import RGBImage

# Pixels of a band: its features fit into the cache of a processor core.
_BAND_PIXELS = 1 << 17

# Fewest rows of a band.
_MIN_BAND_ROWS = 64


class PyramidLevel(Protocol):
    """Smaller copies (N, rows, columns, 3) of N pictures; boxes in them are `scale` times smaller."""

    @property
    def scale(self) -> float: ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """N, rows and columns."""
        ...

    def pixels(self, start: int, end: int) -> Floats:
        """Return the rows from `start` to `end` as colours (N, rows, columns, 3) in 0 to 255."""
        ...


class CropSource(Protocol):
    """Pictures of one size from which candidates are cropped."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number, height and width of the pictures."""
        ...

    def crops(self, picture: Indices, starts: Indices, ends: Indices, side: int) -> Floats:
        """Return parts of pictures (N,) as colours (N, side, side, 3) in 0 to 255.

        A part reaches from `starts` to `ends` (N, 2), x and y in whole pixels inside the picture.
        """
        ...


class AreaCrops:
    """Crops of pictures (H, W, 3) uint8 and levels of their pyramid as means over whole pixels.

    MTCNN's weights were ported with such means, so that they give the boxes of the reference driver.
    """

    def __init__(self, pictures: Sequence[RGBImage]) -> None:
        self._integrals = integral_images(pictures)
        count, height, width, _ = self._integrals.shape
        self.shape = (count, height - 1, width - 1)

    def level(self, scale: float) -> PyramidLevel:
        """Return the pyramid's level that is `scale` times as large as the pictures."""
        _, height, width = self.shape
        rows = divide_side(height, int(height * scale + 1))
        columns = divide_side(width, int(width * scale + 1))
        return _AreaLevel(self._integrals, rows, columns, scale)

    def crops(self, picture: Indices, starts: Indices, ends: Indices, side: int) -> Floats:
        """Return parts of pictures as in `CropSource`."""
        columns, rows = (divide(starts[:, axis], ends[:, axis], side) for axis in (0, 1))
        return crop(self._integrals, picture, rows, columns)


@dataclass(frozen=True)
class _AreaLevel:
    """Level of means over windows of whole pixels."""

    integrals: IntegralImages
    rows: Windows
    columns: Windows
    scale: float

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.integrals), len(self.rows.ends), len(self.columns.ends)

    def pixels(self, start: int, end: int) -> Floats:
        return shrink(self.integrals, self.rows[start:end], self.columns)


@dataclass(frozen=True)
class CopyLevel:
    """Level that is a copy (H, W, 3) uint8 of one picture."""

    copy: RGBImage
    scale: float

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.copy.shape[0], self.copy.shape[1]

    def pixels(self, start: int, end: int) -> Floats:
        """Return rows as in `PyramidLevel`."""
        return self.copy[None, start:end].astype(np.float32)


@dataclass(frozen=True)
class PictureCrops:
    """Crops of one large picture (H, W, 3) uint8, each scaled by itself."""

    rgb: RGBImage

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.rgb.shape[0], self.rgb.shape[1]

    def crops(self, picture: Indices, starts: Indices, ends: Indices, side: int) -> Floats:
        """Return parts of pictures as in `CropSource`."""
        copies = [
            cv2.resize(self.rgb[top:bottom, left:right], (side, side), interpolation=cv2.INTER_AREA)
            for (left, top), (right, bottom) in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        return np.stack(copies).astype(np.float32)


def bands(shape: tuple[int, int, int], overlap: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last-plus-one row of bands of a level of `shape` (N, rows, columns).

    Neighbouring bands share `overlap` rows. Bands begin at even rows.
    """
    count, rows, columns = shape
    height = max(_BAND_PIXELS // (count * columns) // 2 * 2, _MIN_BAND_ROWS)
    start = 0
    while rows - start > height + _MIN_BAND_ROWS:
        yield start, start + height
        start += height - overlap
    yield start, rows
