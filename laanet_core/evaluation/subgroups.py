"""Subgroups of faces by image properties: face size, sharpness, brightness and skin tone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import RGBImage

# Classes of skin tone with their lower bounds of the individual typology angle in degrees (angle: Chardon et
# al., 1991; classes: Del Bino and Bernerd, 2013).
TONES = (
    ("very light", 55.0),
    ("light", 41.0),
    ("intermediate", 28.0),
    ("tan", 10.0),
    ("brown", -30.0),
    ("dark", -90.0),
)

# Subgroups of equal count for each continuous measure.
SUBGROUPS_PER_MEASURE = 3

# A grey pixel has b* = 0, which would make the typology angle undefined.
_SMALLEST_YELLOW = 1e-3


class FaceProperties(Protocol):
    """Properties of a face that subgroups are formed by."""

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
class Subgroup:
    """Range or class `name` of a measure; `members` (N,) bool selects its faces."""

    measure: str
    name: str
    members: npt.NDArray[np.bool_]


def variance_of_laplacian(crop: RGBImage) -> float:
    """Return the sharpness of a crop (S, S, 3) uint8 RGB: the variance of its grey image's Laplacian.

    Fakes tend to be less sharp, so the AUC of sharpness alone is a baseline.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def brightness(crop: RGBImage) -> float:
    """Return the mean CIE L*, 0 to 100, of the central ninth of a crop (S, S, 3) uint8 RGB."""
    return float(_middle_lab(crop)[..., 0].mean())


def skin_tone(crop: RGBImage) -> float:
    """Return the individual typology angle atan((L* - 50) / b*) in degrees of a crop (S, S, 3) uint8 RGB.

    L* and b* are medians of its central ninth. In a photograph the angle mixes skin and light: it sorts
    pictures, not people.
    """
    lightness, _, yellow = np.median(_middle_lab(crop).reshape(-1, 3), axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, max(yellow, _SMALLEST_YELLOW))))


def tone_name(angle: float) -> str:
    """Return the skin-tone class of a typology angle in degrees."""
    darkest = TONES[-1][0]
    return next((name for name, lower_bound in TONES if angle > lower_bound), darkest)


def subgroups(faces: Sequence[FaceProperties]) -> list[Subgroup]:
    """Divide faces by face size, sharpness, brightness and skin tone.

    Each continuous measure yields SUBGROUPS_PER_MEASURE subgroups of equal count; skin tone yields one for
    each of its classes that occurs. Every face is in one subgroup of each measure.
    """
    measures: Mapping[str, Callable[[FaceProperties], float]] = {
        "face size": lambda face: face.face_size,
        "sharpness": lambda face: face.sharpness,
        "brightness": lambda face: face.brightness,
    }
    result: list[Subgroup] = []
    for measure, value_of in measures.items():
        values = np.array([value_of(face) for face in faces])
        bounds = np.unique(np.quantile(values, np.linspace(0, 1, SUBGROUPS_PER_MEASURE + 1)))
        for low, high in itertools.pairwise(bounds):
            # The last subgroup includes its upper bound.
            is_last = high == bounds[-1]
            members = (values >= low) & ((values < high) | is_last)
            result.append(Subgroup(measure, f"{low:.0f} to {high:.0f}", members))
    tones = np.array([tone_name(face.skin_tone) for face in faces])
    for name, _ in TONES:
        if (tones == name).any():
            result.append(Subgroup("skin tone", name, tones == name))
    return result


def _middle_lab(crop: RGBImage) -> npt.NDArray[Any]:
    """Return the central ninth of a crop (S, S, 3) in CIE L*a*b*, float32."""
    height, width = crop.shape[:2]
    middle = crop[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    return np.asarray(cv2.cvtColor(np.asarray(middle / 255, np.float32), cv2.COLOR_RGB2LAB))
