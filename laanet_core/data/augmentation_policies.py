"""Two ways to vary training material: as published, and hardened for weights that must do without the published data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from laanet_core.data import augmentation
from laanet_core.data import blended_images as foreign
from laanet_core.data.augmentation import Change
from laanet_core.data.context_crops import (
    PADDING_ALLOWED,
    WorkingCrop,
    jitter,
    middle_square,
    padding,
    tight_square,
)
from laanet_core.data.self_blending import Blend, SourceChanges, published_source_changes
from laanet_core.faces.crops import enlarge_to_square
from laanet_core.faces.landmarks import face_box
from laanet_core.types import Box, Landmarks, RGBImage

PolicyName = Literal["published", "hardened"]
SharedChanges = Callable[[np.random.Generator], list[Change]]
ForeignBlend = Callable[[RGBImage, Landmarks, RGBImage, Landmarks, np.random.Generator], Blend]

PUBLISHED_SIDE = 256  # the published margins are for crops of this side
INFERENCE_TRIM = 5  # of such a crop's pixels, on each side, at inference
TRAINING_TRIM = (5, 25)  # and in training, each side by itself
HARDENED_ENLARGEMENT = (0.95, 1.45)  # around the 1.25 of inference
ERASED = (0.1, 0.35)  # side of an erased patch, as a share of the crop's


@dataclass(frozen=True)
class Framing:
    """What is cut out of a working crop: a `square` of it, and a box of the final crop, as shares of its side, that is `erased`."""

    square: Box
    erased: Box | None = None


@dataclass(frozen=True)
class Policy:
    """How material is varied.

    `source_changes` draws what makes a pseudo-fake's source differ from its target; `foreign_blend` makes a BI, after which it and its
    target alike go through what `after_foreign` draws; `framing` cuts out, and `shared_changes` draws what real and fake go through in
    the end. `independent` is how often the fake draws these for itself, so that picture quality tells nothing.
    """

    source_changes: SourceChanges
    foreign_blend: ForeignBlend
    after_foreign: SharedChanges
    framing: Callable[[WorkingCrop, np.random.Generator], Framing]
    shared_changes: SharedChanges
    independent: float


def published_resampling(rng: np.random.Generator) -> list[Change]:
    """The random down-sampling that follows a BI (p 0.5)."""
    return [augmentation.lose_resolution(rng, smallest=0.25)] if rng.random() < 0.5 else []


def published_framing(crop: WorkingCrop, rng: np.random.Generator) -> Framing:
    """A random margin, so that the face is not always centred; then one of: a crop by up to 15 %, a scale of +-15 %, one erased patch."""
    base = enlarge_to_square(
        face_box(crop.landmarks), 1.25 * PUBLISHED_SIDE / (PUBLISHED_SIDE - 2 * INFERENCE_TRIM)
    )
    side = base[2] - base[0]
    left, top, right, bottom = rng.uniform(*TRAINING_TRIM, 4) / PUBLISHED_SIDE * side
    square = enlarge_to_square((base[0] + left, base[1] + top, base[2] - right, base[3] - bottom), 1.0)
    choice = int(rng.integers(3))
    if choice == 0:
        lost = rng.uniform(0, 0.15)
        return Framing(jitter(middle_square(square, 1 - lost), rng, lost / 2))
    if choice == 1:
        return Framing(middle_square(square, rng.uniform(0.85, 1.15)))
    width, height = rng.uniform(*ERASED, 2)
    x, y = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return Framing(square, erased=(x, y, x + width, y + height))


def published_shared_changes(rng: np.random.Generator) -> list[Change]:
    """RGB shift, hue/saturation/value +-0.3 and brightness/contrast +-0.3 (p 0.3 each), JPEG 40 to 100 (p 0.5)."""
    changes = augmentation.colour_changes(rng, limit=0.3, probability=0.3)
    if rng.random() < 0.5:
        changes.append(augmentation.compress(rng, worst=40))
    return changes


def hardened_source_changes(rng: np.random.Generator) -> list[Change]:
    """Colour, then any of many ways to lose detail or gain sharpness, then now and then JPEG."""
    changes = augmentation.colour_changes(rng, limit=0.1, probability=0.3)
    changes.append(
        augmentation.shift_hue(rng, 0.2) if not changes else augmentation.shift_brightness(rng, 0.1)
    )
    choice = rng.random()
    if choice < 0.25:
        changes.append(augmentation.down_and_up(int(rng.choice([2, 4]))))
    elif choice < 0.6:  # face-swap programs draw small faces and enlarge them
        changes.append(augmentation.lose_resolution(rng, smallest=0.25))
    elif choice < 0.85:
        changes.append(augmentation.sharpen(rng))
    else:
        changes.append(augmentation.blur(rng))
    if rng.random() < 0.15:
        changes.append(augmentation.compress(rng))
    return changes


def hardened_framing(crop: WorkingCrop, rng: np.random.Generator) -> Framing:
    """The face enlarged at random; where that leaves the photograph, mostly a tight square of the photograph instead of padding."""
    square = jitter(enlarge_to_square(face_box(crop.landmarks), rng.uniform(*HARDENED_ENLARGEMENT)), rng)
    if padding(square, crop) > PADDING_ALLOWED and rng.random() < 0.75:
        return Framing(tight_square(crop.photograph, rng))
    return Framing(square)


def hardened_shared_changes(rng: np.random.Generator) -> list[Change]:
    """Colour, then loss of detail, noise, and JPEG down to quality 30."""
    changes = augmentation.colour_changes(rng, limit=0.3, probability=0.3)
    detail = rng.random()
    if detail < 0.3:
        changes.append(augmentation.lose_resolution(rng))
    elif detail < 0.4:
        changes.append(augmentation.blur(rng))
    elif detail < 0.45:
        changes.append(augmentation.sharpen(rng))
    if rng.random() < 0.1:
        changes.append(augmentation.add_noise(rng))
    if rng.random() < 0.6:
        changes.append(augmentation.compress(rng, worst=30))
    return changes


def _hardened_foreign_blend(
    image: RGBImage,
    landmarks: Landmarks,
    donor: RGBImage,
    donor_landmarks: Landmarks,
    rng: np.random.Generator,
) -> Blend:
    return foreign.varied_blended_image(
        image, landmarks, donor, donor_landmarks, rng, hardened_source_changes
    )


POLICIES: Mapping[PolicyName, Policy] = {
    "published": Policy(
        source_changes=published_source_changes,
        foreign_blend=foreign.blended_image,
        after_foreign=published_resampling,
        framing=published_framing,
        shared_changes=published_shared_changes,
        independent=0.0,
    ),
    "hardened": Policy(
        source_changes=hardened_source_changes,
        foreign_blend=_hardened_foreign_blend,
        after_foreign=lambda rng: [],
        framing=hardened_framing,
        shared_changes=hardened_shared_changes,
        independent=0.3,
    ),
}
