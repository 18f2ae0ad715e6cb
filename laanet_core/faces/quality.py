"""Quality of found faces, and the limits below which a face is shown but not judged.

The limits were chosen on photographs of several packs; the model card (`starter/README.md`) has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import (
    ENLARGEMENT,
    crop_square,
    crop_turned,
    enlarge_to_square,
    turned_matrix,
    warp,
)
from laanet_core.faces.detector import JUDGED_SIDE, DetectedFace, FaceDetector, FoundFace
from laanet_core.media.interruption import checkpoint
from laanet_core.results import FaceQuality, NotJudgedReason
from laanet_core.types import Box, RGBImage

Floats = npt.NDArray[np.float32]

# Side in pixels of the copies of a face on which sharpness is measured. Every judged face has so many.
_SHARPNESS_SIDE = 48

# Side in pixels of the upright copy of a face on which bars are searched.
_BAR_SIDE = 96

# Shifts in sides of the face and scales (x, y, scale) at which a face must be found again.
_REPEATS = np.array(
    [(0, 0, 1), (0, 0, 1.25), (0, 0, 0.85), (-0.1, 0, 1), (0.1, 0, 1), (0, -0.1, 1), (0, 0.1, 1)], np.float64
)

# Crops for which a face is turned by quarters.
_FEW_REPEATS = 3

# Crops of all faces of a picture in one forward pass.
_BATCH_SIZE = 128

# Longer side in pixels of the copy on which flat borders are searched, the largest value of their pixels, and
# the largest number of corners of their outline.
_PADDING_SIDE, _PADDING_VALUE, _PADDING_CORNERS = 256, 14, 8


@dataclass(frozen=True)
class Grid:
    """Limits of a grid of flat blocks: periodicity of the steps, and median step relative to the mean."""

    min_periodicity: float
    max_flatness: float


@dataclass(frozen=True)
class QualityLimits:
    """Limits below which a face is not judged; see the model card for their choice.

    `min_sharpness`, `min_inside` and `max_roll` (degrees) are limits of FaceQuality, `min_crop_inside` is
    the share of the network's crop that must lie inside the picture. `straighten_from` is
    the roll in degrees from which on a face is turned upright before it is judged. `min_agreement` is the
    mean probability of the face in shifted and scaled crops. `close_up` is the face's share of the picture's
    shorter side from which on the picture's edge may cut through its box. `max_covered` is the share of the
    box that a larger face in front may cover. `hidden_ratio` is the sharpness relative to the surroundings
    below which a blurred face was blurred on purpose. `sharp_grid` and `compressed_grid` describe pixelated
    faces. A bar has at most `max_bar_contrast` as standard deviation, in grey levels, and differs from the
    cheeks by `min_bar_difference`. `min_turn_gain` is the gain in agreement by which another quarter turn
    must fit better.
    """

    min_sharpness: float = 0.31
    min_inside: float = 0.9
    min_crop_inside: float = 0.8
    straighten_from: float = 15.0
    max_roll: float = 65.0
    min_turn_gain: float = 0.05
    min_agreement: float = 0.8
    close_up: float = 0.5
    close_up_agreement: float = 0.1
    max_covered: float = 0.1
    hidden_ratio: float = 0.62
    sharp_grid: Grid = Grid(min_periodicity=0.45, max_flatness=0.35)
    compressed_grid: Grid = Grid(min_periodicity=0.7, max_flatness=0.82)
    max_bar_contrast: float = 3.0
    min_bar_difference: float = 25.0


LIMITS = QualityLimits()


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

    @property
    def needs_repeats(self) -> bool:
        return self.found is not None and self.reason is None


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
        self._check_repeats([view for view in seen if view.needs_repeats])
        return [self._conclude(view, faces) for view in seen]

    def upright_square(
        self, rgb: RGBImage, box: Box, quality: FaceQuality | None, enlargement: float = ENLARGEMENT
    ) -> Box:
        """Return the square (x1, y1, x2, y2) to crop around a face of rgb (H, W, 3) uint8, before its turn.

        The box of an upright face is the detector's. That of a turned face includes background, so it is
        found again in the upright crop. The square depends on nothing but the pixels and the result's `box`
        and `quality`, so stored faces are cropped as they were judged.
        """
        roll = crop_roll(quality, self._limits)
        if roll == 0:
            return enlarge_to_square(box, enlargement)
        angle = np.deg2rad(roll)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        square = np.array(enlarge_to_square(box, 1.0))
        for _ in range(2):
            x1, y1, x2, y2 = square.tolist()
            crop = crop_turned(rgb, (x1, y1, x2, y2), JUDGED_SIDE, roll)
            left, top, right, bottom = self._detector.face_outputs([crop])[1][0].tolist()
            side = x2 - x1
            center = (
                np.array([x1 + x2, y1 + y2]) / 2 + turn @ np.array([left + right, top + bottom]) * side / 2
            )
            half = side * max(1 + right - left, 1 + bottom - top) / 2
            square = np.concatenate([center - half, center + half])
        x1, y1, x2, y2 = np.round(square).tolist()
        return enlarge_to_square((x1, y1, x2, y2), enlargement)

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
        part, face_in_part = _cut_out(rgb, face, found)
        grey = face_grey(part, face_in_part.box, _SHARPNESS_SIDE)
        quality = FaceQuality(
            side=side,
            sharpness=sharpness(grey),
            inside=inside_share(rgb.shape, face, padding),
            roll=roll_of(found),
            detection_prob=face.prob,
        )
        if not is_chosen:
            return _SeenFace(face, quality, None, None, too_small)
        reason = too_small
        if reason is None and self._is_cut_off(rgb.shape, face, quality, padding):
            reason = "cut_off"
        moved = face_in_part.found
        if reason is None and moved is not None and self._is_hidden(part, face_in_part, moved, grey):
            reason = "hidden"
        if reason is None and abs(quality.roll) > self._limits.max_roll:
            reason = "tilted"
        return _SeenFace(face, quality, part, moved, reason)

    def _check_repeats(self, seen: Sequence[_SeenFace]) -> None:
        """Set the reason of tilted faces and of things that are no face, in batches of all faces.

        Of faces that are turned by 90 degrees or more the landmarks are wrong: they fit another quarter turn
        better. Probabilities end at 1, so that most faces need no crops for the other quarter turns.
        """
        limits = self._limits
        upright = self._repeat(seen, 0, len(_REPEATS))
        few = [float(probs[:_FEW_REPEATS].mean()) for probs in upright]
        unclear = [index for index in range(len(seen)) if few[index] + limits.min_turn_gain < 1]
        turned = [
            self._repeat([seen[index] for index in unclear], quarter, _FEW_REPEATS)
            for quarter in (90, 180, 270)
        ]
        for place, index in enumerate(unclear):
            best = max(float(probs[place].mean()) for probs in turned)
            if best > few[index] + limits.min_turn_gain:
                seen[index].reason = "tilted"
        for view, probs in zip(seen, upright, strict=True):
            is_whole = view.quality is not None and view.quality.inside >= limits.min_inside
            needed_agreement = limits.min_agreement if is_whole else limits.close_up_agreement
            if view.reason is None and float(probs.mean()) < needed_agreement:
                view.reason = "not_a_face"

    def _repeat(self, seen: Sequence[_SeenFace], quarter: float, repeats: int) -> list[Floats]:
        """Return the probabilities (repeats,) of each face, turned by `quarter` degrees more than upright."""
        crops: list[RGBImage] = []
        for view in seen:
            assert view.part is not None
            assert view.found is not None
            roll = crop_roll(view.quality, self._limits) + quarter
            crops += repeated_crops(view.part, view.found, roll, repeats=repeats)
        probs: list[Floats] = []
        for start in range(0, len(crops), _BATCH_SIZE):
            checkpoint()
            probs.append(self._detector.face_outputs(crops[start : start + _BATCH_SIZE])[0])
        return list(np.concatenate(probs).reshape(-1, repeats)) if probs else []

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

    def _is_hidden(self, rgb: RGBImage, face: DetectedFace, found: FoundFace, grey: Floats) -> bool:
        """Return whether a face of rgb (H, W, 3) uint8 is pixelated, barred or blurred on purpose.

        `grey` (48, 48) is the face's luma.
        """
        limits = self._limits
        if is_pixelated(rgb, face.box, limits) or is_barred(rgb, found, limits):
            return True
        # The edge of a blurred area is sharp, so only the middle of the face counts.
        inner_sharpness = sharpness(grey, margin=0.25)
        if inner_sharpness >= limits.min_sharpness:
            return False
        return inner_sharpness < limits.hidden_ratio * surrounding_sharpness(rgb, face.box)


def _cut_out(rgb: RGBImage, face: DetectedFace, found: FoundFace) -> tuple[RGBImage, DetectedFace]:
    """Return the part of rgb (H, W, 3) uint8 around a face, and the face in the part's pixels.

    Warps convert the whole picture, so they must not see more than they need.
    """
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = enlarge_to_square(found.box, _PART_ENLARGEMENT)
    left, top = max(math.floor(x1), 0), max(math.floor(y1), 0)
    right, bottom = min(math.ceil(x2), width), min(math.ceil(y2), height)
    shift = np.array([left, top])
    box = np.array(face.box) - np.tile(shift, 2)
    whole_box = np.array(found.box) - np.tile(shift, 2)
    landmarks = np.array(found.landmarks) - shift
    moved = FoundFace(tuple(whole_box.tolist()), tuple((x, y) for x, y in landmarks.tolist()))
    return rgb[top:bottom, left:right], DetectedFace(tuple(box.tolist()), face.prob, moved)


# Side of the part around a face relative to its box: it has to hold the surroundings and turned crops.
_PART_ENLARGEMENT = 2.4


def crop_roll(quality: FaceQuality | None, limits: QualityLimits = LIMITS) -> float:
    """Return the degrees by which a face's crop is turned back: its roll if that is large, else 0."""
    if quality is None or abs(quality.roll) < limits.straighten_from:
        return 0.0
    return quality.roll


