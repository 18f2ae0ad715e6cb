"""Blended images (BI): a donor's face blended into a photograph (Face X-ray, section 4).

Source: Li et al., "Face X-ray", CVPR 2020.
"""

from __future__ import annotations

import cv2
import numpy as np

from laanet_core.data import augmentation
from laanet_core.data.self_blending import (
    PseudoFake,
    SourceTransforms,
    alpha_blend,
    displace_pixels,
    random_blending_mask,
)
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import warp
from laanet_core.faces.landmarks import HULL_KINDS, hull_mask
from laanet_core.types import Landmarks, Mask, RGBImage

# Width of the soft edge of the mask, as a share of the face's width.
FEATHER = 0.2

# Standard deviations of the blur from one side of the soft edge to the other.
_FEATHER_SIGMAS = 4

# Control points per side of the piecewise-affine warp of the mask.
GRID = 4

# Twice the standard deviation of a control point's displacement, as a share of the image's side.
GRID_DISPLACEMENT = 0.03

# Largest erosion or dilation of the mask, as a share of the face's width.
LARGEST_DILATION = 0.04

# Range of the factor by which a channel's spread is matched; a larger one would amplify noise.
GAIN_RANGE = (0.6, 1.7)

# Ratios r of a varied blend; one is drawn, so two thirds are blended at full strength.
VARIED_RATIOS = (0.75, 1.0, 1.0)

# A pixel with a greater mask value lies inside the mask.
_INSIDE = 0.5

# Smallest width of a face that the mask's edge is scaled by, in pixels.
_SMALLEST_FACE = 8.0


def blended_image(
    image: RGBImage,
    landmarks: Landmarks,
    donor: RGBImage,
    donor_landmarks: Landmarks,
    rng: np.random.Generator,
) -> PseudoFake:
    """Blend an aligned donor into an image as published.

    The donor takes the target's mean colours; the mask is warped piecewise, eroded or dilated, and feathered.
    image (H, W, 3) and donor (H', W', 3) uint8 RGB, landmarks (68, 2) each in the pixels of its own image.
    Raises InvalidDataset if the faces cannot be aligned or no mask lies inside the image.
    """
    aligned = align_donor(donor, donor_landmarks, landmarks, image, affine=False)
    face_width = max(float(np.ptp(landmarks[:, 0])), _SMALLEST_FACE)
    hull_kind = HULL_KINDS[rng.integers(len(HULL_KINDS))]
    hull = hull_mask(landmarks, image.shape[:2], hull_kind)
    reach = max(round(face_width * rng.uniform(0, LARGEST_DILATION)), 0)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    erode_or_dilate = cv2.erode if rng.random() < 0.5 else cv2.dilate
    resized = erode_or_dilate(piecewise_warp(hull, rng), kernel)
    sigma = face_width * FEATHER / _FEATHER_SIGMAS
    mask = np.asarray(cv2.GaussianBlur(resized, (0, 0), sigma), np.float32)
    if mask.max() <= _INSIDE:
        raise InvalidDataset("the landmarks leave no blending mask inside the image")
    source = match_colours(aligned, image, mask, match_spread=False)
    return PseudoFake(alpha_blend(source, image, mask), mask)


def varied_blended_image(
    image: RGBImage,
    landmarks: Landmarks,
    donor: RGBImage,
    donor_landmarks: Landmarks,
    rng: np.random.Generator,
    transforms: SourceTransforms,
) -> PseudoFake:
    """Blend an aligned donor, often transformed, into an image with the mask of a self-blended image.

    The donor takes the target's mean and spread of colours. With probability 0.6 it goes through
    `transforms`, which imitate the lost detail of face-swap programs. image (H, W, 3) and donor (H', W', 3)
    uint8 RGB, landmarks (68, 2) each in the pixels of its own image. Raises InvalidDataset as `blended_image`
    does.
    """
    mask = random_blending_mask(image, landmarks, rng)
    aligned = align_donor(donor, donor_landmarks, landmarks, image, affine=rng.random() < 0.5)
    source = match_colours(aligned, image, mask, match_spread=True)
    if rng.random() < 0.6:
        source = augmentation.apply(transforms(rng), source)
    ratio = rng.choice(VARIED_RATIOS)
    return PseudoFake(alpha_blend(source, image, ratio * mask), mask)


def match_colours(source: RGBImage, target: RGBImage, mask: Mask, *, match_spread: bool) -> RGBImage:
    """Give `source` the target's mean colour inside the mask (M > 0.5).

    With `match_spread` it takes the standard deviation too. source and target (H, W, 3) uint8 RGB, mask
    (H, W) in [0, 1]. Returns (H, W, 3); a mask without a pixel inside leaves the source unchanged.
    """
    inside = mask > _INSIDE
    if not inside.any():
        return source
    source_mean = source[inside].mean(axis=0)  # (3,)
    target_mean = target[inside].mean(axis=0)  # (3,)
    gain = np.ones(3)
    if match_spread:
        # A plain source has a spread near 0, by which nothing can be divided.
        source_spread = np.maximum(source[inside].std(axis=0), 1)
        gain = np.clip(target[inside].std(axis=0) / source_spread, *GAIN_RANGE)
    return np.asarray(np.clip((source - source_mean) * gain + target_mean, 0, 255), np.uint8)


def piecewise_warp(mask: Mask, rng: np.random.Generator) -> Mask:
    """Deform a mask (H, W) by random displacements of a coarse grid, interpolated linearly in between."""
    height, width = mask.shape
    sigma = GRID_DISPLACEMENT * max(height, width) / 2
    displacements = rng.normal(0, sigma, (GRID, GRID, 2)).astype(np.float32)
    field = cv2.resize(displacements, (width, height), interpolation=cv2.INTER_LINEAR)  # (H, W, 2)
    return displace_pixels(mask, field)


def align_donor(
    donor: RGBImage, donor_landmarks: Landmarks, landmarks: Landmarks, image: RGBImage, *, affine: bool
) -> RGBImage:
    """Warp a donor (H', W', 3) onto the landmarks (68, 2) of an image (H, W, 3); return (H, W, 3).

    The transform is affine, or else a similarity. Raises InvalidDataset if the landmarks determine none.
    """
    estimate = cv2.estimateAffine2D if affine else cv2.estimateAffinePartial2D
    matrix = estimate(donor_landmarks, landmarks, method=cv2.LMEDS)[0]
    if matrix is None:
        raise InvalidDataset("the donor's landmarks cannot be aligned with the target's")
    height, width = image.shape[:2]
    return warp(donor, matrix, (width, height))
