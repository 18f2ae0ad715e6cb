"""Partial edits: eyes, nose or mouth replaced in a photograph, as retouchers do it by hand."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from laanet_core.data import augmentation
from laanet_core.data.blended_images import align_donor, match_colours
from laanet_core.data.self_blending import PseudoFake, SourceTransforms, alpha_blend
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import warp
from laanet_core.types import Landmarks, Mask, RGBImage

# Landmarks (iBUG order) of the parts that are replaced.
PARTS: Mapping[str, tuple[int, ...]] = {
    "left eye": (*range(17, 22), *range(36, 42)),
    "right eye": (*range(22, 27), *range(42, 48)),
    "both eyes": (*range(17, 27), *range(36, 48)),
    "nose": tuple(range(27, 36)),
    "mouth": tuple(range(48, 60)),
    "nose and mouth": (*range(27, 36), *range(48, 60)),
}

# Range of the growth of a part, and of its soft rim's sigma, as shares of the distance between the eyes.
GROWTH = (0.06, 0.28)
RIM = (0.01, 0.1)

# Smallest side in pixels of a region that Poisson blending takes.
_SMALLEST_REGION = 8


def partial_edit(
    image: RGBImage,
    landmarks: Landmarks,
    rng: np.random.Generator,
    transforms: SourceTransforms,
    donor: tuple[RGBImage, Landmarks] | None = None,
) -> PseudoFake:
    """Replace one or two parts of the face by a donor's, or by the face's own, moved and transformed.

    image (H, W, 3) uint8 RGB, landmarks (68, 2) in its pixels. The parts are blended with a soft rim, a hard
    edge or by Poisson blending (Perez et al., SIGGRAPH 2003). Raises InvalidDataset if no part lies inside
    the image.
    """
    mask = part_mask(image, landmarks, rng)
    if donor is None:
        source = _own_parts(image, rng, transforms)
    else:
        aligned = align_donor(donor[0], donor[1], landmarks, image, affine=rng.random() < 0.5)
        source = match_colours(aligned, image, mask, match_spread=rng.random() < 0.5)
        if rng.random() < 0.4:
            source = augmentation.apply(transforms(rng), source)
    if rng.random() < 0.35:
        return PseudoFake(poisson_blend(source, image, mask), mask)
    return PseudoFake(alpha_blend(source, image, mask), mask)


def part_mask(image: RGBImage, landmarks: Landmarks, rng: np.random.Generator) -> Mask:
    """Draw the mask (H, W) in [0, 1] of one or two parts of a face, grown and softened at random.

    Raises InvalidDataset if no part lies inside the image.
    """
    eye_distance = float(np.linalg.norm(landmarks[36:42].mean(axis=0) - landmarks[42:48].mean(axis=0)))
    names = list(PARTS)
    mask = np.zeros(image.shape[:2], np.uint8)
    for _ in range(1 if rng.random() < 0.65 else 2):
        points = landmarks[list(PARTS[names[int(rng.integers(len(names)))]])]
        cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points).astype(np.int32)), 1)
    reach = max(round(eye_distance * rng.uniform(*GROWTH)), 1)
    grown = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    # A hard edge still has one mixed pixel.
    sigma = 0.6 if rng.random() < 0.3 else max(eye_distance * rng.uniform(*RIM), 0.6)
    soft = np.asarray(cv2.GaussianBlur(grown.astype(np.float32), (0, 0), sigma), np.float32)
    peak = float(soft.max())
    if peak <= 0:
        raise InvalidDataset("the landmarks leave no part of the face inside the image")
    return np.asarray(soft / peak, np.float32)


def poisson_blend(source: RGBImage, target: RGBImage, mask: Mask) -> RGBImage:
    """Clone the gradients of `source` into `target` where the mask exceeds one half.

    source and target (H, W, 3) uint8 RGB, mask (H, W). A region that is too small or reaches the image's
    edge is blended by its mask instead.
    """
    hard = np.asarray(mask > 0.5, np.uint8)
    height, width = hard.shape
    x, y, w, h = cv2.boundingRect(hard)
    touches_edge = x < 2 or y < 2 or x + w > width - 2 or y + h > height - 2
    if min(w, h) < _SMALLEST_REGION or touches_edge:
        return alpha_blend(source, target, mask)
    center = (x + w // 2, y + h // 2)
    return np.asarray(cv2.seamlessClone(source, target, hard * 255, center, cv2.NORMAL_CLONE), np.uint8)


def _own_parts(image: RGBImage, rng: np.random.Generator, transforms: SourceTransforms) -> RGBImage:
    """Return the image transformed, slightly turned, scaled and shifted."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 2), rng.uniform(0.92, 1.09))
    turn[:, 2] += rng.normal(0, 0.015, 2) * width
    return warp(augmentation.apply(transforms(rng), image), turn, (width, height))
