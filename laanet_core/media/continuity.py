"""Continuity of two pictures of a clip: one scene up to camera movement, light and a changed face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Grey values (SIDE, SIDE) float32 in [0, 255] of a whole frame.
Thumbnail = npt.NDArray[np.float32]

SIDE = 64

# Grey levels by which a cell changes at least, and share of such cells below which two pictures show one
# scene in any case.
CELL_CHANGE = 18.0
MIN_CELLS = 0.12

# Correlation of the gradients in the changed cells from which on two pictures show one scene. Measured on
# photographs of research sets (3,000 pairs each): different persons reach 0.42 at most and 0.26 in 99 of 100
# pairs; a face that is replaced in place keeps 0.47 or more, even if it fills the picture.
_MIN_CORRELATION = 0.45

# Cells around a changed one that are compared too.
_MARGIN = np.ones((5, 5), np.uint8)

# Gradient that noise has, so that plain pictures correlate with nothing.
_NOISE = 6.0

# Steps of the alignment, and its smallest gain per step.
_MAX_STEPS, _MIN_GAIN = 30, 1e-4

# Cells that the alignment blurs before it compares.
_BLUR = 5

# Share of the picture that both pictures show after the alignment, at least.
_MIN_OVERLAP = 0.5


def is_continuous(before: Thumbnail, after: Thumbnail) -> bool:
    """Return whether two thumbnails (SIDE, SIDE) of a clip can show one scene.

    The camera may have moved, turned or zoomed a little, the light may differ, and a part may have changed:
    the gradients in the changed cells still correlate. Those of two scenes do not, even if both show a person
    in the same place.
    """
    return _is_similar_or_moved(before, after, only_changed=True)


def is_same_view(before: Thumbnail, after: Thumbnail) -> bool:
    """Return whether two thumbnails (SIDE, SIDE) can show one place, even if a large part of it has changed.

    In contrast to `is_continuous` the gradients of the whole picture are compared.
    """
    return _is_similar_or_moved(before, after, only_changed=False)


def changed_cells(before: Thumbnail, after: Thumbnail) -> npt.NDArray[np.bool_]:
    """Return the cells (SIDE, SIDE) of a thumbnail that differ by more than CELL_CHANGE grey levels."""
    return np.asarray(np.abs(after - before) > CELL_CHANGE)


def _is_similar_or_moved(before: Thumbnail, after: Thumbnail, *, only_changed: bool) -> bool:
    if _is_similar(before, after, np.ones(before.shape, bool), only_changed=only_changed):
        return True
    aligned = _aligned(before, after)
    return aligned is not None and _is_similar(aligned[0], after, aligned[1], only_changed=only_changed)


def _is_similar(
    before: Thumbnail, after: Thumbnail, shown: npt.NDArray[np.bool_], *, only_changed: bool
) -> bool:
    import cv2

    changed = changed_cells(before, after) & shown
    if changed.sum() < MIN_CELLS * shown.sum():
        return True
    compared = cv2.dilate(changed.astype(np.uint8), _MARGIN).astype(bool) & shown if only_changed else shown
    first, second = _gradients(before)[:, compared], _gradients(after)[:, compared]
    floor = _NOISE**2 * first.size
    energies = (float((first**2).sum()) + floor) * (float((second**2).sum()) + floor)
    return float((first * second).sum()) >= _MIN_CORRELATION * float(np.sqrt(energies))


def _gradients(picture: Thumbnail) -> npt.NDArray[np.float32]:
    """Return the horizontal and vertical gradients (2, SIDE, SIDE) of a thumbnail."""
    import cv2

    return np.stack([cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)])


def _aligned(before: Thumbnail, after: Thumbnail) -> tuple[Thumbnail, npt.NDArray[np.bool_]] | None:
    """Return `before` moved onto `after`, with the cells (SIDE, SIDE) that it covers; None without a fit.

    The movement is affine (Evangelidis and Psarakis, 2008, "Parametric image alignment using enhanced
    correlation coefficient maximization").
    """
    import cv2

    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, _MAX_STEPS, _MIN_GAIN)
    warp = np.eye(2, 3, dtype=np.float32)
    try:
        _, warp = cv2.findTransformECC(after, before, warp, cv2.MOTION_AFFINE, criteria, None, _BLUR)
    except cv2.error:
        # The alignment does not converge.
        return None
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(before, warp, (SIDE, SIDE), flags=flags)
    shown = cv2.warpAffine(np.ones_like(before), warp, (SIDE, SIDE), flags=flags) > 0.99
    if shown.mean() < _MIN_OVERLAP:
        return None
    return np.asarray(moved, np.float32), np.asarray(shown, bool)
