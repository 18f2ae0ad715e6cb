"""Budget of faces that are judged of one file, and the choice of these faces."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from laanet_core.faces.detector import DetectedFace
from laanet_core.faces.quality_limits import LIMITS
from laanet_core.faces.sharpness import SHARPNESS_SIDE, sharpness
from laanet_core.media.interruption import checkpoint
from laanet_core.types import RGBImage

# Faces judged of a photo.
PICTURE_FACES = 100

# Faces judged of a clip's frame: at first, and at least.
_FRAME_FACES, _LEAST_FRAME_FACES = 16, 4

# Faces judged of a clip before frames get fewer, and frames over which the rest is spread.
_CLIP_FACES, _SPREAD_FRAMES = 1024, 40


class FaceBudget:
    """Number of faces that may be judged of one file. One thread uses it at a time.

    `is_exceeded` is true if a face was left out.
    """

    def __init__(self, *, is_clip: bool = False) -> None:
        self._is_clip = is_clip
        self._spent = 0
        self.is_exceeded = False

    def choose(self, rgb: RGBImage, faces: Sequence[DetectedFace], *, min_face_size: float) -> set[int]:
        """Return the indices of the faces of rgb (H, W, 3) uint8 to judge: sharp ones first, then by size.

        Faces whose shorter side has fewer than `min_face_size` pixels are not judged, whatever the budget.
        """
        large = [index for index, face in enumerate(faces) if _shorter_side(face) >= min_face_size]
        allowance = self._allowance()
        if len(large) > allowance:
            self.is_exceeded = True
            is_blurred: dict[int, bool] = {}
            for index in large:
                checkpoint()
                is_blurred[index] = _is_blurred(rgb, faces[index])
            large.sort(key=lambda index: (is_blurred[index], -_shorter_side(faces[index])))
        chosen = set(large[:allowance])
        self._spent += len(chosen)
        return chosen

    def _allowance(self) -> int:
        """Return the number of faces to judge of the next picture."""
        if not self._is_clip:
            return PICTURE_FACES - self._spent
        share = (_CLIP_FACES - self._spent) // _SPREAD_FRAMES
        return min(max(share, _LEAST_FRAME_FACES), _FRAME_FACES)


def _is_blurred(rgb: RGBImage, face: DetectedFace) -> bool:
    x1, y1, x2, y2 = (round(value) for value in face.box)
    copy = cv2.resize(rgb[y1:y2, x1:x2], (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY), np.float32)
    return sharpness(grey) < LIMITS.min_sharpness


def _shorter_side(face: DetectedFace) -> float:
    x1, y1, x2, y2 = face.box
    return min(x2 - x1, y2 - y1)
