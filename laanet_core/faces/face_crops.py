"""Crops of all faces of a picture: the pixels that the network needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from laanet_core.faces.crops import ENLARGEMENT, crop_turned
from laanet_core.faces.detector import DetectedFace
from laanet_core.faces.face_budget import FaceBudget
from laanet_core.faces.quality import AssessedFace, FaceAssessor
from laanet_core.media.interruption import checkpoint
from laanet_core.results import FaceQuality
from laanet_core.types import Box, RGBImage


@dataclass(frozen=True)
class FaceCrops:
    """Faces of a picture, or of a clip's frame at `time` seconds, with their crops.

    `squares` has the cropped square of each face before its turn, None for a face that is not judged. `crops`
    (S, S, 3) uint8 RGB has one entry per square that is not None, in their order.
    """

    faces: Sequence[AssessedFace]
    squares: Sequence[Box | None]
    crops: Sequence[RGBImage]
    time: float | None


def crop_faces(
    rgb: RGBImage,
    faces: Sequence[DetectedFace],
    size: int,
    assessor: FaceAssessor,
    *,
    min_face_size: float,
    enlargement: float = ENLARGEMENT,
    time: float | None = None,
    budget: FaceBudget | None = None,
) -> FaceCrops:
    """Crop the faces of rgb (H, W, 3) uint8, each in one warp. Faces that cannot be judged are left out.

    Crops are (size, size, 3), and turned faces are upright in them. Faces whose shorter side has fewer than
    `min_face_size` pixels are not judged; nothing else is assessed if the caller gave the box. Of the faces
    beyond the `budget` only the quality is measured.
    """
    chosen: Collection[int] = range(len(faces))
    if budget is not None:
        chosen = budget.choose(rgb, faces, min_face_size=min_face_size)
    assessed_faces = assessor.assess(rgb, faces, min_face_size=min_face_size, chosen=chosen)
    squares: list[Box | None] = []
    crops: list[RGBImage] = []
    for index, assessed in enumerate(assessed_faces):
        if assessed.not_judged is not None or index not in chosen:
            squares.append(None)
            continue
        checkpoint()
        square, crop = crop_upright(
            rgb, assessed.face.box, assessed.quality, size, assessor, enlargement=enlargement
        )
        squares.append(square)
        crops.append(crop)
    return FaceCrops(assessed_faces, squares, crops, time)


def crop_upright(
    rgb: RGBImage,
    box: Box,
    quality: FaceQuality | None,
    size: int,
    assessor: FaceAssessor,
    *,
    enlargement: float = ENLARGEMENT,
) -> tuple[Box, RGBImage]:
    """Return a face's square before its turn, and the crop (size, size, 3) in which the network judges it.

    `box` and `quality` are those of the face's result in rgb (H, W, 3) uint8, new or stored.
    """
    square = assessor.upright_square(rgb, box, quality, enlargement)
    return square, crop_turned(rgb, square, size, assessor.crop_roll(quality))
