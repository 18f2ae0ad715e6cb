"""Face detection by MTCNN (Zhang et al., 2016) on a copy of the picture that is scaled to a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from laanet_core.faces.mtcnn import Candidates, Cascade, Floats
from laanet_core.types import Box, RGBImage

# Lowest probability of a detected face.
MIN_DETECTION_PROB = 0.92

# Pixels of the scaled copy. MTCNN was not trained on smaller faces.
MIN_FACE_SIZE = 20

# Side in pixels of a face in the copy that the first network sees.
_CELL_SIZE = 12

# Pixels of the original. Smaller faces are not judged unless weights say otherwise.
SMALLEST_JUDGED = 40

# Side in pixels of a tile's own part, in the copy that is searched for small faces. Neighbouring tiles
# overlap by _OVERLAP times the largest face that the search of the whole picture can miss.
_TILE_SIDE = 960
_OVERLAP = 1.5

# Faces in the copy of the whole picture from which on smaller ones are not searched in tiles, because they
# would not be judged (`face_budget`).
_ENOUGH_FACES = 200

# Side in pixels of the crops of `face_outputs`.
JUDGED_SIDE = 48

# Longer side in pixels of the copy that is searched, for photos and for frames of clips.
IMAGE_SIDE = 1280
FRAME_SIDE = 720


# x, y in pixels of both eyes, the nose and both corners of the mouth; of a pair, that on the picture's left
# in an upright face comes first.
FivePoints = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class FoundFace:
    """Details of a face that a search found: its box before clipping and its landmarks.

    `box` (x1, y1, x2, y2) and the five `landmarks` are in pixels of the upright original; both may reach
    outside it.
    """

    box: Box
    landmarks: FivePoints


@dataclass(frozen=True)
class DetectedFace:
    """Box (x1, y1, x2, y2) in whole pixels inside the upright original, and the detector's probability.

    `found` is None if the box was given by the caller.
    """

    box: Box
    prob: float
    found: FoundFace | None = None


@dataclass(frozen=True)
class _ScaledCopies:
    """Copies that are searched, and the factors (4,) that turn their box coordinates into the originals'."""

    pictures: Sequence[RGBImage]
    stretch: npt.NDArray[np.float64]


class FaceDetector:
    """MTCNN with the weights of the facenet-pytorch package. Thread-safe."""

    def __init__(self, device: torch.device | str = "cpu", *, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or Cascade(torch.device(device))

    def detect(
        self, rgb: RGBImage, *, longer_side: int = IMAGE_SIDE, min_face_size: float = SMALLEST_JUDGED
    ) -> list[DetectedFace]:
        """Return the faces of rgb (H, W, 3) uint8, largest first.

        The search runs on a copy whose longer side has at most `longer_side` pixels. If faces of
        `min_face_size` pixels are too small in it, they are searched in tiles of a larger copy, unless
        hundreds of faces were found.
        """
        faces = self.detect_frames([rgb], longer_side=longer_side)[0]
        stretch = max(rgb.shape[:2]) / longer_side
        largest_missed = MIN_FACE_SIZE * stretch
        if largest_missed <= min_face_size or len(faces) >= _ENOUGH_FACES:
            return faces
        small_faces = self._search_tiles(rgb, min_face_size / MIN_FACE_SIZE, _OVERLAP * largest_missed)
        found_again = [
            face for face in small_faces if all(_common_share(face.box, other.box) < 0.4 for other in faces)
        ]
        return _largest_first([*faces, *found_again])

    def _search_tiles(self, rgb: RGBImage, shrink: float, overlap: float) -> list[DetectedFace]:
        """Return the faces of rgb (H, W, 3) on tiles of a copy that is `shrink` times smaller.

        Neighbouring tiles share `overlap` pixels of the original, so that each face of that size is whole in
        one of them. Larger faces are not searched.
        """
        height, width = rgb.shape[:2]
        step = _TILE_SIDE * shrink
        limits = np.array([width, height] * 2, np.float64)
        faces: list[DetectedFace] = []
        for top in np.arange(0, height, step).tolist():
            for left in np.arange(0, width, step).tolist():
                x1, y1 = round(left), round(top)
                x2, y2 = min(round(left + step + overlap), width), min(round(top + step + overlap), height)
                part = rgb[y1:y2, x1:x2]
                size = (max(round((x2 - x1) / shrink), 1), max(round((y2 - y1) / shrink), 1))
                if min(size) < MIN_FACE_SIZE:
                    continue
                tile = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
                largest = overlap / shrink
                candidates = self._cascade.search([tile], _CELL_SIZE / MIN_FACE_SIZE, largest=largest)
                stretch = np.array([(x2 - x1) / size[0], (y2 - y1) / size[1]] * 2)
                offset = np.array([x1, y1] * 2, np.float64)
                faces += _faces(candidates, stretch, limits, offset)
        distinct: list[DetectedFace] = []
        for face in sorted(faces, key=lambda face: (-face.prob, face.box)):
            if all(_common_share(face.box, other.box) < 0.4 for other in distinct):
                distinct.append(face)
        return distinct

    def face_outputs(self, crops: Sequence[RGBImage]) -> tuple[Floats, Floats]:
        """Return probabilities (N,) that crops (48, 48, 3) uint8 show a face, and corrections (N, 4).

        The corrections move the crop's edges x1, y1, x2, y2 to the face's box, in sides of the crop.
        """
        return self._cascade.judge(crops)

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
    candidates: Candidates,
    stretch: npt.NDArray[np.float64],
    limits: npt.NDArray[np.float64],
    offset: npt.NDArray[np.float64] | None = None,
) -> list[DetectedFace]:
    """Return one picture's candidates as faces within the limits (4,), largest first.

    `offset` (4,) is the place of the searched part in the picture.
    """
    start = np.zeros(4) if offset is None else offset
    whole_boxes = candidates.boxes.astype(np.float64) * stretch + start
    # Whole pixels: rounding errors of another thread count or batch would otherwise move the crop and its
    # score.
    boxes = np.round(np.clip(whole_boxes, 0, limits))
    count = len(candidates)
    points = np.zeros((count, 5, 2)) if candidates.landmarks is None else candidates.landmarks
    landmarks = points.astype(np.float64) * stretch[:2] + start[:2]
    faces: list[DetectedFace] = []
    for index, ((x1, y1, x2, y2), prob) in enumerate(
        zip(boxes.tolist(), candidates.probs.tolist(), strict=True)
    ):
        if prob >= MIN_DETECTION_PROB and x2 - x1 >= 1 and y2 - y1 >= 1:
            found = FoundFace(
                tuple(whole_boxes[index].tolist()), tuple((x, y) for x, y in landmarks[index].tolist())
            )
            faces.append(DetectedFace((x1, y1, x2, y2), prob, found))
    return _largest_first(faces)


def _largest_first(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    return sorted(faces, key=lambda face: (-_area(face.box), face.box))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _common_share(box: Box, other: Box) -> float:
    """Return the common area of two boxes relative to the smaller one, in [0, 1]."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(width, 0.0) * max(height, 0.0) / max(min(_area(box), _area(other)), 1e-6)
