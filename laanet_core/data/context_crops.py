"""Context crops: a face with its surroundings, and the squares that are cut out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from laanet_core.data.image_store import ImageStore
from laanet_core.data.manifest import Sample
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.faces.landmarks import face_box
from laanet_core.types import Box, Landmarks, RGBImage

# Enlargement of the face's box to a context crop, which contains the network's smaller crop.
CONTEXT_ENLARGEMENT = 1.6

# Smallest and largest side of a context crop, in pixels.
SMALLEST_SIDE = 64
LARGEST_SIDE = 320

# Largest padding, as a share of the side of a square. If a face lies so near to the photograph's edge that
# its square needs more, a tight square of the photograph is cut out instead.
LARGEST_PADDING = 0.08

# Range of the scale of a square in an image that already is a tight face crop.
TIGHT_SCALE = (0.8, 1.02)


@dataclass(frozen=True)
class ContextCrop:
    """A face with its surroundings.

    `image` (H, H, 3) uint8 RGB, or (H, H, 4) with the region that a person painted as the fourth channel.
    `landmarks` (68, 2) and the box `photograph` are in its pixels; the image outside this box is padding.
    """

    image: RGBImage
    landmarks: Landmarks
    photograph: Box


def context_crop(store: ImageStore, sample: Sample, *, largest: int = LARGEST_SIDE) -> ContextCrop:
    """Cut out a sample's face with its surroundings.

    The crop keeps the image's resolution if its side then lies in [SMALLEST_SIDE, `largest`] pixels.

    Raises InvalidDataset if the sample has no landmarks or its image cannot be read.
    """
    image = read_with_region(store, sample)
    if sample.landmarks is None:
        raise InvalidDataset(f"{sample.name} has no landmarks")
    x1, y1, x2, y2 = enlarge_to_square(face_box(sample.landmarks), CONTEXT_ENLARGEMENT)
    side = int(np.clip(round(x2 - x1), SMALLEST_SIDE, largest))
    scale = side / (x2 - x1)
    # Pixel centres lie at integer coordinates, box edges half a pixel outside.
    landmarks = (sample.landmarks + 0.5 - np.array([x1, y1], np.float32)) * scale - 0.5
    height, width = image.shape[:2]
    photograph = (
        max(-x1, 0) * scale,
        max(-y1, 0) * scale,
        min((width - x1) * scale, side),
        min((height - y1) * scale, side),
    )
    crop = crop_square(image, (x1, y1, x2, y2), side)
    return ContextCrop(crop, np.asarray(landmarks, np.float32), photograph)


def read_with_region(store: ImageStore, sample: Sample) -> RGBImage:
    """Return a sample's image (H, W, 3) uint8 RGB, or (H, W, 4) with its painted region.

    Raises InvalidDataset if a file cannot be read, or if image and region differ in size.
    """
    image = store.read(sample.pack, sample.path)
    if sample.region is None:
        return image
    region = store.read_mask(sample.pack, sample.region)
    if region.shape != image.shape[:2]:
        raise InvalidDataset(f"{sample.name} and its region {sample.region} differ in size")
    return np.dstack([image, region])


def inference_square(crop: ContextCrop) -> Box:
    """Return the square that inference would cut out around this face."""
    square = enlarge_to_square(face_box(crop.landmarks))
    if padding(square, crop) > LARGEST_PADDING:
        return center_square(crop.photograph)
    return square


def padding(square: Box, crop: ContextCrop) -> float:
    """Return the largest distance by which a square exceeds the photograph, as a share of the square's side.

    It is negative if the whole square lies inside the photograph.
    """
    x1, y1, x2, y2 = square
    left, top, right, bottom = crop.photograph
    return max(left - x1, top - y1, x2 - right, y2 - bottom) / (x2 - x1)


def center_square(box: Box, scale: float = 1.0) -> Box:
    """Return the square at a box's centre whose side is the box's shorter side times `scale`."""
    x1, y1, x2, y2 = box
    center_x = (x1 + x2) / 2
    center_y = (y1 + y2) / 2
    half = min(x2 - x1, y2 - y1) * scale / 2
    return (center_x - half, center_y - half, center_x + half, center_y + half)


def tight_square(box: Box, rng: np.random.Generator) -> Box:
    """Return a square at the centre of a tight face crop, slightly moved and scaled."""
    return jitter(center_square(box, rng.uniform(*TIGHT_SCALE)), rng, 0.04)


def jitter(square: Box, rng: np.random.Generator, share: float = 0.06) -> Box:
    """Move a square by up to `share` of its side along each axis."""
    x1, y1, x2, y2 = square
    move_x, move_y = rng.uniform(-share, share, 2) * (x2 - x1)
    return (x1 + move_x, y1 + move_y, x2 + move_x, y2 + move_y)


def full_box(image: RGBImage) -> Box:
    """Return the box of a whole image (H, W, ...)."""
    return (0.0, 0.0, float(image.shape[1]), float(image.shape[0]))
