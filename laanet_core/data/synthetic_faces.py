"""Faces that are drawn, not photographed: for drills and tests, which need no data set."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import Landmarks


def drawn_landmarks(center: tuple[float, float], width: float) -> Landmarks:
    """68 points of a plain frontal face of that width."""
    angles = np.linspace(np.pi, 0, 17)
    jaw = np.stack([0.5 * np.cos(angles), 0.1 + 0.55 * np.sin(angles)], axis=1)
    brow = np.stack([np.linspace(-0.4, -0.1, 5), [-0.2, -0.25, -0.26, -0.25, -0.2]], axis=1)
    ridge = np.stack([np.zeros(4), np.linspace(-0.1, 0.12, 4)], axis=1)
    nostrils = np.stack([np.linspace(-0.1, 0.1, 5), [0.18, 0.2, 0.21, 0.2, 0.18]], axis=1)
    turns = np.linspace(np.pi, -np.pi, 7)[:6]
    eye = np.stack([0.08 * np.cos(turns), -0.1 - 0.03 * np.sin(turns)], axis=1)
    offset = np.array([0.22, 0])
    turns = np.linspace(np.pi, -np.pi, 13)[:12]
    lips = np.stack([0.18 * np.cos(turns), 0.38 - 0.07 * np.sin(turns)], axis=1)
    turns = np.linspace(np.pi, -np.pi, 9)[:8]
    mouth = np.stack([0.13 * np.cos(turns), 0.38 - 0.03 * np.sin(turns)], axis=1)
    points = np.concatenate(
        [jaw, brow, brow[::-1] * [-1, 1], ridge, nostrils, eye - offset, eye + offset, lips, mouth]
    )
    return np.asarray(points * width + np.array(center), np.float32)


def painted_face(rng: np.random.Generator, landmarks: Landmarks, side: int) -> npt.NDArray[np.uint8]:
    """A smooth background with a face-coloured oval and features at the landmarks (side, side, 3)."""
    coarse = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    center = tuple(int(value) for value in landmarks.mean(axis=0))
    axes = tuple(int(value) for value in np.ptp(landmarks, axis=0) * [0.55, 0.7])
    cv2.ellipse(image, center, axes, 0, 0, 360, [int(value) for value in rng.integers(90, 230, 3)], -1)
    for point in landmarks[36:]:
        cv2.circle(image, (int(point[0]), int(point[1])), 2, (40, 30, 30), -1)
    noise = rng.normal(0, 6, image.shape)
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)


def patched(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A forgery that anything can learn to see: a part of the face (a copy of it, (H, W, 3)) with its colours turned round."""
    height, width = rgb.shape[:2]
    rows, columns = slice(height * 5 // 16, height * 5 // 8), slice(width * 5 // 16, width * 45 // 64)
    forged = rgb.copy()
    forged[rows, columns] = cv2.GaussianBlur(255 - rgb, (0, 0), 2)[rows, columns]
    return forged
