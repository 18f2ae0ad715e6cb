"""What a face crop is like, and how a network does on crops of each kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import RGBImage

# Individual typology angle in degrees, from light to dark (Chardon et al., 1991; class bounds of Del Bino and Bernerd, 2013)
TONES = (
    ("very light", 55.0),
    ("light", 41.0),
    ("intermediate", 28.0),
    ("tan", 10.0),
    ("brown", -30.0),
    ("dark", -90.0),
)
PARTS = 3  # a measure is cut into that many parts of equal count


class Measured(Protocol):
    """What a slice needs of a judged face."""

    @property
    def label(self) -> int: ...
    @property
    def face_size(self) -> float: ...
    @property
    def sharpness(self) -> float: ...
    @property
    def brightness(self) -> float: ...
    @property
    def skin_tone(self) -> float: ...


@dataclass(frozen=True)
class Slice:
    """`members` (N,) bool: which of the judged faces belong to it."""

    measure: str
    name: str
    members: npt.NDArray[np.bool_]


def variance_of_laplacian(crop: RGBImage) -> float:
    """Sharpness of a crop (S, S, 3): the baseline any detector must beat, since fakes tend to be blurrier."""
    return float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def brightness(crop: RGBImage) -> float:
    """Mean CIE L* of the middle of a crop (S, S, 3), 0 to 100."""
    return float(_middle_lab(crop)[..., 0].mean())


def skin_tone(crop: RGBImage) -> float:
    """Individual typology angle in degrees of the median colour of a crop's middle (S, S, 3): atan((L* - 50) / b*).

    Measured on a photograph it mixes skin with light, so it sorts pictures and not people.
    """
    lightness, _, yellow = np.median(_middle_lab(crop).reshape(-1, 3), axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, max(yellow, 1e-3))))


def tone_name(angle: float) -> str:
    return next((name for name, bound in TONES if angle > bound), TONES[-1][0])


def slices(judged: Sequence[Measured]) -> list[Slice]:
    """Judged faces by face size, sharpness and brightness, in parts of equal count, and by skin tone."""
    measures: Mapping[str, Callable[[Measured], float]] = {
        "face size": lambda face: face.face_size,
        "sharpness": lambda face: face.sharpness,
        "brightness": lambda face: face.brightness,
    }
    found: list[Slice] = []
    for measure, value in measures.items():
        values = np.array([value(face) for face in judged])
        bounds = np.unique(np.quantile(values, np.linspace(0, 1, PARTS + 1)))
        for low, high in itertools.pairwise(bounds):
            members = (values >= low) & ((values < high) | (high == bounds[-1]))
            found.append(Slice(measure, f"{low:.0f} to {high:.0f}", members))
    tones = np.array([tone_name(face.skin_tone) for face in judged])
    found.extend(Slice("skin tone", name, tones == name) for name, _ in TONES if (tones == name).any())
    return found


def _middle_lab(crop: RGBImage) -> npt.NDArray[Any]:
    height, width = crop.shape[:2]
    middle = crop[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    return np.asarray(cv2.cvtColor(np.asarray(middle / 255, np.float32), cv2.COLOR_RGB2LAB))
