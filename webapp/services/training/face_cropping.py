"""Crops of faces for training: original pixels, with a margin if landmarks were found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.data.context_crops import CONTEXT_ENLARGEMENT
from laanet_core.faces.crops import ENLARGEMENT, enlarge_to_square
from laanet_core.types import Box, Landmarks, RGBImage
from webapp.media.masks import Mask, painted_pixels

FindLandmarks = Callable[[RGBImage], Landmarks | None]
PixelBox = tuple[int, int, int, int]
# Extra margin, because the trainer computes its own box around the landmarks
_MARGIN = 1.1


@dataclass(frozen=True)
class TrainingCrop:
    """A crop of one face.

    `image` (H, W, 3) uint8 RGB; `landmarks` (68, 2) in its pixels, None if none were found; `region` (H, W)
    uint8, not 0 where a moderator painted, None without such pixels.
    """

    image: RGBImage
    landmarks: Landmarks | None
    region: npt.NDArray[np.uint8] | None


def crop_face(rgb: RGBImage, box: Box, masks: Sequence[Mask], find_landmarks: FindLandmarks) -> TrainingCrop:
    """Crop the face at `box` (x1, y1, x2, y2 in pixels) from `rgb`, (H, W, 3) uint8 RGB, upright.

    With landmarks the crop has a margin and ends at the edges of the picture. Without landmarks it is the
    square that the detector scores, with edge pixels repeated outside the picture. `masks` each cover the
    whole picture.
    """
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = _whole_pixels(enlarge_to_square(box, CONTEXT_ENLARGEMENT * _MARGIN))
    wide = (max(x1, 0), max(y1, 0), min(x2, width), min(y2, height))
    image = np.ascontiguousarray(rgb[wide[1] : wide[3], wide[0] : wide[2]])
    landmarks = find_landmarks(image)
    if landmarks is not None:
        return TrainingCrop(image, landmarks, _crop_masks(masks, wide, rgb.shape))
    square = _whole_pixels(enlarge_to_square(box, ENLARGEMENT))
    rows = np.clip(np.arange(square[1], square[3]), 0, height - 1)
    columns = np.clip(np.arange(square[0], square[2]), 0, width - 1)
    image = np.ascontiguousarray(rgb[rows][:, columns])
    return TrainingCrop(image, None, _crop_masks(masks, square, rgb.shape))


def _whole_pixels(square: Box) -> PixelBox:
    """Round a square to whole pixels so that it stays a square."""
    side = round(square[2] - square[0])
    left, top = round(square[0]), round(square[1])
    return left, top, left + side, top + side


def _crop_masks(
    masks: Sequence[Mask], box: PixelBox, picture_shape: tuple[int, ...]
) -> npt.NDArray[np.uint8] | None:
    """Return the union (H, W) of the masks within `box`; None if they do not touch it."""
    size = (box[2] - box[0], box[3] - box[1])
    union = np.zeros(size[::-1], np.uint8)
    for mask in masks:
        painted = np.asarray(painted_pixels(mask.png) * np.uint8(255), np.uint8)
        scale_x, scale_y = painted.shape[1] / picture_shape[1], painted.shape[0] / picture_shape[0]
        # Pixel centres are at .5, as in laanet_core.faces.crops.
        offset_x, offset_y = (box[0] + 0.5) * scale_x - 0.5, (box[1] + 0.5) * scale_y - 0.5
        matrix = np.array([[scale_x, 0, offset_x], [0, scale_y, offset_y]])
        cropped = cv2.warpAffine(painted, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
        union = np.maximum(union, cropped)
    return np.asarray(union, np.uint8) if union.any() else None
