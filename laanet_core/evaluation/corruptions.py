"""Corruptions of image quality for robustness measurements: seven kinds at five levels each."""

from __future__ import annotations

import dataclasses
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from laanet_core.data.video_compression import CODECS, last_decoded_frame
from laanet_core.errors import InvalidConfig
from laanet_core.evaluation.eval_sets import EvalItem, EvalSet
from laanet_core.media.recompression import recompressed
from laanet_core.types import RGBImage

Corrupt = Callable[[RGBImage, float, np.random.Generator], RGBImage]

# Blocks along the width of a crop that can each lose their detail.
_BLOCKS_PER_SIDE = 14

# Level half-way between black (0) and white (255).
_MID_GREY = 127.5


@dataclass(frozen=True)
class Corruption:
    """One kind of corruption: `levels` from mild to severe in `unit`.

    `apply` takes a crop (S, S, 3) uint8 RGB, a level and a generator, and returns a crop of the same shape.
    """

    unit: str
    levels: tuple[float, float, float, float, float]
    apply: Corrupt


def _jpeg(crop: RGBImage, quality: float, _: np.random.Generator) -> RGBImage:
    return recompressed(crop, int(quality))


def _blur(crop: RGBImage, sigma: float, _: np.random.Generator) -> RGBImage:
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8)


def _noise(crop: RGBImage, sigma: float, rng: np.random.Generator) -> RGBImage:
    return np.clip(crop + rng.normal(0, sigma, crop.shape), 0, 255).astype(np.uint8)


def _resize(crop: RGBImage, scale: float, _: np.random.Generator) -> RGBImage:
    height, width = crop.shape[:2]
    small = cv2.resize(crop, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _h264(crop: RGBImage, rate_factor: float, _: np.random.Generator) -> RGBImage:
    """Encode a crop, padded to even sides, as the last of three frames that move by a pixel each."""
    height, width = crop.shape[:2]
    even = cv2.copyMakeBorder(crop, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    frames = [np.roll(even, shift, axis=1) for shift in (2, 1, 0)]
    return last_decoded_frame(frames, CODECS["h264"], int(rate_factor))[:height, :width]


def _contrast(crop: RGBImage, factor: float, _: np.random.Generator) -> RGBImage:
    levels = (crop.astype(np.float32) - _MID_GREY) * factor + _MID_GREY
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


def _blocks(crop: RGBImage, share: float, rng: np.random.Generator) -> RGBImage:
    """Replace a random share of square blocks of a crop (H, W, 3) by their mean colour."""
    height, width = crop.shape[:2]
    side = max(width // _BLOCKS_PER_SIDE, 1)
    rows = math.ceil(height / side)
    columns = math.ceil(width / side)
    # Size of all blocks; those at the right and at the bottom may exceed the crop.
    full_size = (columns * side, rows * side)
    block_is_lost = (rng.random((rows, columns)) < share).astype(np.uint8)
    block_colour = cv2.resize(crop, (columns, rows), interpolation=cv2.INTER_AREA)
    is_lost = cv2.resize(block_is_lost, full_size, interpolation=cv2.INTER_NEAREST)[:height, :width]
    colour = cv2.resize(block_colour, full_size, interpolation=cv2.INTER_NEAREST)[:height, :width]
    return np.where(is_lost[..., None] > 0, colour, crop).astype(np.uint8)


CORRUPTIONS: Mapping[str, Corruption] = {
    "jpeg": Corruption("quality", (90, 70, 50, 30, 15), _jpeg),
    "blur": Corruption("sigma in pixels", (0.5, 1, 1.5, 2, 3), _blur),
    "noise": Corruption("sigma in levels", (3, 6, 10, 15, 25), _noise),
    "resize": Corruption("scale", (0.75, 0.5, 0.375, 0.25, 0.167), _resize),
    "h264": Corruption("CRF", (23, 28, 32, 35, 40), _h264),
    "contrast": Corruption("factor", (0.85, 0.7, 0.55, 0.4, 0.25), _contrast),
    "blocks": Corruption("share lost", (0.02, 0.05, 0.1, 0.15, 0.25), _blocks),
}


def chosen_corruptions(names: Sequence[str]) -> list[tuple[str, float]]:
    """Return the (name, level) pairs of the named corruptions.

    "name:level" selects one level, "name" all its levels, an empty list all corruptions at all levels. Raises
    InvalidConfig naming an unknown corruption or a level that is not a number.
    """
    pairs: list[tuple[str, float]] = []
    for word in names or list(CORRUPTIONS):
        name, _, requested_level = word.partition(":")
        if name not in CORRUPTIONS:
            raise InvalidConfig(f"no corruption named {name!r}; choose from {', '.join(CORRUPTIONS)}")
        if not requested_level:
            pairs.extend((name, float(level)) for level in CORRUPTIONS[name].levels)
            continue
        try:
            pairs.append((name, float(requested_level)))
        except ValueError:
            raise InvalidConfig(f"the level of {word!r} is not a number") from None
    return pairs


def corrupted_items(items: Iterator[EvalItem], name: str, level: float) -> Iterator[EvalItem]:
    """Yield the items with corrupted crops.

    The name of each item seeds its randomness, so that every run yields the same crops.
    """
    apply = CORRUPTIONS[name].apply
    for item in items:
        rng = np.random.default_rng(zlib.crc32(f"{name} {level:g} {item.name}".encode()))
        yield dataclasses.replace(item, crop=apply(item.crop, level, rng))


def corrupted_set(eval_set: EvalSet, name: str, level: float) -> EvalSet:
    """Return a set whose crops are all corrupted; its name and title mention the corruption."""
    return EvalSet(
        name=f"{eval_set.name}-{name}-{level:g}",
        title=f"{eval_set.title}, {name} {level:g}",
        total=eval_set.total,
        items=lambda: corrupted_items(eval_set.items(), name, level),
    )
