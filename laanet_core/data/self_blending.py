"""Self-blended images (SBI) and their blending masks.

Source: Shiohara & Yamasaki, CVPR 2022; LAA-Net section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.data import augmentation
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import warp
from laanet_core.faces.landmarks import HULL_KINDS, HullKind, hull_mask
from laanet_core.types import Landmarks, Mask, RGBImage

SourceTransforms = Callable[[np.random.Generator], list[augmentation.Transform]]

# The published ratios r; one is drawn, so half of the images are blended at full strength.
BLEND_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)

# Side in pixels of the crops that the published kernel sizes are given for.
REFERENCE_SIDE = 256

# Attempts to draw a mask. A strong warp can push a small hull out of the image; such an empty mask would
# label a real face as fake, so another is drawn.
_ATTEMPTS = 5

# Smallest side of an intermediate map, in pixels.
_SMALLEST_SIDE = 8

# The elastic warp is computed at this fraction of the resolution, because its field is smooth.
_WARP_REDUCTION = 4


@dataclass(frozen=True)
class PseudoFake:
    """A fake made for training.

    `image` (H, W, 3) uint8 RGB; `mask` is its blending mask M, (H, W) float32 in [0, 1].
    """

    image: RGBImage
    mask: Mask


def published_source_transforms(rng: np.random.Generator) -> list[augmentation.Transform]:
    """Draw the published transforms: colour, brightness, then either subsampling or sharpening."""
    transforms = [augmentation.rgb_shift(rng)] if rng.random() < 0.3 else []
    transforms.append(augmentation.hue_saturation_value(rng, 0.3))
    transforms.append(augmentation.brightness_contrast(rng, 0.1))
    if rng.random() < 0.5:
        transforms.append(augmentation.subsample(int(rng.choice([2, 4]))))
    else:
        transforms.append(augmentation.sharpen(rng))
    return transforms


def self_blend(
    image: RGBImage,
    landmarks: Landmarks,
    rng: np.random.Generator,
    *,
    transforms: SourceTransforms = published_source_transforms,
    hulls: Sequence[HullKind] = HULL_KINDS,
) -> PseudoFake:
    """Blend a photograph with a transformed copy of itself: I = r M source + (1 - r M) target.

    M is the blending mask and r a ratio drawn from BLEND_RATIOS. image (H, W, 3) uint8 RGB, landmarks (68, 2)
    in its pixels. `transforms` draws the difference between source and target; the mask starts from one of
    `hulls`. The generator's state determines the result. Raises InvalidDataset if the landmarks leave no mask
    inside the image.
    """
    mask = random_blending_mask(image, landmarks, rng, hulls)
    transformed = augmentation.apply(transforms(rng), image)
    source, target = (transformed, image) if rng.random() < 0.5 else (image, transformed)
    source, mask = _displace(source, mask, rng)
    ratio = rng.choice(BLEND_RATIOS)
    return PseudoFake(alpha_blend(source, target, ratio * mask), mask)


def alpha_blend(source: RGBImage, target: RGBImage, weight: Mask) -> RGBImage:
    """Return weight x source + (1 - weight) x target. Images (H, W, 3) uint8 RGB, weight (H, W) in [0, 1]."""
    weight = np.asarray(weight, np.float32)
    return np.asarray(cv2.blendLinear(source, target, weight, 1 - weight), np.uint8)


def random_blending_mask(
    image: RGBImage, landmarks: Landmarks, rng: np.random.Generator, hulls: Sequence[HullKind] = HULL_KINDS
) -> Mask:
    """Draw a hull of the face, warp it elastically and soften it to a blending mask (H, W) in [0, 1].

    image (H, W, 3), landmarks (68, 2) in its pixels. Raises InvalidDataset if no mask lies inside the image.
    """
    for _ in range(_ATTEMPTS):
        kind = hulls[int(rng.integers(len(hulls)))]
        hull = hull_mask(landmarks, image.shape[:2], kind)
        mask = soften_mask(elastic_warp(hull, rng), rng)
        # A fainter mask lies almost outside the image.
        if mask.max() > 0.5:
            return mask
    raise InvalidDataset("the landmarks leave no blending mask inside the image")


def soften_mask(mask: Mask, rng: np.random.Generator) -> Mask:
    """Give a hard mask (H, W) a soft rim inside itself.

    The mask is resized, blurred, reduced to the area that the blur left at its maximum, blurred again,
    normalised and resized back.
    """
    height, width = mask.shape
    scale = rng.uniform(0.8, 1.25)
    size = (max(round(width * scale), _SMALLEST_SIDE), max(round(height * scale), _SMALLEST_SIDE))
    resized = cv2.resize(mask, size)
    # Pixels of this mask for one pixel of a crop of REFERENCE_SIDE.
    unit = max(resized.shape) / REFERENCE_SIDE
    soft = cv2.GaussianBlur(resized, _kernel(rng, unit), 0)
    inside = np.where(soft < soft.max() - 1e-3, 0, soft).astype(np.float32)
    if inside.max() > 0:
        soft = cv2.GaussianBlur(inside, _kernel(rng, unit), rng.uniform(5, 45) * unit)
    peak = float(soft.max())
    if peak <= 0:
        return np.zeros_like(mask)
    return np.asarray(np.clip(cv2.resize(soft / peak, (width, height)), 0, 1), np.float32)


def elastic_warp(mask: Mask, rng: np.random.Generator, *, alpha: float = 50, sigma: float = 7) -> Mask:
    """Deform a mask (H, W) by a smooth random displacement.

    The displacement is noise of amplitude `alpha`, blurred by a Gaussian of `sigma`; both are in pixels of a
    crop of REFERENCE_SIDE.
    """
    height, width = mask.shape
    unit = max(height, width) / REFERENCE_SIDE
    coarse_height = max(height // _WARP_REDUCTION, _SMALLEST_SIDE)
    coarse_width = max(width // _WARP_REDUCTION, _SMALLEST_SIDE)
    noise = rng.uniform(-1, 1, (coarse_height, coarse_width, 2)).astype(np.float32)
    # Blurring scales uniform noise by 1 / (2 sigma sqrt(3 pi)). At a quarter of the size sigma is a quarter
    # too, so the same displacement needs a quarter of the amplitude.
    coarse_sigma = max(sigma * unit / _WARP_REDUCTION, 0.5)
    field = cv2.GaussianBlur(noise, (0, 0), coarse_sigma) * (alpha * unit / _WARP_REDUCTION)
    return displace_pixels(mask, cv2.resize(field, (width, height)))


def displace_pixels(mask: Mask, displacements: npt.NDArray[np.float32]) -> Mask:
    """Return a mask (H, W) whose pixel at (x, y) is read at (x, y) plus its displacement.

    displacements (H, W, 2), x before y, in pixels; pixels outside the mask are 0.
    """
    height, width = mask.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    warped = cv2.remap(mask, columns + displacements[..., 0], rows + displacements[..., 1], cv2.INTER_LINEAR)
    return np.asarray(warped, np.float32)


def _displace(source: RGBImage, mask: Mask, rng: np.random.Generator) -> tuple[RGBImage, Mask]:
    """Shift source (H, W, 3) and mask (H, W) together and scale them about the centre.

    The shift is up to 3 % of the width in x and 1.5 % of the height in y, the scale 0.95 to 1/0.95.
    """
    height, width = mask.shape
    scale = rng.uniform(0.95, 1 / 0.95)
    shift_x = rng.uniform(-0.03, 0.03) * width
    shift_y = rng.uniform(-0.015, 0.015) * height
    # The first summand of each offset keeps the centre in its place.
    offset_x = (1 - scale) * width / 2 + shift_x
    offset_y = (1 - scale) * height / 2 + shift_y
    matrix = np.array([[scale, 0, offset_x], [0, scale, offset_y]])
    moved_mask = cv2.warpAffine(mask, matrix, (width, height))
    return warp(source, matrix, (width, height)), np.asarray(moved_mask, np.float32)


def _kernel(rng: np.random.Generator, unit: float) -> tuple[int, int]:
    """Draw a square kernel with an odd side, 5 to 25 pixels of a crop of REFERENCE_SIDE.

    `unit` converts to pixels of the mask.
    """
    radius = round(float(rng.uniform(5, 25)) * unit) // 2
    side = max(2 * radius + 1, 3)
    return side, side
