"""Face crops of decided cases, from their kept files."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator

import numpy as np

from laanet_core.errors import UnreadableMedia
from laanet_core.faces.face_scaling import scale_box, size_of
from laanet_core.faces.quality import FaceAssessor
from laanet_core.media.reader import Reader
from laanet_core.types import RGBImage
from webapp.media.masks import Mask
from webapp.media.store import StoreFailed
from webapp.services.storage.kept_media import KeptFile, KeptMediaService
from webapp.services.training.decided_cases import DecidedCase, FacePosition
from webapp.services.training.face_cropping import FindLandmarks, TrainingCrop, crop_face

logger = logging.getLogger(__name__)
# At most this many faces of a clip become crops, because more would be nearly the same picture.
MAX_CLIP_FACES = 4
# Tolerance in seconds between two timestamps of one frame, which differ by rounding only.
_TIME_TOLERANCE = 1e-3


class CaseCropper:
    """Crops the faces that a decision covers: all faces of a photo, some faces of a clip.

    `reader` decodes kept files. `assessor` finds the squares in which tilted faces were judged.
    """

    def __init__(self, keeping: KeptMediaService, reader: Reader, assessor: FaceAssessor) -> None:
        self._keeping = keeping
        self._reader = reader
        self._assessor = assessor

    def crop(self, case: DecidedCase, find_landmarks: FindLandmarks) -> list[TrainingCrop]:
        """Return the crops of a case. If its file cannot be read, log this and return an empty list."""
        crops: list[TrainingCrop] = []
        try:
            for rgb, face in self._pictures(case):
                box = scale_box(face.box, case.size or size_of(rgb), size_of(rgb))
                square = functools.partial(self._assessor.upright_square, rgb, box, face.quality)
                roll = self._assessor.crop_roll(face.quality)
                crops.append(crop_face(rgb, square, roll, _masks_on(face, case), find_landmarks))
        except (UnreadableMedia, StoreFailed, FileNotFoundError):
            logger.exception("cannot read a kept file for a snapshot")
            return []
        return crops

    def _pictures(self, case: DecidedCase) -> Iterator[tuple[RGBImage, FacePosition]]:
        """Yield an upright picture (H, W, 3) uint8 RGB for each face that becomes a crop."""
        file = KeptFile(case.media.name, case.media.format, case.orientation)
        with self._keeping.open(file) as path:
            if case.kind == "image":
                rgb = self._reader.image(path)
                for face in case.faces:
                    yield rgb, face
                return
            faces = frames_to_crop(case)
            times = sorted({face.time for face in faces if face.time is not None})
            for frame in self._reader.frames_at(path, times):
                for face in faces:
                    if _is_same_time(face.time, frame.time):
                        yield frame.rgb, face


def frames_to_crop(case: DecidedCase) -> list[FacePosition]:
    """Return at most MAX_CLIP_FACES faces: those with painted regions first, then evenly spread ones."""
    painted_faces = [face for face in case.faces if _has_region(face, case)]
    positions = np.linspace(0, len(case.faces) - 1, MAX_CLIP_FACES).round().astype(int)
    spread_faces = [case.faces[position] for position in dict.fromkeys(positions.tolist())]
    other_faces = [face for face in spread_faces if face not in painted_faces]
    return [*painted_faces, *other_faces][:MAX_CLIP_FACES]


def _has_region(face: FacePosition, case: DecidedCase) -> bool:
    """Return True if a moderator painted on the frame of a face."""
    return any(_is_same_time(region.time, face.time) for region in case.regions)


def _masks_on(face: FacePosition, case: DecidedCase) -> list[Mask]:
    """Return the masks of the regions that were painted on the picture or frame of a face."""
    regions = case.regions
    if face.time is not None:
        regions = tuple(region for region in regions if _is_same_time(region.time, face.time))
    return [region.mask for region in regions]


def _is_same_time(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) < _TIME_TOLERANCE
