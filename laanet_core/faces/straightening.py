"""Straightening of tilted faces: their roll, and the square that is cropped around them."""

from __future__ import annotations

import numpy as np

from laanet_core.faces.crops import ENLARGEMENT, crop_turned, enlarge_to_square
from laanet_core.faces.detector import JUDGED_SIDE, FaceDetector, FoundFace
from laanet_core.faces.quality_limits import QualityLimits
from laanet_core.results import FaceQuality
from laanet_core.types import Box, RGBImage


def crop_roll(quality: FaceQuality | None, limits: QualityLimits) -> float:
    """Return the degrees by which a face's crop is turned back: its roll if that is large, else 0."""
    if quality is None or abs(quality.roll) < limits.straighten_from:
        return 0.0
    return quality.roll


def roll_of(found: FoundFace) -> float:
    """Return a face's turn in degrees in (-180, 180], clockwise positive, from its landmarks.

    It is the mean direction of the line between the eyes and of the line from the eyes to the mouth.
    """
    left_eye, right_eye, _, left_mouth, right_mouth = np.asarray(found.landmarks, np.float64)
    across = right_eye - left_eye
    down = (left_mouth + right_mouth - left_eye - right_eye) / 2
    across_unit = across / max(float(np.hypot(*across)), 1e-6)
    down_unit = down / max(float(np.hypot(*down)), 1e-6)
    x, y = across_unit + np.array([down_unit[1], -down_unit[0]])
    return float(np.degrees(np.arctan2(y, x)))


def upright_square(
    detector: FaceDetector, rgb: RGBImage, box: Box, roll: float, enlargement: float = ENLARGEMENT
) -> Box:
    """Return the square (x1, y1, x2, y2) to crop around a face of rgb (H, W, 3) uint8, before its turn.

    `roll` is that of `crop_roll`. The box of an upright face is the detector's. That of a turned face
    includes background, so it is found again in the upright crop.
    """
    if roll == 0:
        return enlarge_to_square(box, enlargement)
    angle = np.deg2rad(roll)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    square = np.array(enlarge_to_square(box, 1.0))
    for _ in range(2):
        x1, y1, x2, y2 = square.tolist()
        crop = crop_turned(rgb, (x1, y1, x2, y2), JUDGED_SIDE, roll)
        left, top, right, bottom = detector.face_outputs([crop])[1][0].tolist()
        side = x2 - x1
        center = np.array([x1 + x2, y1 + y2]) / 2 + turn @ np.array([left + right, top + bottom]) * side / 2
        half = side * max(1 + right - left, 1 + bottom - top) / 2
        square = np.concatenate([center - half, center + half])
    x1, y1, x2, y2 = np.round(square).tolist()
    return enlarge_to_square((x1, y1, x2, y2), enlargement)
