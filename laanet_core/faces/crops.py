"""From a face box to the square crop that the network sees (paper section 4.1: box enlarged, aspect kept, affine warp)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import Box, RGBImage

ENLARGEMENT = 1.25  # around the detector's box, as the paper's protocol does


def enlarge_to_square(box: Box, enlargement: float = ENLARGEMENT) -> Box:
    """The square around the box's centre whose side is the longer one times `enlargement`; may reach outside the image."""
    x1, y1, x2, y2 = box
    half = max(x2 - x1, y2 - y1) * enlargement / 2
    center_x, center_y = (x1 + x2) / 2, (y1 + y2) / 2
    return (center_x - half, center_y - half, center_x + half, center_y + half)


def crop_square(rgb: RGBImage, square: Box, size: int) -> RGBImage:
    """Cut a square (x1, y1, x2, y2 in pixels) out of rgb (H, W, 3) uint8 and resize it to (size, size, 3) in one warp.

    What lies outside the image repeats its edge pixels. Shrinking averages over areas, so that it does not alias.
    """
    x1, y1, x2, y2 = square
    side = max(x2 - x1, y2 - y1)
    shrink = int(side // size)
    if (
        shrink >= 2
    ):  # a warp samples four neighbours only: bring the picture near the wanted scale by area first
        return _crop_shrunk(rgb, square, size, shrink)
    return _warp(rgb, square, size)


def _crop_shrunk(rgb: RGBImage, square: Box, size: int, shrink: int) -> RGBImage:
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = square
    left, top = max(int(x1) - shrink, 0), max(int(y1) - shrink, 0)
    right, bottom = min(int(np.ceil(x2)) + shrink, width), min(int(np.ceil(y2)) + shrink, height)
    part = rgb[top:bottom, left:right]
    small_width, small_height = max(part.shape[1] // shrink, 1), max(part.shape[0] // shrink, 1)
    small = cv2.resize(part, (small_width, small_height), interpolation=cv2.INTER_AREA)
    scale_x, scale_y = small_width / part.shape[1], small_height / part.shape[0]
    moved = ((x1 - left) * scale_x, (y1 - top) * scale_y, (x2 - left) * scale_x, (y2 - top) * scale_y)
    return _warp(small, moved, size)


def _warp(rgb: RGBImage, square: Box, size: int) -> RGBImage:
    x1, y1, x2, y2 = square
    scale_x, scale_y = size / (x2 - x1), size / (y2 - y1)
    # pixel centres: output (u + 0.5) / scale + x1 - 0.5 is the input column
    matrix = np.array([[scale_x, 0, (0.5 - x1) * scale_x - 0.5], [0, scale_y, (0.5 - y1) * scale_y - 0.5]])
    return warp(rgb, matrix, (size, size))


def warp(picture: RGBImage, matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> RGBImage:
    """Warp a picture (H, W, C) uint8 by an affine matrix (2, 3), linearly, to `size` (width, height); beyond the edge its pixels repeat.

    OpenCV warps four channels twice as fast as three, so three become four on the way.
    """
    if picture.ndim == 3 and picture.shape[2] == 3:
        return np.asarray(
            cv2.cvtColor(
                warp(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8), matrix, size),
                cv2.COLOR_RGBA2RGB,
            ),
            np.uint8,
        )
    return np.asarray(
        cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
