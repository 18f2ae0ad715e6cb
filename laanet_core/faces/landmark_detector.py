"""The 68 landmarks of a face, by dlib's predictor: only what trains needs it (the extra `training`)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from laanet_core.errors import LaanetError
from laanet_core.types import Landmarks, RGBImage

_MODEL = "models/shape_predictor_68_face_landmarks.dat"
_LONGER_SIDE = 320  # of the copy that is searched
_SMALLEST_SIDE = 160  # dlib's detector finds faces from 80 pixels on
_MOST_OFF = 0.2  # of the picture's side: how far from its middle the face may lie


class NoLandmarkDetector(LaanetError):
    """dlib or its model is not installed."""

    code = "no_landmark_detector"


class LandmarkDetector:
    """Finds the landmarks of the one face in the middle of a crop. Raises NoLandmarkDetector."""

    def __init__(self) -> None:
        found = importlib.util.find_spec(
            "face_recognition_models"
        )  # found, not imported: its import needs more than it gives
        try:
            import dlib
        except ImportError as error:
            raise NoLandmarkDetector("landmarks need dlib; install requirements-training.txt") from error
        model = None if found is None or found.origin is None else Path(found.origin).parent / _MODEL
        if model is None or not model.is_file():
            raise NoLandmarkDetector(
                "landmarks need face-recognition-models; install requirements-training.txt"
            )
        self._boxes: Any = dlib.get_frontal_face_detector()
        self._points: Any = dlib.shape_predictor(str(model))

    def __call__(self, crop: RGBImage) -> Landmarks | None:
        """Landmarks (68, 2), x and y in pixels, of the face nearest the middle of a crop (H, W, 3) uint8 RGB; None where none is found."""
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

        def off(box: Any) -> float:
            return float(np.abs(np.array([box.center().x, box.center().y]) - middle).max())

        box = min(self._boxes(small, 0), key=off, default=None)
        if box is None or off(box) > _MOST_OFF * max(size):
            return None
        found = self._points(small, box)
        points = np.array([[found.part(number).x, found.part(number).y] for number in range(68)], np.float32)
        return np.asarray((points + 0.5) * np.array([width, height]) / np.array(size) - 0.5, np.float32)
