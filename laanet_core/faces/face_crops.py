"""Crops of all faces of a picture: the pixels that the network needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laanet_core.faces.crops import ENLARGEMENT, crop_square, enlarge_to_square
from laanet_core.faces.detector import DetectedFace
from laanet_core.types import Box, RGBImage


@dataclass(frozen=True)
class FaceCrops:
    """Faces of a picture, or of a clip's frame at `time` seconds, with their crops.

    `squares` has the cropped square of each face, None for a face that is too small to judge. `crops`
    (S, S, 3) uint8 RGB has one entry per square that is not None, in their order.
    """

    faces: Sequence[DetectedFace]
    squares: Sequence[Box | None]
    crops: Sequence[RGBImage]
    time: float | None


def crop_faces(
    rgb: RGBImage,
    faces: Sequence[DetectedFace],
    size: int,
    *,
    min_face_size: float,
    enlargement: float = ENLARGEMENT,
    time: float | None = None,
) -> FaceCrops:
    """Crop each face of rgb (H, W, 3) uint8 to (size, size, 3) in one warp.

    Faces whose shorter side has fewer than `min_face_size` pixels are not cropped.
    """
    squares: list[Box | None] = []
    crops: list[RGBImage] = []
    for face in faces:
        x1, y1, x2, y2 = face.box
        if min(x2 - x1, y2 - y1) < min_face_size:
            squares.append(None)
            continue
        square = enlarge_to_square(face.box, enlargement)
        squares.append(square)
        crops.append(crop_square(rgb, square, size))
    return FaceCrops(faces, squares, crops, time)
