"""Every face in a picture, by MTCNN (Zhang et al., 2016) on a copy scaled down to a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch

from laanet_core.faces.mtcnn import Candidates, Cascade
from laanet_core.types import Box, RGBImage

MIN_DETECTION_PROB = 0.92
SMALLEST_FACE = 20  # pixels of the scaled copy; of smaller ones MTCNN knows little
_FIRST_LOOK = 12  # pixels of a face in the copy that the cascade looks at first
IMAGE_SIDE, FRAME_SIDE = (
    1280,
    720,
)  # longer side of the copy that is searched, for pictures and for video frames


@dataclass(frozen=True)
class DetectedFace:
    """`box` (x1, y1, x2, y2) in whole pixels of the upright original, within it; `prob` the detector's."""

    box: Box
    prob: float


class FaceDetector:
    """MTCNN; its weights are part of the facenet-pytorch package. Safe to share between threads."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._cascade = Cascade(torch.device(device))

    def detect(self, rgb: RGBImage, *, longer_side: int = IMAGE_SIDE) -> list[DetectedFace]:
        """The faces of rgb (H, W, 3) uint8, largest first. The search runs on a copy whose longer side is at most `longer_side` pixels."""
        return self.detect_frames([rgb], longer_side=longer_side)[0]

    def detect_frames(
        self, frames: Sequence[RGBImage], *, longer_side: int = FRAME_SIDE, smallest: float = SMALLEST_FACE
    ) -> list[list[DetectedFace]]:
        """The faces of each of some pictures of one size. Faces under `smallest` pixels of the original need not be found: most of the
        work is looking for the smallest."""
        if not frames:
            return []
        copies, stretch = _copies(frames, longer_side)
        if min(copies[0].shape[:2]) < SMALLEST_FACE:
            return [[] for _ in frames]
        found = self._cascade.search(copies, _FIRST_LOOK / max(smallest / max(stretch), SMALLEST_FACE))
        return _faces_of_each(found, frames, stretch)

    def follow_frames(
        self, frames: Sequence[RGBImage], expected: Sequence[Sequence[Box]], *, longer_side: int = FRAME_SIDE
    ) -> list[list[DetectedFace]]:
        """The faces of each of some pictures of one size that are near where they are expected, with less work than looking everywhere.

        Most faces are found that are off by 0.4 of their side or less, few that are farther off (docs/performance.md): whoever counts on
        somebody must look whether he was found.
        """
        if not any(expected):
            return [[] for _ in frames]
        copies, stretch = _copies(frames, longer_side)
        places = [np.asarray(np.array(boxes).reshape(-1, 4) / stretch, np.float32) for boxes in expected]
        return _faces_of_each(self._cascade.follow(copies, places), frames, stretch)


def _copies(frames: Sequence[RGBImage], longer_side: int) -> tuple[Sequence[RGBImage], Any]:
    """What is searched, and by how much x and y, twice, must be multiplied to become those of the frames."""
    height, width = frames[0].shape[:2]
    if any(frame.shape != frames[0].shape for frame in frames):
        raise ValueError("frames searched together must have one size")
    scale = min(longer_side / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    copies = (
        [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames] if scale < 1 else frames
    )
    return copies, np.array([width / size[0], height / size[1]] * 2)


def _faces_of_each(found: Candidates, frames: Sequence[RGBImage], stretch: Any) -> list[list[DetectedFace]]:
    height, width = frames[0].shape[:2]
    limits = np.array([width, height] * 2, np.float64)
    return [_faces(found[found.picture == number], stretch, limits) for number in range(len(frames))]


def _faces(found: Candidates, stretch: Any, limits: Any) -> list[DetectedFace]:
    faces: list[DetectedFace] = []
    for box, prob in zip(found.boxes, found.probs, strict=True):
        # whole pixels: rounding errors of another thread count or batch would otherwise move the crop, and with it the score
        x1, y1, x2, y2 = (
            float(value) for value in np.round(np.clip(np.asarray(box, np.float64) * stretch, 0, limits))
        )
        if prob >= MIN_DETECTION_PROB and x2 - x1 >= 1 and y2 - y1 >= 1:
            faces.append(DetectedFace((x1, y1, x2, y2), float(prob)))
    return sorted(faces, key=lambda face: (-_area(face.box), face.box))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
