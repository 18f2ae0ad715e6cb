"""Pseudo-fakes made from real photographs: self-blended and blended images (Shiohara & Yamasaki, CVPR 2022; LAA-Net section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from laanet_core import augmentation
from laanet_core.crops import RGBImage
from laanet_core.errors import InvalidDataset
from laanet_core.landmarks import HULL_KINDS, Landmarks, Mask, hull_mask

BLEND_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
REFERENCE_SIDE = 256  # the published kernel sizes are for crops of this side
_ATTEMPTS = 5


@dataclass(frozen=True)
class Blend:
    """A pseudo-fake: `fake` (H, W, 3) uint8 RGB and the blending mask M it was mixed with, (H, W) float32 in [0, 1]."""

    fake: RGBImage
    mask: Mask


def self_blend(image: RGBImage, landmarks: Landmarks, rng: np.random.Generator) -> Blend:
    """Blend a photograph with a changed copy of itself: I = r M source + (1 - r M) target.

    image (H, W, 3) uint8 RGB, landmarks (68, 2) in its pixels. One generator state gives one pseudo-fake. Raises InvalidDataset if
    the landmarks leave no mask (they lie outside the image).
    """
    mask = _softened_hull(image, landmarks, rng)
    changed = augmentation.apply(statistical_transform(rng), image)
    source, target = (changed, image) if rng.random() < 0.5 else (image, changed)
    source, mask = _displace(source, mask, rng)
    ratio = rng.choice(BLEND_RATIOS)
    weight = (ratio * mask)[..., None]
    blended = source * weight + target * (1 - weight)
    return Blend(fake=np.clip(np.round(blended), 0, 255).astype(np.uint8), mask=mask)


def foreign_blend(image: RGBImage, landmarks: Landmarks, donor: RGBImage, donor_landmarks: Landmarks, rng: np.random.Generator) -> Blend:
    """Blend another person's face into a photograph: a blended image, BI (Li et al., "Face X-ray", CVPR 2020, section 4).

    The donor (H', W', 3) is brought onto the target's landmarks, takes the target's colours inside the mask, and often loses
    detail, as faces drawn by a swapping program do. Raises InvalidDataset when no mask or no alignment can be found.
    """
    mask = _softened_hull(image, landmarks, rng)
    estimate = cv2.estimateAffine2D if rng.random() < 0.5 else cv2.estimateAffinePartial2D
    matrix = estimate(donor_landmarks, landmarks, method=cv2.LMEDS)[0]
    if matrix is None:
        raise InvalidDataset("the donor's landmarks cannot be brought onto the target's")
    height, width = mask.shape
    aligned = np.asarray(cv2.warpAffine(donor, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    aligned = match_colours(aligned, image, mask)
    if rng.random() < 0.6:
        aligned = augmentation.apply(statistical_transform(rng), aligned)
    ratio = rng.choice((0.75, 1.0, 1.0))
    weight = (ratio * mask)[..., None]
    blended = aligned * weight + image * (1 - weight)
    return Blend(fake=np.clip(np.round(blended), 0, 255).astype(np.uint8), mask=mask)


def match_colours(source: RGBImage, target: RGBImage, mask: Mask) -> RGBImage:
    """Give `source` the mean and spread that `target` has inside the mask (M > 0.5), channel by channel."""
    inside = mask > 0.5
    if not inside.any():
        return source
    from_mean, from_spread = source[inside].mean(axis=0), source[inside].std(axis=0)
    to_mean, to_spread = target[inside].mean(axis=0), target[inside].std(axis=0)
    gain = np.clip(to_spread / np.maximum(from_spread, 1), 0.6, 1.7)  # further apart, noise would be stretched
    return np.asarray(np.clip((source - from_mean) * gain + to_mean, 0, 255), np.uint8)


def statistical_transform(rng: np.random.Generator) -> list[augmentation.Change]:
    """What makes source and target differ: colour, then lost resolution or sharpening."""
    changes = augmentation.colour_changes(rng, limit=0.1, probability=0.3)
    changes.append(augmentation.shift_hue(rng, 0.2) if not changes else augmentation.shift_brightness(rng, 0.1))
    choice = rng.random()
    if choice < 0.25:
        changes.append(_down_and_up(int(rng.choice([2, 4]))))
    elif choice < 0.6:  # face-swap programs draw small faces and enlarge them
        changes.append(augmentation.lose_resolution(rng, smallest=0.25))
    elif choice < 0.85:
        changes.append(augmentation.sharpen(rng))
    else:
        changes.append(augmentation.blur(rng))
    if rng.random() < 0.15:
        changes.append(augmentation.compress(rng))
    return changes


def soften(mask: Mask, rng: np.random.Generator) -> Mask:
    """Give a hard mask a soft rim inside itself: resize, blur, keep the fully-inside area, blur again, renormalise, resize back."""
    height, width = mask.shape
    scale = rng.uniform(0.8, 1.25)
    resized = cv2.resize(mask, (max(round(width * scale), 8), max(round(height * scale), 8)))
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
    """Wobble a mask by a smooth random displacement (alpha and sigma in pixels of a 256-pixel crop)."""
    height, width = mask.shape
    unit = max(height, width) / REFERENCE_SIDE
    coarse = (max(height // 4, 8), max(width // 4, 8))  # smooth fields lose nothing at a quarter of the size
    noise = rng.uniform(-1, 1, (*coarse, 2)).astype(np.float32)
    # averaging leaves alpha / (2 sigma sqrt(3 pi)) of uniform noise: at the coarse scale the same field needs a quarter of the amplitude
    field = cv2.GaussianBlur(noise, (0, 0), max(sigma * unit / 4, 0.5)) * (alpha * unit / 4)
    moves = cv2.resize(field, (width, height))
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(mask, columns + moves[..., 0], rows + moves[..., 1], cv2.INTER_LINEAR), np.float32)


def blending_boundary(mask: Mask) -> Mask:
    """B = 4 M (1 - M): 1 where the two images mix half and half, 0 where one of them is untouched (paper eq. 2)."""
    return np.asarray(4 * mask * (1 - mask), np.float32)


def _softened_hull(image: RGBImage, landmarks: Landmarks, rng: np.random.Generator) -> Mask:
    for _ in range(_ATTEMPTS):  # a wild warp can push a small hull away; an empty mask would teach that a real face is fake
        kind = HULL_KINDS[rng.integers(len(HULL_KINDS))]
        hull = hull_mask(landmarks, image.shape[:2], kind)
        mask = soften(elastic_warp(hull, rng), rng)
        if mask.max() > 0.5:
            return mask
    raise InvalidDataset("the landmarks leave no blending mask inside the image")


def _displace(source: RGBImage, mask: Mask, rng: np.random.Generator) -> tuple[RGBImage, Mask]:
    """Shift source and mask together by up to 3 % in x and 1.5 % in y and scale them by 0.95 to 1/0.95."""
    height, width = mask.shape
    scale = rng.uniform(0.95, 1 / 0.95)
    move_x, move_y = rng.uniform(-0.03, 0.03) * width, rng.uniform(-0.015, 0.015) * height
    matrix = np.array([[scale, 0, (1 - scale) * width / 2 + move_x], [0, scale, (1 - scale) * height / 2 + move_y]])
    moved_source = cv2.warpAffine(source, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    moved_mask = cv2.warpAffine(mask, matrix, (width, height))
    return np.asarray(moved_source, np.uint8), np.asarray(moved_mask, np.float32)


def _down_and_up(factor: int) -> augmentation.Change:
    def change(image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        small = cv2.resize(image, (max(width // factor, 8), max(height // factor, 8)), interpolation=cv2.INTER_NEAREST)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    return change


def _kernel(rng: np.random.Generator, unit: float) -> tuple[int, int]:
    """An odd kernel side of 5 to 25 pixels of a 256-pixel crop."""
    side = max(round(float(rng.uniform(5, 25)) * unit) // 2 * 2 + 1, 3)
    return side, side
