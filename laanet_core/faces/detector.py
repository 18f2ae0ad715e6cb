"""Face detection by MTCNN (Zhang et al., 2016) on a copy of the picture that is scaled to a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from laanet_core.faces.mtcnn import Candidates, Cascade
from laanet_core.types import Box, RGBImage

# Lowest probability of a detected face.
MIN_DETECTION_PROB = 0.92

# Pixels of the scaled copy. MTCNN was not trained on smaller faces.
MIN_FACE_SIZE = 20

# Side in pixels of a face in the copy that the first network sees.
_CELL_SIZE = 12

# Longer side in pixels of the copy that is searched, for photos and for frames of clips.
IMAGE_SIDE = 1280
FRAME_SIDE = 720


@dataclass(frozen=True)
class DetectedFace:
    """Box (x1, y1, x2, y2) in whole pixels inside the upright original, and the detector's probability."""

    box: Box
    prob: float


@dataclass(frozen=True)
class _ScaledCopies:
    """Copies that are searched, and the factors (4,) that turn their box coordinates into the originals'."""

    pictures: Sequence[RGBImage]
    stretch: npt.NDArray[np.float64]


class FaceDetector:
    """MTCNN with the weights of the facenet-pytorch package. Thread-safe."""

    def __init__(self, device: torch.device | str = "cpu", *, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or Cascade(torch.device(device))

    def detect(self, rgb: RGBImage, *, longer_side: int = IMAGE_SIDE) -> list[DetectedFace]:
        """Return the faces of rgb (H, W, 3) uint8, largest first.

        The search runs on a copy whose longer side has at most `longer_side` pixels.
        """
        return self.detect_frames([rgb], longer_side=longer_side)[0]

    def detect_frames(
        self,
        frames: Sequence[RGBImage],
        *,
        longer_side: int = FRAME_SIDE,
        min_face_size: float = MIN_FACE_SIZE,
    ) -> list[list[DetectedFace]]:
        """Return the faces of each of several pictures (H, W, 3) uint8 of one size, largest first.

        Faces under `min_face_size` pixels of the original may be missed: the search for the smallest faces
        takes most of the time. Raises ValueError for pictures of several sizes.
        """
        if not frames:
            return []
        copies = _scaled_copies(frames, longer_side)
        if min(copies.pictures[0].shape[:2]) < MIN_FACE_SIZE:
            return [[] for _ in frames]
        smallest = max(min_face_size / float(copies.stretch.max()), MIN_FACE_SIZE)
        candidates = self._cascade.search(copies.pictures, _CELL_SIZE / smallest)
        return _faces_by_frame(candidates, frames, copies.stretch)

    def follow_frames(
        self, frames: Sequence[RGBImage], expected: Sequence[Sequence[Box]], *, longer_side: int = FRAME_SIDE
    ) -> list[list[DetectedFace]]:
        """Return the faces near `expected` boxes in pictures (H, W, 3) of one size, without a full search.

        Most faces within 0.4 of their side of the expected box are detected, few that are farther away
        (docs/performance.md). Callers must check whether every expected face was detected.
        """
        if not any(expected):
            return [[] for _ in frames]
        copies = _scaled_copies(frames, longer_side)
        boxes = [np.asarray(np.array(row).reshape(-1, 4) / copies.stretch, np.float32) for row in expected]
        candidates = self._cascade.follow(copies.pictures, boxes)
        return _faces_by_frame(candidates, frames, copies.stretch)


def _scaled_copies(frames: Sequence[RGBImage], longer_side: int) -> _ScaledCopies:
    height, width = frames[0].shape[:2]
    if any(frame.shape != frames[0].shape for frame in frames):
        raise ValueError("frames searched together must have one size")
    scale = min(longer_side / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    pictures = frames
    if scale < 1:
        pictures = [
            np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8) for frame in frames
        ]
    return _ScaledCopies(pictures, np.array([width / size[0], height / size[1]] * 2))


def _faces_by_frame(
    candidates: Candidates, frames: Sequence[RGBImage], stretch: npt.NDArray[np.float64]
) -> list[list[DetectedFace]]:
    """Return the faces of each frame, in its pixels; `stretch` (4,) scales the candidates' boxes."""
    height, width = frames[0].shape[:2]
    limits = np.array([width, height] * 2, np.float64)
    return [_faces(candidates[candidates.picture == index], stretch, limits) for index in range(len(frames))]


def _faces(
    candidates: Candidates, stretch: npt.NDArray[np.float64], limits: npt.NDArray[np.float64]
) -> list[DetectedFace]:
    """Return one frame's candidates as faces within the limits (4,), largest first."""
    # Whole pixels: rounding errors of another thread count or batch would otherwise move the crop and its
    # score.
    boxes = np.round(np.clip(candidates.boxes.astype(np.float64) * stretch, 0, limits))
    faces: list[DetectedFace] = []
    for (x1, y1, x2, y2), prob in zip(boxes.tolist(), candidates.probs.tolist(), strict=True):
        if prob >= MIN_DETECTION_PROB and x2 - x1 >= 1 and y2 - y1 >= 1:
            faces.append(DetectedFace((x1, y1, x2, y2), prob))
    return sorted(faces, key=lambda face: (-_area(face.box), face.box))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
