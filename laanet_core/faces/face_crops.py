"""Pictures whose faces were found and cut out: all of them that the network needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laanet_core.faces.crops import ENLARGEMENT, crop_square, enlarge_to_square
from laanet_core.faces.detector import DetectedFace
from laanet_core.types import Box, RGBImage


@dataclass(frozen=True)
class Picture:
    """The faces of a picture, or of a clip's frame at `time` seconds; of each the square to judge, None for one too small; and their crops.

    `crops` (S, S, 3) uint8 RGB, one for each square, in their order.
    """

    found: Sequence[DetectedFace]
    squares: Sequence[Box | None]
    crops: Sequence[RGBImage]
    time: float | None


def cut(
    rgb: RGBImage,
    found: Sequence[DetectedFace],
    size: int,
    *,
    smallest: float,
    enlargement: float = ENLARGEMENT,
    time: float | None = None,
) -> Picture:
    """Cut out the faces whose shorter side has at least `smallest` pixels, each to (size, size, 3) in one warp. `rgb` (H, W, 3) uint8."""
    squares = [
        enlarge_to_square(face.box, enlargement)
        if min(face.box[2] - face.box[0], face.box[3] - face.box[1]) >= smallest
        else None
        for face in found
    ]
    return Picture(
        found, squares, [crop_square(rgb, square, size) for square in squares if square is not None], time
    )
