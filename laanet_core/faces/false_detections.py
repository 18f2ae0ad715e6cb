"""Second check of found faces: shifted, scaled and turned crops in MTCNN's third network.

A face is found again at neighbouring places and scales; most other things are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import crop_turned
from laanet_core.faces.detector import JUDGED_SIDE, FaceDetector, FoundFace
from laanet_core.faces.quality_limits import QualityLimits
from laanet_core.media.interruption import checkpoint
from laanet_core.results import NotJudgedReason
from laanet_core.types import RGBImage

Floats = npt.NDArray[np.float32]

# Shifts in sides of the face and scales (x, y, scale) at which a face must be found again.
_REPEATS = np.array(
    [(0, 0, 1), (0, 0, 1.25), (0, 0, 0.85), (-0.1, 0, 1), (0.1, 0, 1), (0, -0.1, 1), (0, 0.1, 1)], np.float64
)

# Crops for which a face is turned by quarters.
_FEW_REPEATS = 3

# Crops of all faces of a picture in one forward pass.
_BATCH_SIZE = 128


@dataclass(frozen=True)
class RepeatedFace:
    """Face `found` in the picture's `part` (H, W, 3) uint8 that the third network sees again.

    Its crops are turned back by `roll` degrees. `is_whole` is true if the picture's edge does not cut it.
    `detection_prob` is the face detector's.
    """

    part: RGBImage
    found: FoundFace
    roll: float
    is_whole: bool
    detection_prob: float


def repeat_reasons(
    detector: FaceDetector, faces: Sequence[RepeatedFace], limits: QualityLimits
) -> list[NotJudgedReason | None]:
    """Return for each face whether it is `tilted`, `not_a_face` or neither, in batches of all faces.

    Of faces that are turned by 90 degrees or more the landmarks are wrong: they fit another quarter turn
    better. The detector is never as sure of them as of most upright faces. Probabilities end at 1, so that
    most faces need no crops for the other quarter turns.
    """
    upright = _repeat(detector, faces, 0, len(_REPEATS))
    few = [float(probs[:_FEW_REPEATS].mean()) for probs in upright]
    reasons: list[NotJudgedReason | None] = [None] * len(faces)
    for index, (face, probs) in enumerate(zip(faces, upright, strict=True)):
        needed_agreement = limits.min_agreement if face.is_whole else limits.close_up_agreement
        if float(probs.mean()) < needed_agreement:
            reasons[index] = "not_a_face"
    unclear = [
        index
        for index, mean in enumerate(few)
        if mean + limits.min_turn_gain < 1 and faces[index].detection_prob < limits.max_turned_prob
    ]
    turned = [
        _repeat(detector, [faces[index] for index in unclear], quarter, _FEW_REPEATS)
        for quarter in (90, 180, 270)
    ]
    for place, index in enumerate(unclear):
        best = max(float(probs[place].mean()) for probs in turned)
        if best > few[index] + limits.min_turn_gain:
            reasons[index] = "tilted"
    return reasons


def _repeat(
    detector: FaceDetector, faces: Sequence[RepeatedFace], quarter: float, repeats: int
) -> list[Floats]:
    """Return the probabilities (repeats,) of each face, turned by `quarter` degrees more than upright."""
    crops: list[RGBImage] = []
    for face in faces:
        crops += repeated_crops(face.part, face.found, face.roll + quarter, repeats=repeats)
    probs: list[Floats] = []
    for start in range(0, len(crops), _BATCH_SIZE):
        checkpoint()
        probs.append(detector.face_outputs(crops[start : start + _BATCH_SIZE])[0])
    return list(np.concatenate(probs).reshape(-1, repeats)) if probs else []


def repeated_crops(
    rgb: RGBImage, found: FoundFace, roll: float = 0.0, *, repeats: int = len(_REPEATS)
) -> list[RGBImage]:
    """Return shifted and scaled crops (48, 48, 3) uint8 of a face in rgb (H, W, 3) uint8.

    `roll` in degrees turns the face upright first. Only the first `repeats` crops are made.
    """
    x1, y1, x2, y2 = found.box
    side = max(x2 - x1, y2 - y1)
    center_x, center_y = (x1 + x2) / 2, (y1 + y2) / 2
    crops: list[RGBImage] = []
    for shift_x, shift_y, scale in _REPEATS[:repeats].tolist():
        half = side * scale / 2
        x, y = center_x + shift_x * side, center_y + shift_y * side
        square = (x - half, y - half, x + half, y + half)
        crops.append(crop_turned(rgb, square, JUDGED_SIDE, roll))
    return crops
