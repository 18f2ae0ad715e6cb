"""The 68 facial landmarks (iBUG order): face box and the hulls that blending masks start from."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np

from laanet_core.types import Box, Landmarks, Mask

HullKind = Literal["face", "inner", "components", "components_forehead"]
HULL_KINDS: tuple[HullKind, ...] = get_args(HullKind)

_JAW, _BROWS = slice(0, 17), slice(17, 27)
# Right jaw and brow; left jaw and brow; brows to chin; nose and mouth; eyes and ridge of the nose.
_COMPONENTS: tuple[tuple[int, ...], ...] = (
    (*range(9), *range(17, 22), 31),
    (*range(8, 17), *range(22, 27), 35),
    (*range(17, 27), 8),
    (*range(27, 36), *range(48, 60)),
    (*range(36, 48), *range(27, 31)),
)
# Where MTCNN draws its box relative to the landmarks' extent: medians over 177 faces of LFW, FFHQ and YTF
# (spread 0.04 to 0.08).
_MTCNN_TOP, _MTCNN_BOTTOM, _MTCNN_SIDE = 0.33, 0.03, 0.02


def face_box(landmarks: Landmarks) -> Box:
    """Return MTCNN's box for landmarks (68, 2), so that training crops match inference crops."""
    x1, y1 = landmarks.min(axis=0)
    x2, y2 = landmarks.max(axis=0)
    width, height = x2 - x1, y2 - y1
    return (
        float(x1 + _MTCNN_SIDE * width),
        float(y1 - _MTCNN_TOP * height),
        float(x2 - _MTCNN_SIDE * width),
        float(y2 - _MTCNN_BOTTOM * height),
    )


def hull_mask(landmarks: Landmarks, shape: tuple[int, int], kind: HullKind) -> Mask:
    """Return a filled hull of landmarks (68, 2), 1 inside and 0 outside, in an image of `shape` (H, W).

    "face": convex hull of all points. "inner": convex hull of brows, eyes, nose and mouth. "components":
    union of the hulls of the face's parts. "components_forehead": the same with the brows raised towards
    the hair line.
    """
    mask = np.zeros(shape, dtype=np.uint8)
    points = landmarks
    if kind == "components_forehead":
        points = _lift_brows(landmarks)
    if kind == "face":
        parts = [points]
    elif kind == "inner":
        parts = [points[17:]]
    else:
        parts = [points[list(part)] for part in _COMPONENTS]
    for part in parts:
        hull = cv2.convexHull(np.round(part).astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 1)
    return mask.astype(np.float32)


def _lift_brows(landmarks: Landmarks) -> Landmarks:
    """Raise the brows by half their distance to the eyes' outer corners' line, extending the forehead."""
    lifted = landmarks.copy()
    eye_line = landmarks[36:48, 1].mean()
    lifted[_BROWS, 1] -= np.maximum(0.5 * (eye_line - landmarks[_BROWS, 1]), 0) + 0.08 * np.ptp(
        landmarks[_JAW, 1]
    )
    return lifted
