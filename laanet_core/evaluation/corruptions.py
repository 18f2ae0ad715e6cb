"""Corruptions of image quality for robustness measurements: six kinds at five levels each."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from laanet_core.errors import InvalidConfig
from laanet_core.evaluation.eval_sets import EvalItem, EvalSet
from laanet_core.media.recompression import recompressed
from laanet_core.types import RGBImage

Corrupt = Callable[[RGBImage, float, np.random.Generator], RGBImage]

# Blocks per side of a crop whose detail can be lost.
_BLOCKS_PER_SIDE = 14


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


def _contrast(crop: RGBImage, factor: float, _: np.random.Generator) -> RGBImage:
    return np.asarray(np.clip((crop.astype(np.float32) - 127.5) * factor + 127.5, 0, 255), np.uint8)


def _blocks(crop: RGBImage, share: float, rng: np.random.Generator) -> RGBImage:
    """Replace a random share of square blocks by their mean colour."""
    height, width = crop.shape[:2]
    side = max(width // _BLOCKS_PER_SIDE, 1)
    rows, columns = -(-height // side), -(-width // side)
    size = (columns * side, rows * side)
    replaced = (rng.random((rows, columns)) < share).astype(np.uint8)
    replaced = cv2.resize(replaced, size, interpolation=cv2.INTER_NEAREST)[:height, :width]
    means = cv2.resize(crop, (columns, rows), interpolation=cv2.INTER_AREA)
    means = cv2.resize(means, size, interpolation=cv2.INTER_NEAREST)[:height, :width]
    return np.where(replaced[..., None] > 0, means, crop).astype(np.uint8)


CORRUPTIONS: Mapping[str, Corruption] = {
    "jpeg": Corruption("quality", (90, 70, 50, 30, 15), _jpeg),
    "blur": Corruption("sigma in pixels", (0.5, 1, 1.5, 2, 3), _blur),
    "noise": Corruption("sigma in levels", (3, 6, 10, 15, 25), _noise),
    "resize": Corruption("scale", (0.75, 0.5, 0.375, 0.25, 0.167), _resize),
    "contrast": Corruption("factor", (0.85, 0.7, 0.55, 0.4, 0.25), _contrast),
    "blocks": Corruption("share lost", (0.02, 0.05, 0.1, 0.15, 0.25), _blocks),
}


def chosen_corruptions(names: Sequence[str]) -> list[tuple[str, float]]:
    """Return the (name, level) pairs of the named corruptions.

    "name:level" selects one level, "name" all levels, an empty list everything. Raises InvalidConfig naming
    an unknown corruption or a level that is not a number.
    """
    pairs: list[tuple[str, float]] = []
    for word in names or list(CORRUPTIONS):
        name, _, level = word.partition(":")
        if name not in CORRUPTIONS:
            raise InvalidConfig(f"no corruption named {name!r}; choose from {', '.join(CORRUPTIONS)}")
        levels = CORRUPTIONS[name].levels
        try:
            pairs.extend((name, float(value)) for value in ([level] if level else levels))
        except ValueError:
            raise InvalidConfig(f"the level of {word!r} is not a number") from None
    return pairs


def corrupted_items(items: Iterator[EvalItem], name: str, level: float) -> Iterator[EvalItem]:
    """Yield the items with corrupted crops.

    Their names seed the randomness, so that every run yields the same crops.
    """
    apply = CORRUPTIONS[name].apply
    for item in items:
        rng = np.random.default_rng(zlib.crc32(f"{name} {level:g} {item.name}".encode()))
        yield dataclasses.replace(item, crop=apply(item.crop, level, rng))


def corrupted_set(eval_set: EvalSet, name: str, level: float) -> EvalSet:
    """Return a set with every crop corrupted, under its own name."""
    return EvalSet(
        f"{eval_set.name}-{name}-{level:g}",
        f"{eval_set.title}, {name} {level:g}",
        eval_set.total,
        lambda: corrupted_items(eval_set.items(), name, level),
    )
