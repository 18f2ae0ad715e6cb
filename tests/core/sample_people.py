"""Persons of the sample photographs with their landmarks, and forgeries of several kinds made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from laanet_core.data.blended_images import blended_image
from laanet_core.data.face_swaps import SWAPS
from laanet_core.data.self_blending import self_blend
from laanet_core.media.images import read_image
from laanet_core.types import Landmarks, RGBImage

ASTRONAUT = "astronaut"


@dataclass(frozen=True)
class SamplePerson:
    """Photograph (H, W, 3) uint8 RGB of one person, with landmarks (68, 2) in its pixels."""

    picture: RGBImage
    landmarks: Landmarks


def sample_people(samples: Path) -> dict[str, SamplePerson]:
    """Return the persons by name: `astronaut`, `portrait`, `speaker`, `left` and `right`."""
    points = np.array(json.loads((samples / "astronaut-landmarks.json").read_text()), np.float32)
    people = {ASTRONAUT: SamplePerson(read_image(samples / "astronaut.png"), points.reshape(68, 2))}
    for name, entry in json.loads((samples / "people.json").read_text()).items():
        left, top, right, bottom = entry["window"]
        picture = np.ascontiguousarray(read_image(samples / entry["file"])[top:bottom, left:right])
        landmarks = np.array(entry["landmarks"], np.float32) - np.float32([left, top])
        people[name] = SamplePerson(picture, landmarks)
    return people


def forged(target: SamplePerson, kind: str, *, donor: SamplePerson, seed: int) -> RGBImage:
    """Return the target's picture (H, W, 3) with a forged face.

    The `kind` is `self_blend`, for which the donor has no part, `blended`, or the name of one of SWAPS.
    """
    rng = np.random.default_rng(seed)
    if kind == "self_blend":
        return self_blend(target.picture, target.landmarks, rng).image
    if kind == "blended":
        return blended_image(target.picture, target.landmarks, donor.picture, donor.landmarks, rng).image
    return SWAPS[kind](target.picture, target.landmarks, donor.picture, donor.landmarks)