def roll_of(found: FoundFace) -> float:
    """Return a face's turn in degrees in (-180, 180], clockwise positive, from its landmarks.

    It is the mean direction of the line between the eyes and of the line from the eyes to the mouth.
    """
    left_eye, right_eye, _, left_mouth, right_mouth = np.asarray(found.landmarks, np.float64)
    across = right_eye - left_eye
    down = (left_mouth + right_mouth - left_eye - right_eye) / 2
    across_unit = across / max(float(np.hypot(*across)), 1e-6)
    down_unit = down / max(float(np.hypot(*down)), 1e-6)
    x, y = across_unit + np.array([down_unit[1], -down_unit[0]])
    return float(np.degrees(np.arctan2(y, x)))


def face_grey(rgb: RGBImage, box: Box, side: int, enlargement: float = 1.0) -> Floats:
    """Return the luma (side, side) in 0 to 255 of the enlarged square around a box in rgb (H, W, 3) uint8."""
    crop = crop_square(rgb, enlarge_to_square(box, enlargement), side)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)


def sharpness(grey: Floats, margin: float = 0.1) -> float:
    """Return the sharpness in [0, 1] of a face (48, 48): its finest details relative to all of its details.

    Details are differences between the face and its Gaussian blurs of 1 and 4 pixels. The measure
    hardly depends on the face's size in the picture or on its contrast. `margin` is the share of each side
    that is left out.
    """
    fine, all_details = _details(grey)
    part = slice(round(margin * len(grey)), len(grey) - round(margin * len(grey)))
    return _ratio(fine[part, part], all_details[part, part])


