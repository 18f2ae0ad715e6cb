"""Crops of faces for training, in original pixels, with a margin if the landmark detector succeeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.data.context_crops import CONTEXT_ENLARGEMENT
from laanet_core.faces.crops import ENLARGEMENT, crop_turned, turned_matrix
from laanet_core.types import Box, Landmarks, RGBImage
from webapp.media.masks import Mask, painted_pixels

# Landmark detector: from a crop (H, W, 3) uint8 RGB to landmarks (68, 2) in its pixels, None without a face.
FindLandmarks = Callable[[RGBImage], Landmarks | None]
# From an enlargement to the face's square (x1, y1, x2, y2) in pixels before its turn.
FindSquare = Callable[[float], Box]
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


def crop_face(
    rgb: RGBImage,
    square_of: FindSquare,
    roll: float,
    masks: Sequence[Mask],
    find_landmarks: FindLandmarks,
) -> TrainingCrop:
    """Crop a face from `rgb`, (H, W, 3) uint8 RGB, turned back by `roll` degrees as it was judged.

    With landmarks the crop has a margin and ends at the edges of the picture if it is not turned. Without
    landmarks it is the square that the detector scores. Both otherwise repeat edge pixels outside the
    picture. `masks` each cover the whole picture.
    """
    wide_square = _whole_pixels(square_of(CONTEXT_ENLARGEMENT * _MARGIN))
    scored_square = _whole_pixels(square_of(ENLARGEMENT))
    if roll != 0:
        image = _turn(rgb, wide_square, roll)
        landmarks = find_landmarks(image)
        square = scored_square if landmarks is None else wide_square
        if landmarks is None:
            image = _turn(rgb, scored_square, roll)
        return TrainingCrop(image, landmarks, _turn_masks(masks, square, roll, rgb.shape))
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = wide_square
    left, top = max(x1, 0), max(y1, 0)
    right, bottom = min(x2, width), min(y2, height)
    image = np.ascontiguousarray(rgb[top:bottom, left:right])
    landmarks = find_landmarks(image)
    if landmarks is not None:
        region = _crop_masks(masks, (left, top, right, bottom), rgb.shape)
        return TrainingCrop(image, landmarks, region)
    x1, y1, x2, y2 = scored_square
    rows = np.clip(np.arange(y1, y2), 0, height - 1)
    columns = np.clip(np.arange(x1, x2), 0, width - 1)
    image = np.ascontiguousarray(rgb[rows][:, columns])
    return TrainingCrop(image, None, _crop_masks(masks, scored_square, rgb.shape))


def _whole_pixels(square: Box) -> PixelBox:
    """Round a square (x1, y1, x2, y2) to whole pixels so that it stays a square."""
    x1, y1, x2, _ = square
    side = round(x2 - x1)
    left = round(x1)
    top = round(y1)
    return left, top, left + side, top + side


def _turn(rgb: RGBImage, square: PixelBox, roll: float) -> RGBImage:
    """Return a square of rgb (H, W, 3) uint8 in original pixels, turned back by `roll` degrees."""
    return crop_turned(rgb, square, square[2] - square[0], roll)


def _turn_masks(
    masks: Sequence[Mask], square: PixelBox, roll: float, picture_shape: tuple[int, ...]
) -> npt.NDArray[np.uint8] | None:
    """Return the union (S, S) of the masks in the pixels of `_turn`; None if they do not touch them."""
    side = square[2] - square[0]
    to_picture = cv2.invertAffineTransform(turned_matrix(square, side, roll))
    return _unite_masks(masks, to_picture, (side, side), picture_shape)


def _crop_masks(
    masks: Sequence[Mask], box: PixelBox, picture_shape: tuple[int, ...]
) -> npt.NDArray[np.uint8] | None:
    """Return the union (H, W) of the masks within `box`; None if they do not touch it."""
    x1, y1, x2, y2 = box
    to_picture = np.array([[1.0, 0, x1], [0, 1.0, y1]])
    return _unite_masks(masks, to_picture, (x2 - x1, y2 - y1), picture_shape)


def _unite_masks(
    masks: Sequence[Mask],
    to_picture: npt.NDArray[np.float64],
    size: tuple[int, int],
    picture_shape: tuple[int, ...],
) -> npt.NDArray[np.uint8] | None:
    """Return the union (H, W) of the masks in a crop of `size` (width, height); None if they do not touch it.

    `to_picture` (2, 3) is the affine matrix from the crop's pixels to the picture's. Masks have sizes of
    their own and cover the whole picture of `picture_shape` (height, width, 3).
    """
    picture_height, picture_width = picture_shape[:2]
    union = np.zeros(size[::-1], np.uint8)
    for mask in masks:
        painted = np.asarray(painted_pixels(mask.png) * np.uint8(255), np.uint8)
        scale_x = painted.shape[1] / picture_width
        scale_y = painted.shape[0] / picture_height
        # Pixel centres are at .5, as in laanet_core.faces.crops.
        to_mask = np.array([[scale_x, 0, (scale_x - 1) / 2], [0, scale_y, (scale_y - 1) / 2]])
        # From pixels of the crop to pixels of the mask.
        matrix = to_mask[:, :2] @ to_picture
        matrix[:, 2] += to_mask[:, 2]
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        cropped = cv2.warpAffine(painted, matrix, size, flags=flags)
        union = np.maximum(union, cropped)
    return np.asarray(union, np.uint8) if union.any() else None
