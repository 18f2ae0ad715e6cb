"""Landmark detection by dlib's predictor, for training only (the extra `training`)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from laanet_core.errors import LaanetError
from laanet_core.types import Landmarks, RGBImage

_MODEL = "models/shape_predictor_68_face_landmarks.dat"
# Longer side in pixels of the copy that is searched, and its shortest side: dlib detects faces from 80
# pixels on.
_LONGER_SIDE = 320
_SMALLEST_SIDE = 160

# Largest distance of the face from the picture's middle, as a share of its side.
_MAX_OFFSET = 0.2


class NoLandmarkDetector(LaanetError):
    """dlib or its model is not installed."""

    code = "no_landmark_detector"


class LandmarkDetector:
    """Detector of the landmarks of the face in the middle of a crop. Raises NoLandmarkDetector."""

    def __init__(self) -> None:
        # Located but not imported, because its import needs setuptools.
        package = importlib.util.find_spec("face_recognition_models")
        try:
            import dlib
        except ImportError as error:
            raise NoLandmarkDetector("landmarks need dlib; install requirements-training.txt") from error
        model = None if package is None or package.origin is None else Path(package.origin).parent / _MODEL
        if model is None or not model.is_file():
            raise NoLandmarkDetector(
                "landmarks need face-recognition-models; install requirements-training.txt"
            )
        self._boxes: Any = dlib.get_frontal_face_detector()
        self._points: Any = dlib.shape_predictor(str(model))

    def __call__(self, crop: RGBImage) -> Landmarks | None:
        """Return landmarks (68, 2) of the face in the middle of a crop (H, W, 3) uint8 RGB; None without one.

        The landmarks are float32, x and y in pixels of the crop.
        """
        height, width = crop.shape[:2]
        scale = min(_LONGER_SIDE / max(height, width), max(1.0, _SMALLEST_SIDE / min(height, width)))
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = (
            crop
            if size == (width, height)
            else np.asarray(cv2.resize(crop, size, interpolation=method), np.uint8)
        )
        small = np.ascontiguousarray(small)
        middle = np.array(size) / 2

        def offset(box: Any) -> float:
            return float(np.abs(np.array([box.center().x, box.center().y]) - middle).max())

        box = min(self._boxes(small, 0), key=offset, default=None)
        if box is None or offset(box) > _MAX_OFFSET * max(size):
            return None
        shape = self._points(small, box)
        points = np.array([[shape.part(number).x, shape.part(number).y] for number in range(68)], np.float32)
        return np.asarray((points + 0.5) * np.array([width, height]) / np.array(size) - 0.5, np.float32)
