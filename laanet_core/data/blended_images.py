"""Blended images, BI: another person's face blended into a photograph (Li et al., "Face X-ray", CVPR 2020, section 4)."""

from __future__ import annotations

import cv2
import numpy as np

from laanet_core.data import augmentation
from laanet_core.data.self_blending import Blend, SourceChanges, mix, softened_hull
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import warp
from laanet_core.faces.landmarks import HULL_KINDS, hull_mask
from laanet_core.types import Landmarks, Mask, RGBImage

FEATHER = 0.2  # of the face's width
GRID = 4  # control points a side of the piecewise-affine warp of the mask
GRID_MOVES = 0.03  # of the picture's side
MASK_MOVES = 0.04  # of the face's width: how far the mask is eroded or dilated at most


def blended_image(
    image: RGBImage,
    landmarks: Landmarks,
    donor: RGBImage,
    donor_landmarks: Landmarks,
    rng: np.random.Generator,
) -> Blend:
    """The published BI: aligned donor, mean colours of the target, a mask warped piecewise and eroded or dilated, a feathered blend.

    image (H, W, 3) and donor (H', W', 3) uint8 RGB, landmarks (68, 2) each in the pixels of its own picture. Raises InvalidDataset when
    no mask or no alignment can be found.
    """
    aligned = _aligned(donor, donor_landmarks, landmarks, image, affine=False)
    face_width = max(float(np.ptp(landmarks[:, 0])), 8.0)
    hull = hull_mask(landmarks, image.shape[:2], HULL_KINDS[rng.integers(len(HULL_KINDS))])
    reach = max(round(face_width * rng.uniform(0, MASK_MOVES)), 0)
    moved = (cv2.erode if rng.random() < 0.5 else cv2.dilate)(
        piecewise_warp(hull, rng), np.ones((2 * reach + 1,) * 2, np.uint8)
    )
    mask = np.asarray(
        cv2.GaussianBlur(moved, (0, 0), face_width * FEATHER / 4), np.float32
    )  # four sigmas from one side to the other
    if mask.max() <= 0.5:
        raise InvalidDataset("the landmarks leave no blending mask inside the image")
    return Blend(fake=mix(match_colours(aligned, image, mask, spread=False), image, mask), mask=mask)


def varied_blended_image(
    image: RGBImage,
    landmarks: Landmarks,
    donor: RGBImage,
    donor_landmarks: Landmarks,
    rng: np.random.Generator,
    changes: SourceChanges,
) -> Blend:
    """BI with the masks of self-blended images, the target's mean and spread of colours, and often a donor that went through `changes`.

    Faces drawn by a swapping program lack detail; such a blend teaches that. Arguments and errors as for `blended_image`.
    """
    mask = softened_hull(image, landmarks, rng)
    aligned = match_colours(
        _aligned(donor, donor_landmarks, landmarks, image, affine=rng.random() < 0.5),
        image,
        mask,
        spread=True,
    )
    if rng.random() < 0.6:
        aligned = augmentation.apply(changes(rng), aligned)
    return Blend(fake=mix(aligned, image, rng.choice((0.75, 1.0, 1.0)) * mask), mask=mask)


def match_colours(source: RGBImage, target: RGBImage, mask: Mask, *, spread: bool) -> RGBImage:
    """Give `source` the mean (and, where asked, the spread) that `target` has inside the mask (M > 0.5), channel by channel."""
    inside = mask > 0.5
    if not inside.any():
        return source
    from_mean, to_mean = source[inside].mean(axis=0), target[inside].mean(axis=0)
    gain = np.ones(3)
    if spread:
        ratio = target[inside].std(axis=0) / np.maximum(source[inside].std(axis=0), 1)
        gain = np.clip(ratio, 0.6, 1.7)  # further apart, noise would be stretched
    return np.asarray(np.clip((source - from_mean) * gain + to_mean, 0, 255), np.uint8)


def piecewise_warp(mask: Mask, rng: np.random.Generator) -> Mask:
    """Deform a mask (H, W) by moving the points of a coarse grid at random and what lies between them along."""
    height, width = mask.shape
    moves = rng.normal(0, GRID_MOVES * max(height, width) / 2, (GRID, GRID, 2)).astype(np.float32)
    field = cv2.resize(moves, (width, height), interpolation=cv2.INTER_LINEAR)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(
        cv2.remap(mask, columns + field[..., 0], rows + field[..., 1], cv2.INTER_LINEAR), np.float32
    )


def _aligned(
    donor: RGBImage, donor_landmarks: Landmarks, landmarks: Landmarks, image: RGBImage, *, affine: bool
) -> RGBImage:
    """The donor brought onto the target's landmarks by a similarity, or an affine transform, in the target's shape."""
    estimate = cv2.estimateAffine2D if affine else cv2.estimateAffinePartial2D
    matrix = estimate(donor_landmarks, landmarks, method=cv2.LMEDS)[0]
    if matrix is None:
        raise InvalidDataset("the donor's landmarks cannot be brought onto the target's")
    height, width = image.shape[:2]
    return warp(donor, matrix, (width, height))
