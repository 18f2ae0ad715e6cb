"""Face crops of decided cases, from their kept files."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from laanet_core.errors import UnreadableMedia
from laanet_core.media.reader import Reader
from laanet_core.types import RGBImage
from webapp.media.masks import Mask
from webapp.media.store import StoreFailed
from webapp.services.storage.kept_media import KeptFile, KeptMediaService
from webapp.services.training.decided_cases import DecidedCase, FacePosition
from webapp.services.training.face_cropping import FindLandmarks, TrainingCrop, crop_face

logger = logging.getLogger(__name__)
# Frames of a clip that become crops; more of them would be nearly the same picture
FRAMES_OF_A_CLIP = 4
# Seconds; timestamps of one frame differ by rounding only
_SAME_TIME = 1e-3


class CaseCropper:
    """Crops of the faces that a decision covers: all of a photo, some frames of a clip.

    Kept files are decoded by `reader`; `frames` of a clip are decoded, as in its analysis.
    """

    def __init__(self, keeping: KeptMediaService, reader: Reader, frames: int) -> None:
        self._keeping = keeping
        self._reader = reader
        self._frames = frames

    def crop(self, case: DecidedCase, find_landmarks: FindLandmarks) -> list[TrainingCrop]:
        """Return the crops of a case; none, and a log entry, if its file cannot be read."""
        try:
            return [
                crop_face(rgb, face.box, _masks_on(face, case), find_landmarks)
                for rgb, face in self._pictures(case)
            ]
        except (UnreadableMedia, StoreFailed, FileNotFoundError):
            logger.exception("cannot read a kept file for a snapshot")
            return []

    def _pictures(self, case: DecidedCase) -> Iterator[tuple[RGBImage, FacePosition]]:
        """Yield pictures, (H, W, 3) uint8 RGB and upright, each with one face in it."""
        file = KeptFile(case.media.name, case.media.format, case.orientation)
        with self._keeping.open(file) as path:
            if case.kind == "image":
                rgb = self._reader.image(path)
                yield from ((rgb, face) for face in case.faces)
                return
            faces = frames_to_crop(case)
            for frame in self._reader.frames(path, self._frames):
                for face in faces:
                    if _is_same_time(face.time, frame.time):
                        yield frame.rgb, face


def frames_to_crop(case: DecidedCase) -> list[FacePosition]:
    """Return at most FRAMES_OF_A_CLIP faces: those with painted regions first, then evenly spread ones."""
    painted = [
        face for face in case.faces if any(_is_same_time(region.time, face.time) for region in case.regions)
    ]
    positions = np.linspace(0, len(case.faces) - 1, FRAMES_OF_A_CLIP).round().astype(int)
    spread = [case.faces[position] for position in dict.fromkeys(positions.tolist())]
    return [*painted, *(face for face in spread if face not in painted)][:FRAMES_OF_A_CLIP]


def _masks_on(face: FacePosition, case: DecidedCase) -> list[Mask]:
    regions = case.regions
    if face.time is not None:
        regions = tuple(region for region in regions if _is_same_time(region.time, face.time))
    return [region.mask for region in regions]


def _is_same_time(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) < _SAME_TIME