def surrounding_sharpness(rgb: RGBImage, box: Box) -> float:
    """Return the median sharpness in [0, 1] of the picture's parts around a face in rgb (H, W, 3) uint8.

    The surroundings reach as far as twice the box; parts without contrast or outside the picture are left
    out.
    """
    height, width = rgb.shape[:2]
    side = 2 * _SHARPNESS_SIDE
    square = enlarge_to_square(box, 2.0)
    fine, all_details = _details(face_grey(rgb, box, side, 2.0))
    step = side // 8
    cell = (square[2] - square[0]) / 8
    values: list[float] = []
    for row in range(8):
        for column in range(8):
            x, y = square[0] + (column + 0.5) * cell, square[1] + (row + 0.5) * cell
            is_face = 1 <= row <= 6 and 2 <= column <= 5
            if is_face or not (0 <= x < width and 0 <= y < height):
                continue
            part = (slice(row * step, (row + 1) * step), slice(column * step, (column + 1) * step))
            if float(np.sqrt(np.mean(all_details[part] ** 2))) > _MIN_CONTRAST:
                values.append(_ratio(fine[part], all_details[part]))
    return float(np.median(values)) if len(values) >= _MIN_PARTS else 0.0


# Contrast in grey levels and number of parts that a measure of the surroundings needs.
_MIN_CONTRAST, _MIN_PARTS = 3.0, 4


