"""Synthetic faces, drawn instead of photographed, for drills and tests without a data set."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import Landmarks, RGBImage

# Index of the first landmark of the eyes, which the mouth follows.
_EYES_AND_MOUTH = 36


def synthetic_landmarks(center: tuple[float, float], width: float) -> Landmarks:
    """Return the landmarks (68, 2) of a frontal face of this width; centre and width in pixels."""
    # The points are in shares of the face's width, with its centre at (0, 0).
    angles = np.linspace(np.pi, 0, 17)
    jaw = np.stack([0.5 * np.cos(angles), 0.1 + 0.55 * np.sin(angles)], axis=1)
    brow = np.stack([np.linspace(-0.4, -0.1, 5), [-0.2, -0.25, -0.26, -0.25, -0.2]], axis=1)
    other_brow = brow[::-1] * [-1, 1]
    ridge = np.stack([np.zeros(4), np.linspace(-0.1, 0.12, 4)], axis=1)
    nostrils = np.stack([np.linspace(-0.1, 0.1, 5), [0.18, 0.2, 0.21, 0.2, 0.18]], axis=1)
    eye = _ellipse_points(6, (0, -0.1), (0.08, 0.03))
    eye_offset = np.array([0.22, 0])
    lips = _ellipse_points(12, (0, 0.38), (0.18, 0.07))
    mouth = _ellipse_points(8, (0, 0.38), (0.13, 0.03))
    points = np.concatenate(
        [jaw, brow, other_brow, ridge, nostrils, eye - eye_offset, eye + eye_offset, lips, mouth]
    )
    return np.asarray(points * width + np.array(center), np.float32)


def synthetic_face(rng: np.random.Generator, landmarks: Landmarks, side: int) -> RGBImage:
    """Draw a face-coloured oval on a smooth background, (side, side, 3) uint8 RGB.

    The features lie at the landmarks (68, 2).
    """
    coarse = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    center = tuple(int(value) for value in landmarks.mean(axis=0))
    # Semi-axes of an oval that is a little larger than the landmarks' extent.
    axes = tuple(int(value) for value in np.ptp(landmarks, axis=0) * [0.55, 0.7])
    skin = [int(value) for value in rng.integers(90, 230, 3)]
    cv2.ellipse(image, center, axes, angle=0, startAngle=0, endAngle=360, color=skin, thickness=cv2.FILLED)
    for x, y in landmarks[_EYES_AND_MOUTH:]:
        cv2.circle(image, (int(x), int(y)), radius=2, color=(40, 30, 30), thickness=cv2.FILLED)
    noise = rng.normal(0, 6, image.shape)
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


def forged_face(image: RGBImage) -> RGBImage:
    """Return a copy of a face (H, W, 3) uint8 RGB with inverted colours in a central patch.

    A network learns to detect this forgery within few steps.
    """
    height, width = image.shape[:2]
    rows = slice(height * 5 // 16, height * 5 // 8)
    columns = slice(width * 5 // 16, width * 45 // 64)
    forged = image.copy()
    inverted = cv2.GaussianBlur(255 - image, (0, 0), 2)
    forged[rows, columns] = inverted[rows, columns]
    return forged


def _ellipse_points(
    count: int, center: tuple[float, float], radii: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Return points (count, 2) of an ellipse, clockwise in image coordinates from its left end."""
    angles = np.linspace(np.pi, -np.pi, count + 1)[:count]
    x = center[0] + radii[0] * np.cos(angles)
    y = center[1] - radii[1] * np.sin(angles)
    return np.stack([x, y], axis=1)
