"""Stability check: a face judged again after its picture was compressed, shrunk or mirrored."""

from __future__ import annotations

import contextvars
import itertools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from laanet_core.decision import fake_probability, verdict_of
from laanet_core.faces.crops import crop_turned
from laanet_core.inference.detector import Detector
from laanet_core.media.interruption import checkpoint
from laanet_core.media.recompression import recompressed
from laanet_core.results import FaceResult, Stability, Variant, Verdict
from laanet_core.types import Box, RGBImage

# Function of a region (H, W, 3) uint8 and a square in it; returns both after the change.
Change = Callable[[RGBImage, Box], tuple[RGBImage, Box]]

# Faces of one picture that are checked, the most suspicious ones. Each takes two passes per change.
MAX_CHECKED = 24
# Threads that recompress faces; more gain nothing.
_THREADS = 4
# Pixels. Regions begin on JPEG's block grid, so that their blocks are those of the whole picture.
_GRID = 16


def stability(detector: Detector, rgb: RGBImage, face: FaceResult) -> Stability:
    """Check one face of rgb (H, W, 3) uint8; see `stabilities`.

    Raises ValueError for a face without a score or outside rgb.
    """
    check = stabilities(detector, rgb, [face])[0]
    if check is None:
        raise ValueError("a face without a score has no verdict to check")
    return check


def stabilities(detector: Detector, rgb: RGBImage, faces: Sequence[FaceResult]) -> list[Stability | None]:
    """Judge faces of one picture again under every change, all together.

    The result is None for a face without a score, and beyond the MAX_CHECKED most suspicious faces.

    `rgb` (H, W, 3) uint8 is the picture or frame in which this detector judged the faces, whose places are in
    its pixels (`face_scaling.faces_on`). Each change is made at full resolution to the region around
    the face; then the face is cropped as for inference. The
    detector's box stays the same. Raises ValueError for a face outside rgb.
    """
    size = detector.config.input_size
    regions: list[tuple[RGBImage, Box, float]] = []
    checked = most_suspicious(faces, MAX_CHECKED)
    for index, face in enumerate(faces):
        if face.heatmap is not None and index in checked:
            roll = detector.crop_roll(face)
            regions.append((*_region(rgb, face.heatmap.box, is_turned=roll != 0), roll))
    versions = list(itertools.product(regions, CHANGES.values()))

    def crop(version: tuple[tuple[RGBImage, Box, float], Change]) -> RGBImage:
        checkpoint()
        (region, square, roll), change = version
        changed_region, changed_square = change(region, square)
        return crop_turned(changed_region, changed_square, size, roll)

    with ThreadPoolExecutor(min(os.cpu_count() or 1, _THREADS)) as pool:
        tasks = [pool.submit(contextvars.copy_context().run, crop, version) for version in versions]
        crops = [task.result() for task in tasks]
    # All versions of all faces are scored in one pass.
    logits = detector.score_crops(crops).fake_logit.reshape(-1, len(CHANGES))  # (scored faces, changes)
    remaining_logits = iter(logits.tolist())
    return [
        _stability(detector, face, next(remaining_logits))
        if face.heatmap is not None and index in checked
        else None
        for index, face in enumerate(faces)
    ]


def most_suspicious(faces: Sequence[FaceResult], count: int) -> set[int]:
    """Return the indices of at most `count` faces with a score, those with the highest probabilities."""
    scores = [(-face.fake_prob, index) for index, face in enumerate(faces) if face.fake_prob is not None]
    return {index for _, index in sorted(scores)[:count]}


def holds(verdict: Verdict, variants: Sequence[Variant]) -> bool:
    """Return whether a verdict is stable over its variants.

    - It falls with a single variant of the opposite verdict: the network then contradicts itself about one
      face, after changes that every shared picture goes through.
    - An inconclusive variant overturns nothing: compression wipes out traces. But a verdict that no lossy
      variant repeats rests on the finest details of this very file, and falls too. (`mirrored` does not
      count here: half of the face's own score comes from it.)
    - An inconclusive face has no verdict to lose.
    """
    if verdict == "inconclusive":
        return True
    repeated = any(variant.verdict == verdict for variant in variants if variant.name in CHANGES)
    return repeated and not any(variant.opposite for variant in variants)