def _details(grey: Floats) -> tuple[Floats, Floats]:
    slightly, strongly = cv2.GaussianBlur(grey, (0, 0), 1), cv2.GaussianBlur(grey, (0, 0), 4)
    return np.asarray(grey - slightly, np.float32), np.asarray(slightly - strongly, np.float32)


def _ratio(fine: Floats, all_details: Floats) -> float:
    value = float(np.sqrt(np.mean(fine**2)) / (np.sqrt(np.mean(all_details**2)) + 1e-3))
    return min(value, 1.0)


def padding_mask(rgb: RGBImage) -> npt.NDArray[np.uint8] | None:
    """Return a small mask (h, w) of black areas with straight edges at the border of rgb (H, W, 3) uint8.

    Pictures get them when they are turned or set into a frame; 1 is padding. None if there is none.
    """
    height, width = rgb.shape[:2]
    scale = min(_PADDING_SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    dark = np.asarray(small.max(axis=2) <= _PADDING_VALUE, np.uint8)
    border = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    if not border.any():
        return None
    labels = np.asarray(cv2.connectedComponents(dark, connectivity=4)[1])
    mask = np.zeros_like(dark)
    for label in np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])).tolist():
        area = np.asarray(labels == label, np.uint8)
        if label and area.sum() >= 0.002 * area.size and _has_straight_edges(area):
            mask |= area
    return mask if mask.any() else None


def _has_straight_edges(area: npt.NDArray[np.uint8]) -> bool:
    outlines = cv2.findContours(area, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    outline = max(outlines, key=cv2.contourArea)
    tolerance = max(1.5, 0.008 * max(area.shape))
    return len(cv2.approxPolyDP(outline, tolerance, True)) <= _PADDING_CORNERS


def inside_share(shape: Sequence[int], face: DetectedFace, padding: npt.NDArray[np.uint8] | None) -> float:
    """Return the share in [0, 1] of a face that lies inside a picture of `shape` (H, W).

    Of the detector's box before it is clipped, the part outside the picture and padding are missing.
    """
    height, width = shape[:2]
    x1, y1, x2, y2 = face.box if face.found is None else face.found.box
    inside = max(min(x2, width) - max(x1, 0), 0) * max(min(y2, height) - max(y1, 0), 0)
    inside -= _padding_area(shape, (x1, y1, x2, y2), padding)
    return float(np.clip(inside / max((x2 - x1) * (y2 - y1), 1e-6), 0, 1))


def _padding_area(shape: Sequence[int], box: Box, padding: npt.NDArray[np.uint8] | None) -> float:
    """Return the area of padding within a box, in pixels of a picture of `shape` (H, W)."""
    if padding is None:
        return 0.0
    scale_x, scale_y = padding.shape[1] / shape[1], padding.shape[0] / shape[0]
    left, right = max(round(box[0] * scale_x), 0), max(round(box[2] * scale_x), 0)
    top, bottom = max(round(box[1] * scale_y), 0), max(round(box[3] * scale_y), 0)
    return float(padding[top:bottom, left:right].sum() / (scale_x * scale_y))


def repeated_crops(
    rgb: RGBImage, found: FoundFace, roll: float = 0.0, *, repeats: int = len(_REPEATS)
) -> list[RGBImage]:
    """Return shifted and scaled crops (48, 48, 3) uint8 of a face in rgb (H, W, 3) uint8.

    A face is found again at neighbouring places and scales; most other things are not. `roll` in degrees
    turns the face upright first. Only the first `repeats` crops are made.
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


def covered_share(face: DetectedFace, others: Sequence[DetectedFace]) -> float:
    """Return the largest share in [0, 1] of a face's box that the box of one larger face covers."""
    x1, y1, x2, y2 = face.box
    area = (x2 - x1) * (y2 - y1)
    covered = 0.0
    for other in others:
        left, top, right, bottom = other.box
        if (right - left) * (bottom - top) <= area:
            continue
        common = max(min(x2, right) - max(x1, left), 0) * max(min(y2, bottom) - max(y1, top), 0)
        covered = max(covered, common / max(area, 1e-6))
    return covered


def is_pixelated(rgb: RGBImage, box: Box, limits: QualityLimits = LIMITS) -> bool:
    """Return whether a face in rgb (H, W, 3) uint8 consists of flat square blocks.

    Inside blocks neighbouring pixels hardly differ, and the steps between blocks have one distance, which is
    the same across and down.
    """
    grey = _middle(rgb, box)
    if min(grey.shape) < _MIN_GRID_SIDE:
        return False
    across = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    down = np.abs(np.diff(grey, axis=0)).mean(axis=1)
    flatness = max(float(np.median(steps) / max(steps.mean(), 1e-6)) for steps in (across, down))
    periods = np.arange(_MIN_BLOCK, min(grey.shape) / 2.5, 0.25)
    if flatness > limits.compressed_grid.max_flatness or not len(periods):
        return False
    periodicity = float(np.minimum(_periodicity(across, periods), _periodicity(down, periods)).max())
    return any(
        periodicity >= grid.min_periodicity and flatness <= grid.max_flatness
        for grid in (limits.sharp_grid, limits.compressed_grid)
    )


# Pixels of a face's middle part and of a block from which on blocks can be recognised.
_MIN_GRID_SIDE, _MIN_BLOCK = 16, 3.0


def _middle(rgb: RGBImage, box: Box) -> Floats:
    """Return the luma of the middle of a box, at the picture's own scale."""
    x1, y1, x2, y2 = box
    margin_x, margin_y = 0.15 * (x2 - x1), 0.15 * (y2 - y1)
    part = rgb[round(y1 + margin_y) : round(y2 - margin_y), round(x1 + margin_x) : round(x2 - margin_x)]
    if not part.size:
        return np.zeros((0, 0), np.float32)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY), np.float32)


