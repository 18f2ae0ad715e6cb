"""Crops of faces for training, in original pixels, with a margin if the landmark detector succeeds."""

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

# Landmark detector: from a crop (H, W, 3) uint8 RGB to landmarks (68, 2) in its pixels, None without a face.
FindLandmarks = Callable[[RGBImage], Landmarks | None]
# Box (x1, y1, x2, y2) in whole pixels.
PixelBox = tuple[int, int, int, int]
# Factor of extra margin, because the trainer computes its own box around the landmarks.
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
    left, top = max(x1, 0), max(y1, 0)
    right, bottom = min(x2, width), min(y2, height)
    image = np.ascontiguousarray(rgb[top:bottom, left:right])
    landmarks = find_landmarks(image)
    if landmarks is not None:
        region = _crop_masks(masks, (left, top, right, bottom), rgb.shape)
        return TrainingCrop(image, landmarks, region)
    square = _whole_pixels(enlarge_to_square(box, ENLARGEMENT))
    x1, y1, x2, y2 = square
    rows = np.clip(np.arange(y1, y2), 0, height - 1)
    columns = np.clip(np.arange(x1, x2), 0, width - 1)
    image = np.ascontiguousarray(rgb[rows][:, columns])
    return TrainingCrop(image, None, _crop_masks(masks, square, rgb.shape))


def _whole_pixels(square: Box) -> PixelBox:
    """Round a square (x1, y1, x2, y2) to whole pixels so that it stays a square."""
    x1, y1, x2, _ = square
    side = round(x2 - x1)
    left = round(x1)
    top = round(y1)
    return left, top, left + side, top + side


def _crop_masks(
    masks: Sequence[Mask], box: PixelBox, picture_shape: tuple[int, ...]
) -> npt.NDArray[np.uint8] | None:
    """Return the union (H, W) of the masks within `box`; None if they do not touch it.

    Masks have sizes of their own and cover the whole picture of `picture_shape` (height, width, 3).
    """
    x1, y1, x2, y2 = box
    picture_height, picture_width = picture_shape[:2]
    union = np.zeros((y2 - y1, x2 - x1), np.uint8)
    for mask in masks:
        painted = np.asarray(painted_pixels(mask.png) * np.uint8(255), np.uint8)
        scale_x = painted.shape[1] / picture_width
        scale_y = painted.shape[0] / picture_height
        # Pixel centres are at .5, as in laanet_core.faces.crops.
        offset_x = (x1 + 0.5) * scale_x - 0.5
        offset_y = (y1 + 0.5) * scale_y - 0.5
        # From pixels of the crop to pixels of the mask.
        matrix = np.array([[scale_x, 0, offset_x], [0, scale_y, offset_y]])
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        cropped = cv2.warpAffine(painted, matrix, (x2 - x1, y2 - y1), flags=flags)
        union = np.maximum(union, cropped)
    return np.asarray(union, np.uint8) if union.any() else None