def _stability(detector: Detector, face: FaceResult, lossy_logits: Sequence[float]) -> Stability:
    """Compare a face's verdict with those of its variants. `lossy_logits` are in the order of CHANGES."""
    if face.verdict is None or face.fake_logit is None or face.unmirrored_logit is None:
        raise ValueError("a face with a heatmap must have a verdict and its logits")
    shorter_side = min(face.box[2] - face.box[0], face.box[3] - face.box[1])
    is_too_small_at_half_size = shorter_side / 2 < detector.decision.min_face_size
    variants: list[Variant] = []
    for name, logit in zip(CHANGES, lossy_logits, strict=True):
        is_too_small = name == "half_size" and is_too_small_at_half_size
        variants.append(_variant(name, None if is_too_small else logit, face.verdict, detector))

    # The flip test has scored the mirrored crop already.
    mirrored_logit = 2 * face.fake_logit - face.unmirrored_logit
    unmirrored_prob = fake_probability(face.unmirrored_logit, detector.decision)
    unmirrored_verdict = verdict_of(unmirrored_prob, detector.decision)
    variants.append(_variant("mirrored", mirrored_logit, unmirrored_verdict, detector))

    stable = holds(face.verdict, variants)
    return Stability(tuple(variants), stable, face.verdict if stable else "inconclusive")


def _variant(name: str, fake_logit: float | None, compared_to: Verdict, detector: Detector) -> Variant:
    if fake_logit is None:
        return Variant(name, None, None, None, compared_to)
    fake_prob = fake_probability(fake_logit, detector.decision)
    return Variant(name, fake_logit, fake_prob, verdict_of(fake_prob, detector.decision), compared_to)


def _region(rgb: RGBImage, square: Box, *, is_turned: bool) -> tuple[RGBImage, Box]:
    """Return the region (H, W, 3) around a square, and the square in the region.

    Its margin covers everything that cropping reads around the square.
    """
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = square
    margin = max((x2 - x1) / (4 if is_turned else 16), _GRID)
    left, top = (max(math.floor((start - margin) / _GRID) * _GRID, 0) for start in (x1, y1))
    right, bottom = (
        min(math.ceil((end + margin) / _GRID) * _GRID, limit) for end, limit in ((x2, width), (y2, height))
    )
    if right <= left or bottom <= top:
        raise ValueError(
            f"the face's square {square} lies outside of the picture of {width} x {height} pixels"
        )
    return rgb[top:bottom, left:right], (x1 - left, y1 - top, x2 - left, y2 - top)


def _jpeg(quality: int) -> Change:
    def change(region: RGBImage, square: Box) -> tuple[RGBImage, Box]:
        return recompressed(region, quality), square

    return change


def _halve(region: RGBImage, square: Box) -> tuple[RGBImage, Box]:
    """Average every 2 x 2 pixels of a region (H, W, 3); an odd last row or column is distributed."""
    height, width = region.shape[:2]
    small_width, small_height = max(width // 2, 1), max(height // 2, 1)
    small = cv2.resize(region, (small_width, small_height), interpolation=cv2.INTER_AREA)
    scale_x, scale_y = small_width / width, small_height / height
    return np.asarray(small, np.uint8), (
        square[0] * scale_x,
        square[1] * scale_y,
        square[2] * scale_x,
        square[3] * scale_y,
    )


CHANGES: Mapping[str, Change] = {
    "jpeg_90": _jpeg(90),
    "jpeg_70": _jpeg(70),
    "jpeg_50": _jpeg(50),
    "half_size": _halve,
}
