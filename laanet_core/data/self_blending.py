"""Self-blended images, pseudo-fakes made of one photograph each (Shiohara & Yamasaki, CVPR 2022; LAA-Net section 3.1), and their masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from laanet_core.data import augmentation
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import warp
from laanet_core.faces.landmarks import HULL_KINDS, HullKind, hull_mask
from laanet_core.types import Landmarks, Mask, RGBImage

SourceChanges = Callable[[np.random.Generator], list[augmentation.Change]]

BLEND_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)
REFERENCE_SIDE = 256  # the published kernel sizes are for crops of this side
_ATTEMPTS = 5


@dataclass(frozen=True)
class Blend:
    """A pseudo-fake: `fake` (H, W, 3) uint8 RGB and the blending mask M it was mixed with, (H, W) float32 in [0, 1]."""

    fake: RGBImage
    mask: Mask


def published_source_changes(rng: np.random.Generator) -> list[augmentation.Change]:
    """The statistical transform of self-blended images: RGB shift (p 0.3), hue and the like, brightness, then lost detail or sharpening."""
    changes = [augmentation.shift_channels(rng)] if rng.random() < 0.3 else []
    changes += [augmentation.shift_hue(rng, 0.3), augmentation.shift_brightness(rng, 0.1)]
    changes.append(
        augmentation.down_and_up(int(rng.choice([2, 4]))) if rng.random() < 0.5 else augmentation.sharpen(rng)
    )
    return changes


def self_blend(
    image: RGBImage,
    landmarks: Landmarks,
    rng: np.random.Generator,
    *,
    changes: SourceChanges = published_source_changes,
    hulls: Sequence[HullKind] = HULL_KINDS,
) -> Blend:
    """Blend a photograph with a changed copy of itself: I = r M source + (1 - r M) target.

    image (H, W, 3) uint8 RGB, landmarks (68, 2) in its pixels; `changes` draws what sets source and target apart; the mask starts
    from one of the `hulls`. One generator state gives one pseudo-fake. Raises InvalidDataset if the landmarks leave no mask (they lie
    outside the image).
    """
    mask = softened_hull(image, landmarks, rng, hulls)
    changed = augmentation.apply(changes(rng), image)
    source, target = (changed, image) if rng.random() < 0.5 else (image, changed)
    source, mask = _displace(source, mask, rng)
    return Blend(fake=mix(source, target, rng.choice(BLEND_RATIOS) * mask), mask=mask)


def mix(source: RGBImage, target: RGBImage, weight: Mask) -> RGBImage:
    """weight x source + (1 - weight) x target; pictures (H, W, 3) uint8 RGB, weight (H, W) in [0, 1]."""
    weight = np.asarray(weight, np.float32)
    return np.asarray(cv2.blendLinear(source, target, weight, 1 - weight), np.uint8)


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
    return np.asarray(
        cv2.remap(mask, columns + moves[..., 0], rows + moves[..., 1], cv2.INTER_LINEAR), np.float32
    )


def softened_hull(
    image: RGBImage, landmarks: Landmarks, rng: np.random.Generator, hulls: Sequence[HullKind] = HULL_KINDS
) -> Mask:
    """A random hull of the face, wobbled and softened: a blending mask (H, W). Raises InvalidDataset if none lies inside the image."""
    for _ in range(
        _ATTEMPTS
    ):  # a wild warp can push a small hull away; an empty mask would teach that a real face is fake
        kind = hulls[int(rng.integers(len(hulls)))]
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
    matrix = np.array(
        [[scale, 0, (1 - scale) * width / 2 + move_x], [0, scale, (1 - scale) * height / 2 + move_y]]
    )
    return warp(source, matrix, (width, height)), np.asarray(
        cv2.warpAffine(mask, matrix, (width, height)), np.float32
    )


def _kernel(rng: np.random.Generator, unit: float) -> tuple[int, int]:
    """An odd kernel side of 5 to 25 pixels of a 256-pixel crop."""
    side = max(round(float(rng.uniform(5, 25)) * unit) // 2 * 2 + 1, 3)
    return side, side
