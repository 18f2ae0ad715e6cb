"""Sharpness of a face and of its surroundings."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.types import Box, RGBImage

Floats = npt.NDArray[np.float32]

# Side in pixels of the copies of a face on which sharpness is measured. Every judged face has so many.
SHARPNESS_SIDE = 48

# Contrast in grey levels and number of parts that a measure of the surroundings needs.
_MIN_CONTRAST, _MIN_PARTS = 3.0, 4


def face_grey(rgb: RGBImage, box: Box, side: int, enlargement: float = 1.0) -> Floats:
    """Return the luma (side, side) in 0 to 255 of the enlarged square around a box in rgb (H, W, 3) uint8."""
    crop = crop_square(rgb, enlarge_to_square(box, enlargement), side)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)


def sharpness(grey: Floats, margin: float = 0.1) -> float:
    """Return the sharpness in [0, 1] of a face (48, 48): its finest details relative to all of its details.

    Details are differences between the face and its Gaussian blurs of 1 and 4 pixels. The measure
    hardly depends on the face's size in the picture or on its contrast. `margin` is the share of each side
    that is left out.
    """
    fine, all_details = _details(grey)
    part = slice(round(margin * len(grey)), len(grey) - round(margin * len(grey)))
    return _ratio(fine[part, part], all_details[part, part])


def surrounding_sharpness(rgb: RGBImage, box: Box) -> float:
    """Return the median sharpness in [0, 1] of the picture's parts around a face in rgb (H, W, 3) uint8.

    The surroundings reach as far as twice the box; parts without contrast or outside the picture are left
    out.
    """
    height, width = rgb.shape[:2]
    side = 2 * SHARPNESS_SIDE
    square = enlarge_to_square(box, 2.0)
    fine, all_details = _details(face_grey(rgb, box, side, 2.0))
    step = side // 8
    cell = (square[2] - square[0]) / 8
    values: list[float] = []
    for row in range(8):
        for column in range(8):
            x, y = square[0] + (column + 0.5) * cell, square[1] + (row + 0.5) * cell
            is_face = 1 <= row <= 6 and 2 <= column <= 5
            if is_face or not (0 <= x < width and 0 <= y < height):
                continue
            part = (slice(row * step, (row + 1) * step), slice(column * step, (column + 1) * step))
            if float(np.sqrt(np.mean(all_details[part] ** 2))) > _MIN_CONTRAST:
                values.append(_ratio(fine[part], all_details[part]))
    return float(np.median(values)) if len(values) >= _MIN_PARTS else 0.0


def _details(grey: Floats) -> tuple[Floats, Floats]:
    slightly, strongly = cv2.GaussianBlur(grey, (0, 0), 1), cv2.GaussianBlur(grey, (0, 0), 4)
    return np.asarray(grey - slightly, np.float32), np.asarray(slightly - strongly, np.float32)


def _ratio(fine: Floats, all_details: Floats) -> float:
    value = float(np.sqrt(np.mean(fine**2)) / (np.sqrt(np.mean(all_details**2)) + 1e-3))
    return min(value, 1.0)
