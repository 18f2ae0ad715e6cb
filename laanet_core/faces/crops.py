"""Square crops of faces for the network (paper section 4.1: box enlarged, aspect kept, affine warp)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import Box, RGBImage

# Side of the crop relative to the longer side of the detector's box, as in the paper's protocol.
ENLARGEMENT = 1.25


def enlarge_to_square(box: Box, enlargement: float = ENLARGEMENT) -> Box:
    """Return the square around a box's centre with `enlargement` times its longer side.

    The square may reach outside the image.
    """
    x1, y1, x2, y2 = box
    half = max(x2 - x1, y2 - y1) * enlargement / 2
    center_x, center_y = (x1 + x2) / 2, (y1 + y2) / 2
    return (center_x - half, center_y - half, center_x + half, center_y + half)


def crop_square(rgb: RGBImage, square: Box, size: int) -> RGBImage:
    """Crop a square (x1, y1, x2, y2 in pixels) of rgb (H, W, 3) uint8 to (size, size, 3) in one warp.

    Outside the image its edge pixels repeat. Shrinking averages over areas, so that it does not alias.
    """
    x1, y1, x2, y2 = square
    side = max(x2 - x1, y2 - y1)
    shrink = int(side // size)
    # A warp samples four neighbours only, so large squares are first shrunk by area to near the wanted scale.
    if shrink >= 2:
        return _crop_shrunk(rgb, square, size, shrink)
    return _warp_square(*_cut_out(rgb, square), size)


def shrink_whole(rgb: RGBImage, times: int) -> RGBImage:
    """Return rgb (H, W, 3) uint8 as means of `times` times `times` pixels, without an incomplete rest."""
    height, width = rgb.shape[0] // times, rgb.shape[1] // times
    if times == 1 or not height or not width:
        return rgb
    whole = rgb[: height * times, : width * times]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def crop_turned(rgb: RGBImage, square: Box, size: int, roll: float) -> RGBImage:
    """Crop a square of rgb (H, W, 3) uint8 to (size, size, 3) that is turned about its centre.

    A face that is turned clockwise by `roll` degrees is upright in the crop. `square` is x1, y1, x2, y2 in
    pixels before it is turned.
    """
    if roll == 0:
        return crop_square(rgb, square, size)
    side = max(square[2] - square[0], square[3] - square[1])
    if side // size >= 2:
        # Area averages first, so that shrinking does not alias; the turned square lies within 1.5 sides.
        middle_size = 3 * size
        rgb = crop_square(rgb, enlarge_to_square(square, 1.5), middle_size)
        first, last = 0.5 * size, 2.5 * size
        square = (first, first, last, last)
    else:
        rgb, square = _cut_out(rgb, square, 1.5)
    return warp(rgb, turned_matrix(square, size, roll), (size, size))


def _cut_out(rgb: RGBImage, square: Box, reach: float = 1.0) -> tuple[RGBImage, Box]:
    """Return the part of rgb (H, W, 3) that a warp reads, and the square in it.

    The warp reads `reach` sides of the square. It converts all the pixels that it gets, so a picture of 24
    megapixels would cost 20 ms per face.
    """
    x1, y1, x2, y2 = enlarge_to_square(square, reach)
    left, top = (
        min(max(int(start) - 2, 0), length - 1) for start, length in ((x1, rgb.shape[1]), (y1, rgb.shape[0]))
    )
    part = rgb[top : max(int(y2) + 3, top + 1), left : max(int(x2) + 3, left + 1)]
    return part, (square[0] - left, square[1] - top, square[2] - left, square[3] - top)


def turned_matrix(square: Box, size: int, roll: float) -> npt.NDArray[np.float64]:
    """Return the affine matrix (2, 3) from a picture's pixels to those of a crop of `crop_turned`."""
    x1, y1, x2, y2 = square
    angle, scale = np.deg2rad(roll), size / max(x2 - x1, y2 - y1)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    center = np.array([(x1 + x2) / 2 - 0.5, (y1 + y2) / 2 - 0.5])
    offset = np.array([size / 2 - 0.5, size / 2 - 0.5]) - turn @ center
    return np.column_stack([turn, offset])


def _crop_shrunk(rgb: RGBImage, square: Box, size: int, shrink: int) -> RGBImage:
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = square
    left, top = max(int(x1) - shrink, 0), max(int(y1) - shrink, 0)
    right, bottom = min(int(np.ceil(x2)) + shrink, width), min(int(np.ceil(y2)) + shrink, height)
    part = rgb[top:bottom, left:right]
    small_width, small_height = max(part.shape[1] // shrink, 1), max(part.shape[0] // shrink, 1)
    small = cv2.resize(part, (small_width, small_height), interpolation=cv2.INTER_AREA)
    scale_x, scale_y = small_width / part.shape[1], small_height / part.shape[0]
    scaled = ((x1 - left) * scale_x, (y1 - top) * scale_y, (x2 - left) * scale_x, (y2 - top) * scale_y)
    return _warp_square(small, scaled, size)


def _warp_square(rgb: RGBImage, square: Box, size: int) -> RGBImage:
    x1, y1, x2, y2 = square
    scale_x, scale_y = size / (x2 - x1), size / (y2 - y1)
    # Coordinates are of pixel centres: output column u shows input column (u + 0.5) / scale_x + x1 - 0.5.
    matrix = np.array([[scale_x, 0, (0.5 - x1) * scale_x - 0.5], [0, scale_y, (0.5 - y1) * scale_y - 0.5]])
    return warp(rgb, matrix, (size, size))


def warp(picture: RGBImage, matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> RGBImage:
    """Warp a picture (H, W, C) uint8 linearly by an affine matrix (2, 3) to `size` (width, height).

    Outside the picture its edge pixels repeat.
    """
    # OpenCV warps four channels twice as fast as three.
    if picture.ndim == 3 and picture.shape[2] == 3:
        rgba = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8)
        return np.asarray(cv2.cvtColor(warp(rgba, matrix, size), cv2.COLOR_RGBA2RGB), np.uint8)
    warped = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)
