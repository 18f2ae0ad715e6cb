"""Quality of found faces: which of them are judged, and the reason if one is not."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import ENLARGEMENT, enlarge_to_square, shrink_whole
from laanet_core.faces.detector import DetectedFace, FaceDetector, FoundFace
from laanet_core.faces.false_detections import RepeatedFace, repeat_reasons
from laanet_core.faces.hidden_faces import is_barred, is_pixelated
from laanet_core.faces.quality_limits import LIMITS, QualityLimits
from laanet_core.faces.sharpness import (
    SHARPNESS_SIDE,
    Floats,
    face_grey,
    sharpness,
    surrounding_sharpness,
)
from laanet_core.faces.straightening import crop_roll, roll_of, upright_square
from laanet_core.faces.visible_area import covered_share, inside_share, padding_mask
from laanet_core.media.interruption import checkpoint
from laanet_core.results import FaceQuality, NotJudgedReason
from laanet_core.types import Box, RGBImage

# Side of the part around a face relative to its box. It holds the shifted crops; a tilted face needs more,
# because its crops are turned.
_PART_ENLARGEMENT, _TILTED_PART_ENLARGEMENT = 1.5, 2.4

# Side in pixels of a face in its part. Faces of more than twice as many are shrunk, so that their cost does
# not grow with the picture.
_PART_FACE_SIDE = 192


@dataclass(frozen=True)
class AssessedFace:
    """Face with its quality, and the reason not to judge it, if there is one.

    `quality` is None if the face's box was given by the caller.
    """

    face: DetectedFace
    quality: FaceQuality | None
    not_judged: NotJudgedReason | None


@dataclass
class _SeenFace:
    """Face with the picture's part around it, in which `found` is, and the first reason not to judge it.

    Faces whose box was given by the caller have neither quality nor part; faces that were not chosen have no
    part.
    """

    face: DetectedFace
    quality: FaceQuality | None
    part: RGBImage | None
    found: FoundFace | None
    reason: NotJudgedReason | None


class FaceAssessor:
    """Assessment of the faces that a detector found. Thread-safe."""

    def __init__(self, detector: FaceDetector, limits: QualityLimits = LIMITS) -> None:
        self._detector = detector
        self._limits = limits

    def assess(
        self,
        rgb: RGBImage,
        faces: Sequence[DetectedFace],
        *,
        min_face_size: float,
        chosen: Collection[int] | None = None,
    ) -> list[AssessedFace]:
        """Return the faces of rgb (H, W, 3) uint8 with their quality, in their order.

        Faces whose shorter side has fewer than `min_face_size` pixels are too small. Of faces whose box was
        given by the caller nothing else is assessed. Of faces whose indices are not `chosen` only the
        quality is measured.
        """
        padding = padding_mask(rgb) if any(face.found is not None for face in faces) else None
        seen: list[_SeenFace] = []
        for index, face in enumerate(faces):
            checkpoint()
            is_chosen = chosen is None or index in chosen
            seen.append(self._see(rgb, face, padding, min_face_size, is_chosen=is_chosen))
        self._check_repeats(seen)
        return [self._conclude(view, faces) for view in seen]

    def crop_roll(self, quality: FaceQuality | None) -> float:
        """Return the degrees by which a face's crop is turned back: its roll if that is large, else 0."""
        return crop_roll(quality, self._limits)

    def upright_square(
        self, rgb: RGBImage, box: Box, quality: FaceQuality | None, enlargement: float = ENLARGEMENT
    ) -> Box:
        """Return the square (x1, y1, x2, y2) to crop around a face of rgb (H, W, 3) uint8, before its turn.

        It depends on nothing but the pixels and the result's `box` and `quality`, so stored faces are
        cropped as they were judged.
        """
        return upright_square(self._detector, rgb, box, self.crop_roll(quality), enlargement)

    def _see(
        self,
        rgb: RGBImage,
        face: DetectedFace,
        padding: npt.NDArray[np.uint8] | None,
        min_face_size: float,
        *,
        is_chosen: bool,
    ) -> _SeenFace:
        """Return a face with its quality and the first reason that needs no network, if there is one."""
        found = face.found
        x1, y1, x2, y2 = face.box
        side = min(x2 - x1, y2 - y1)
        too_small: NotJudgedReason | None = "too_small" if side < min_face_size else None
        if found is None:
            return _SeenFace(face, None, None, None, too_small)
        roll = roll_of(found)
        is_tilted = abs(roll) >= self._limits.straighten_from
        part, box, moved = _cut_out(
            rgb, face, found, _TILTED_PART_ENLARGEMENT if is_tilted else _PART_ENLARGEMENT
        )
        grey = face_grey(part, box, SHARPNESS_SIDE)
        quality = FaceQuality(
            side=side,
            sharpness=sharpness(grey),
            inside=inside_share(rgb.shape, face, padding),
            roll=roll,
            detection_prob=face.prob,
        )
        if not is_chosen:
            return _SeenFace(face, quality, None, None, too_small)
        reason = too_small
        if reason is None and self._is_cut_off(rgb.shape, face, quality, padding):
            reason = "cut_off"
        if reason is None and (is_barred(part, moved, self._limits) or self._is_blurred_out(rgb, face, grey)):
            reason = "hidden"
        if reason is None and abs(quality.roll) > self._limits.max_roll:
            reason = "tilted"
        return _SeenFace(face, quality, part, moved, reason)

    def _check_repeats(self, seen: Sequence[_SeenFace]) -> None:
        """Set the reason of faces that the second check rejects and that have no other reason yet."""
        views: list[_SeenFace] = []
        faces: list[RepeatedFace] = []
        for view in seen:
            if view.reason is None and view.part is not None and view.found and view.quality:
                is_whole = view.quality.inside >= self._limits.min_inside
                views.append(view)
                roll = self.crop_roll(view.quality)
                faces.append(RepeatedFace(view.part, view.found, roll, is_whole, view.face.prob))
        reasons = repeat_reasons(self._detector, faces, self._limits)
        for view, reason in zip(views, reasons, strict=True):
            view.reason = reason

    def _conclude(self, view: _SeenFace, others: Sequence[DetectedFace]) -> AssessedFace:
        """Return a face's assessment; blur and larger faces in front count if nothing else does."""
        reason = view.reason
        if reason is None and view.part is not None and view.quality is not None:
            if view.quality.sharpness < self._limits.min_sharpness:
                reason = "blurred"
            elif covered_share(view.face, others) >= self._limits.max_covered:
                reason = "hidden"
        return AssessedFace(view.face, view.quality, reason)

    def _is_cut_off(
        self,
        shape: Sequence[int],
        face: DetectedFace,
        quality: FaceQuality,
        padding: npt.NDArray[np.uint8] | None,
    ) -> bool:
        """Return whether the edge of a picture of `shape` (H, W) cuts through a face that is no close-up."""
        limits = self._limits
        if quality.side >= limits.close_up * min(shape[:2]):
            return False
        crop = DetectedFace(enlarge_to_square(face.box, ENLARGEMENT), face.prob)
        crop_inside = inside_share(shape, crop, padding)
        return quality.inside < limits.min_inside or crop_inside < limits.min_crop_inside

    def _is_blurred_out(self, rgb: RGBImage, face: DetectedFace, grey: Floats) -> bool:
        """Return whether a face of rgb (H, W, 3) uint8 is pixelated or blurred on purpose.

        `grey` (48, 48) is the face's luma.
        """
        limits = self._limits
        if is_pixelated(rgb, face.box, limits):
            return True
        # The edge of a blurred area is sharp, so only the middle of the face counts.
        inner_sharpness = sharpness(grey, margin=0.25)
        if inner_sharpness >= limits.min_sharpness:
            return False
        return inner_sharpness < limits.hidden_ratio * surrounding_sharpness(rgb, face.box)


def _cut_out(
    rgb: RGBImage, face: DetectedFace, found: FoundFace, enlargement: float
) -> tuple[RGBImage, Box, FoundFace]:
    """Return the part of rgb (H, W, 3) uint8 around a face, its box and `found` in the part's pixels.

    Warps convert the whole picture, so they must not see more than they need.
    """
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = enlarge_to_square(found.box, enlargement)
    left, top = max(math.floor(x1), 0), max(math.floor(y1), 0)
    right, bottom = min(math.ceil(x2), width), min(math.ceil(y2), height)
    times = max(int((x2 - x1) / enlargement / _PART_FACE_SIDE), 1)
    part = shrink_whole(rgb[top:bottom, left:right], times)

    shift = np.array([left, top])

    def moved_box(box: Box) -> Box:
        x1, y1, x2, y2 = ((np.array(box) - np.tile(shift, 2)) / times).tolist()
        return (x1, y1, x2, y2)

    landmarks = (np.array(found.landmarks) - shift) / times
    moved = FoundFace(moved_box(found.box), tuple((x, y) for x, y in landmarks.tolist()))
    return part, moved_box(face.box), moved
