"""Augmentation policies: `published`, and `hardened` for training without the published data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from laanet_core.data import augmentation, blended_images
from laanet_core.data.augmentation import Transform
from laanet_core.data.context_crops import (
    LARGEST_PADDING,
    ContextCrop,
    center_square,
    jitter,
    padding,
    tight_square,
)
from laanet_core.data.self_blending import PseudoFake, SourceTransforms, published_source_transforms
from laanet_core.faces.crops import ENLARGEMENT, enlarge_to_square
from laanet_core.faces.landmarks import face_box
from laanet_core.types import Box, Landmarks, RGBImage

PolicyName = Literal["published", "hardened"]
SharedTransforms = Callable[[np.random.Generator], list[Transform]]
BlendDonor = Callable[[RGBImage, Landmarks, RGBImage, Landmarks, np.random.Generator], PseudoFake]

# Side in pixels of the crops that the published margins are given for.
PUBLISHED_SIDE = 256

# Pixels that inference trims from each side of a crop of PUBLISHED_SIDE.
INFERENCE_TRIM = 5

# Range of the pixels that training trims from such a crop, drawn for each side.
TRAINING_TRIM = (5, 25)

# Range of the enlargement of the face's box; inference enlarges by ENLARGEMENT.
HARDENED_ENLARGEMENT = (0.95, 1.45)

# Range of an erased patch's side, as a share of the crop's.
ERASED = (0.1, 0.35)


@dataclass(frozen=True)
class Framing:
    """Region to cut out of a context crop.

    `square` is in the crop's pixels, the box `erased` in shares of the square's side.
    """

    square: Box
    erased: Box | None = None


@dataclass(frozen=True)
class AugmentationPolicy:
    """Augmentation of training pairs.

    `source_transforms` draws what makes a pseudo-fake's source differ from its target. `blend_donor` makes a
    blended image; `after_blending` draws transforms for it and its target alike. `framing` chooses the region
    to cut out. `shared_transforms` draws the final transforms of real and fake. With probability
    `independent` the fake gets final transforms of its own, so that picture quality carries no information
    about the label.
    """

    source_transforms: SourceTransforms
    blend_donor: BlendDonor
    after_blending: SharedTransforms
    framing: Callable[[ContextCrop, np.random.Generator], Framing]
    shared_transforms: SharedTransforms
    independent: float


def published_downscale(rng: np.random.Generator) -> list[Transform]:
    """Draw the random down-sampling of a blended image, with probability 0.5."""
    if rng.random() < 0.5:
        return [augmentation.downscale(rng, smallest=0.25)]
    return []


def published_framing(crop: ContextCrop, rng: np.random.Generator) -> Framing:
    """Draw a random margin, then a crop of up to 15 %, a scale of +-15 %, or one erased patch.

    The three changes are equally probable.
    """
    square = _trimmed_square(crop, rng)
    change = ("crop", "scale", "erase")[rng.integers(3)]
    if change == "crop":
        removed_share = rng.uniform(0, 0.15)
        smaller = center_square(square, 1 - removed_share)
        return Framing(jitter(smaller, rng, removed_share / 2))
    if change == "scale":
        return Framing(center_square(square, rng.uniform(0.85, 1.15)))
    width, height = rng.uniform(*ERASED, 2)
    x = rng.uniform(0, 1 - width)
    y = rng.uniform(0, 1 - height)
    return Framing(square, erased=(x, y, x + width, y + height))


def _trimmed_square(crop: ContextCrop, rng: np.random.Generator) -> Box:
    """Return the face's square with a random trim of each side, in the crop's pixels.

    A trim of INFERENCE_TRIM on all sides would leave the square that inference cuts out.
    """
    enlargement = ENLARGEMENT * PUBLISHED_SIDE / (PUBLISHED_SIDE - 2 * INFERENCE_TRIM)
    x1, y1, x2, y2 = enlarge_to_square(face_box(crop.landmarks), enlargement)
    left, top, right, bottom = rng.uniform(*TRAINING_TRIM, 4) / PUBLISHED_SIDE * (x2 - x1)
    return enlarge_to_square((x1 + left, y1 + top, x2 - right, y2 - bottom), 1.0)


def published_shared_transforms(rng: np.random.Generator) -> list[Transform]:
    """Draw colour transforms and JPEG compression.

    RGB shift, hue/saturation/value +-0.3 and brightness/contrast +-0.3 have probability 0.3 each, JPEG with
    quality 40 to 100 has probability 0.5.
    """
    transforms = augmentation.colour_transforms(rng, limit=0.3, probability=0.3)
    if rng.random() < 0.5:
        transforms.append(augmentation.jpeg_compression(rng, worst=40))
    return transforms


def hardened_source_transforms(rng: np.random.Generator) -> list[Transform]:
    """Draw at least one colour transform, then one change of detail, and sometimes JPEG.

    The detail is subsampled with probability 0.25, downscaled with 0.35, sharpened with 0.25 and blurred
    with 0.15.
    """
    transforms = augmentation.colour_transforms(rng, limit=0.1, probability=0.3)
    if transforms:
        transforms.append(augmentation.brightness_contrast(rng, 0.1))
    else:
        transforms.append(augmentation.hue_saturation_value(rng, 0.2))
    detail = rng.random()
    if detail < 0.25:
        transforms.append(augmentation.subsample(int(rng.choice([2, 4]))))
    elif detail < 0.6:
        # Face-swap programs draw small faces and enlarge them.
        transforms.append(augmentation.downscale(rng, smallest=0.25))
    elif detail < 0.85:
        transforms.append(augmentation.sharpen(rng))
    else:
        transforms.append(augmentation.gaussian_blur(rng))
    if rng.random() < 0.15:
        transforms.append(augmentation.jpeg_compression(rng))
    return transforms


def hardened_framing(crop: ContextCrop, rng: np.random.Generator) -> Framing:
    """Enlarge the face's box by a random factor and move it at random.

    If the square exceeds the photograph by more than LARGEST_PADDING, a tight square of the photograph
    replaces it with probability 0.75.
    """
    enlargement = rng.uniform(*HARDENED_ENLARGEMENT)
    square = jitter(enlarge_to_square(face_box(crop.landmarks), enlargement), rng)
    if padding(square, crop) > LARGEST_PADDING and rng.random() < 0.75:
        return Framing(tight_square(crop.photograph, rng))
    return Framing(square)


def hardened_shared_transforms(rng: np.random.Generator) -> list[Transform]:
    """Draw colour transforms, then sometimes a change of detail, noise, and JPEG down to quality 30.

    The detail is downscaled with probability 0.3, blurred with 0.1, sharpened with 0.05 and else unchanged.
    """
    transforms = augmentation.colour_transforms(rng, limit=0.3, probability=0.3)
    detail = rng.random()
    if detail < 0.3:
        transforms.append(augmentation.downscale(rng))
    elif detail < 0.4:
        transforms.append(augmentation.gaussian_blur(rng))
    elif detail < 0.45:
        transforms.append(augmentation.sharpen(rng))
    if rng.random() < 0.1:
        transforms.append(augmentation.gaussian_noise(rng))
    if rng.random() < 0.6:
        transforms.append(augmentation.jpeg_compression(rng, worst=30))
    return transforms


def hardened_blended_image(
    image: RGBImage,
    landmarks: Landmarks,
    donor: RGBImage,
    donor_landmarks: Landmarks,
    rng: np.random.Generator,
) -> PseudoFake:
    """Blend a donor, transformed as hardened sources are, into an image.

    image (H, W, 3) and donor (H', W', 3) uint8 RGB, landmarks (68, 2) each in its image's pixels. Raises
    InvalidDataset as `varied_blended_image` does.
    """
    return blended_images.varied_blended_image(
        image, landmarks, donor, donor_landmarks, rng, transforms=hardened_source_transforms
    )


POLICIES: Mapping[PolicyName, AugmentationPolicy] = {
    "published": AugmentationPolicy(
        source_transforms=published_source_transforms,
        blend_donor=blended_images.blended_image,
        after_blending=published_downscale,
        framing=published_framing,
        shared_transforms=published_shared_transforms,
        independent=0.0,
    ),
    "hardened": AugmentationPolicy(
        source_transforms=hardened_source_transforms,
        blend_donor=hardened_blended_image,
        after_blending=lambda rng: [],
        framing=hardened_framing,
        shared_transforms=hardened_shared_transforms,
        independent=0.3,
    ),
}