def _periodicity(steps: Floats, periods: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how strictly (P,), in [0, 1], steps (N,) above their median have each of the periods (P,)."""
    weights = np.maximum(steps - np.median(steps), 0).astype(np.float64)
    phases = np.exp(2j * np.pi * np.arange(len(steps)) / periods[:, None])
    strictness = np.abs(phases @ weights) / max(float(weights.sum()), 1e-6)
    return np.asarray(strictness, np.float64)


def is_barred(rgb: RGBImage, found: FoundFace, limits: QualityLimits = LIMITS) -> bool:
    """Return whether a bar of one colour covers both eyes of a face in rgb (H, W, 3) uint8."""
    square = enlarge_to_square(found.box, 1.0)
    return any(
        _has_bar(rgb, turned_matrix(square, _BAR_SIDE, roll), found, limits) for roll in (0, roll_of(found))
    )


def _has_bar(rgb: RGBImage, matrix: npt.NDArray[np.float64], found: FoundFace, limits: QualityLimits) -> bool:
    """Return whether a level bar covers both eyes in the copy of a face that `matrix` (2, 3) makes."""
    copy = cv2.cvtColor(warp(rgb, matrix, (_BAR_SIDE, _BAR_SIDE)), cv2.COLOR_RGB2GRAY).astype(np.float32)
    eyes = cv2.transform(np.asarray(found.landmarks, np.float64)[None], matrix)[0][:2]
    left = max(int(eyes[:, 0].min()) - 5, 0)
    right = max(int(eyes[:, 0].max()) + 6, left + 1)
    cheeks = copy[int(0.6 * _BAR_SIDE) : int(0.75 * _BAR_SIDE), left:right]
    if not cheeks.size:
        return False
    middle = int(eyes[:, 1].mean())
    for row in range(max(middle - 10, 2), min(middle + 11, _BAR_SIDE - 2)):
        bar = copy[row - 2 : row + 3, left:right]
        if float(bar.std()) > limits.max_bar_contrast:
            continue
        value = float(bar.mean())
        if value < _BLACK or abs(value - float(np.median(cheeks))) >= limits.min_bar_difference:
            return True
    return False


# Grey level below which a bar is black, whatever the skin.
_BLACK = 10
