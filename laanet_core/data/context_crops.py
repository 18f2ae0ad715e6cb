"""A face cut out with room around it, in which pseudo-fakes are made, and the squares that are cut out of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from laanet_core.data.image_store import ImageStore
from laanet_core.data.manifest import Sample
from laanet_core.errors import InvalidDataset
from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.faces.landmarks import face_box
from laanet_core.types import Box, Landmarks, RGBImage

WORKING_ENLARGEMENT = 1.6  # what is cut out before blending; the final crop lies inside
SMALLEST_SIDE, LARGEST_SIDE = 64, 320
PADDING_ALLOWED = 0.08  # of the crop's side; a face nearer the photograph's edge is cut out as a tight square of the photograph
TIGHT_SCALE = (0.8, 1.02)  # of a picture that is itself a tight crop


@dataclass(frozen=True)
class WorkingCrop:
    """A face with room around it: `image` (H, H, 3), its `landmarks` there, and which part of it is `photograph`, not padding.

    uint8 RGB, and a fourth channel where a region was painted.
    """

    image: RGBImage
    landmarks: Landmarks
    photograph: Box


def working_crop(store: ImageStore, sample: Sample, *, largest: int = LARGEST_SIDE) -> WorkingCrop:
    """Cut a sample's face out at its own resolution, but at most `largest` pixels wide. Raises InvalidDataset when it has no landmarks.

    Where the sample has a region, the image has it as a fourth channel.
    """
    image = picture(store, sample)
    if sample.landmarks is None:
        raise InvalidDataset(f"{sample.name} has no landmarks")
    x1, y1, x2, y2 = enlarge_to_square(face_box(sample.landmarks), WORKING_ENLARGEMENT)
    side = int(np.clip(round(x2 - x1), SMALLEST_SIDE, largest))
    scale = side / (x2 - x1)
    moved = (sample.landmarks + 0.5 - np.array([x1, y1], np.float32)) * scale - 0.5
    height, width = image.shape[:2]
    photograph = (
        max(-x1, 0) * scale,
        max(-y1, 0) * scale,
        min((width - x1) * scale, side),
        min((height - y1) * scale, side),
    )
    return WorkingCrop(crop_square(image, (x1, y1, x2, y2), side), np.asarray(moved, np.float32), photograph)


def picture(store: ImageStore, sample: Sample) -> RGBImage:
    """A sample's image (H, W, 3) uint8 RGB, with its region, where it has one, as a fourth channel. Raises InvalidDataset."""
    image = store.read(sample.pack, sample.path)
    if sample.region is None:
        return image
    region = store.read_mask(sample.pack, sample.region)
    if region.shape != image.shape[:2]:
        raise InvalidDataset(f"{sample.name} and its region {sample.region} differ in size")
    return np.dstack([image, region])


def inference_square(crop: WorkingCrop) -> Box:
    """The square that inference would cut out around this face."""
    square = enlarge_to_square(face_box(crop.landmarks))
    return middle_square(crop.photograph) if padding(square, crop) > PADDING_ALLOWED else square


def padding(square: Box, crop: WorkingCrop) -> float:
    """How far a square reaches out of the photograph, as a share of its side."""
    x1, y1, x2, y2 = crop.photograph
    return max(x1 - square[0], y1 - square[1], square[2] - x2, square[3] - y2) / (square[2] - square[0])


def middle_square(box: Box, scale: float = 1.0) -> Box:
    """The square in the middle of a box whose side is the box's shorter one times `scale`."""
    x1, y1, x2, y2 = box
    center_x, center_y = (x1 + x2) / 2, (y1 + y2) / 2
    half = min(x2 - x1, y2 - y1) * scale / 2
    return (center_x - half, center_y - half, center_x + half, center_y + half)


def tight_square(box: Box, rng: np.random.Generator) -> Box:
    """A square in the middle of a picture, or part of one, that is a tight face crop; a little moved and scaled."""
    return jitter(middle_square(box, rng.uniform(*TIGHT_SCALE)), rng, 0.04)


def jitter(square: Box, rng: np.random.Generator, share: float = 0.06) -> Box:
    """Move a square by up to `share` of its side."""
    x1, y1, x2, y2 = square
    move_x, move_y = rng.uniform(-share, share, 2) * (x2 - x1)
    return (x1 + move_x, y1 + move_y, x2 + move_x, y2 + move_y)


def whole(image: RGBImage) -> Box:
    """The box of a whole picture."""
    return (0.0, 0.0, float(image.shape[1]), float(image.shape[0]))
