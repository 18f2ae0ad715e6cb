"""Face detection by MTCNN (Zhang et al., 2016) on a copy of the picture that is scaled to a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from laanet_core.faces.area_means import Floats
from laanet_core.faces.candidates import Candidates
from laanet_core.faces.crops import shrink_whole
from laanet_core.faces.mtcnn import PYRAMID_STEP, WINDOW, Cascade, LevelSearch
from laanet_core.faces.pyramid import CopyLevel, PictureCrops
from laanet_core.types import Box, RGBImage

# Lowest probability of a detected face.
MIN_DETECTION_PROB = 0.92

# Pixels of the scaled copy. MTCNN was not trained on smaller faces.
MIN_FACE_SIZE = 20

# Pixels of the original. Smaller faces are not judged unless weights say otherwise.
SMALLEST_JUDGED = 40

# Window of the first network relative to the smallest face that is judged: a face's box is about 1.25 times
# as high as wide, and the network finds faces that fill three quarters of its window.
_WINDOW_RATIO = 1.6

# Ratio of the windows of two levels from which on another level is needed for the faces below the larger one.
_NEXT_WINDOW = 1.1

# Faces in the copy of the whole picture from which on smaller ones are not searched, because they would not
# be judged (`face_budget`).
_ENOUGH_FACES = 200

# Share of the smaller box from which on two boxes show the same face.
_SAME_FACE_SHARE = 0.4

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
        `min_face_size` pixels are too small in it, they are searched in addition, unless hundreds of faces
        were found: the first network sees larger copies, if its windows are too large for such faces, and the
        other two see crops of the picture.
        """
        copies = _scaled_copies([rgb], longer_side)
        stretch = copies.stretch
        whole = self._cascade.begin_pyramid(copies.pictures, WINDOW / MIN_FACE_SIZE)
        largest = MIN_FACE_SIZE * float(stretch.max())
        if largest <= min_face_size:
            return _faces_by_frame(whole.candidates(), [rgb], stretch)[0]
        finer_levels = _finer_levels(rgb, min_face_size, largest)
        # Of a very long picture the copy is so narrow that it has no levels.
        begun = [LevelSearch(level.scale / float(stretch.mean()), level.bands) for level in whole.levels[:1]]
        small = self._cascade.begin(PictureCrops(rgb), finer_levels, begun)
        faces = _faces_by_frame(whole.candidates(), [rgb], stretch)[0]
        if len(faces) >= _ENOUGH_FACES:
            small.cancel()
            return faces
        small_faces = _faces_by_frame(small.candidates(), [rgb], np.ones(4))[0]
        return _largest_first([*faces, *_distinct(small_faces, faces)])

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
        candidates = self._cascade.search(copies.pictures, WINDOW / smallest)
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


def _finer_levels(rgb: RGBImage, min_face_size: float, largest: float) -> list[CopyLevel]:
    """Return the levels for faces from `min_face_size` on that a level with windows of `largest` misses.

    Both are in pixels of rgb (H, W, 3) uint8.
    """
    height, width = rgb.shape[:2]
    levels: list[CopyLevel] = []
    window = _WINDOW_RATIO * min_face_size
    source = rgb
    while window * _NEXT_WINDOW < largest:
        scale = WINDOW / window
        size = (round(width * scale), round(height * scale))
        # Averages over whole pixels take a fifth of the time of other scaling, so halves come first.
        while max(source.shape[:2]) >= 2 * max(size):
            source = shrink_whole(source, 2)
        if min(size) >= WINDOW:
            copy = np.asarray(cv2.resize(source, size, interpolation=cv2.INTER_AREA), np.uint8)
            levels.append(CopyLevel(copy, scale))
        window /= PYRAMID_STEP
    return levels


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
    """Return one picture's candidates as faces within the limits (4,), largest first."""
    whole_boxes = candidates.boxes.astype(np.float64) * stretch
    # Whole pixels: rounding errors of another thread count or batch would otherwise move the crop and its
    # score.
    boxes = np.round(np.clip(whole_boxes, 0, limits))
    count = len(candidates)
    points = np.zeros((count, 5, 2)) if candidates.landmarks is None else candidates.landmarks
    landmarks = points.astype(np.float64) * stretch[:2]
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


def _distinct(faces: Sequence[DetectedFace], others: Sequence[DetectedFace] = ()) -> list[DetectedFace]:
    """Return the faces in their order without those that `others` or earlier faces show too."""
    if not faces:
        return []
    boxes = np.array([face.box for face in (*others, *faces)])
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    is_kept = np.arange(len(boxes)) < len(others)
    for index in range(len(others), len(boxes)):
        earlier = np.flatnonzero(is_kept[:index])
        width = np.minimum(boxes[earlier, 2], boxes[index, 2]) - np.maximum(
            boxes[earlier, 0], boxes[index, 0]
        )
        height = np.minimum(boxes[earlier, 3], boxes[index, 3]) - np.maximum(
            boxes[earlier, 1], boxes[index, 1]
        )
        common = np.maximum(width, 0) * np.maximum(height, 0)
        smaller = np.maximum(np.minimum(areas[earlier], areas[index]), 1e-6)
        is_kept[index] = not (common >= _SAME_FACE_SHARE * smaller).any()
    return [face for face, kept in zip(faces, is_kept[len(others) :], strict=True) if kept]
