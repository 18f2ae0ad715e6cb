"""Conversion of faces between pixels of the upright original and pixels of a picture of another size.

Results state places in pixels of the upright original. Very large pictures are decoded at half their size
(`media.images`), so code that crops or draws faces converts their places by the size of its own picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from laanet_core.results import AnalysisResult, FaceResult, Heatmap
from laanet_core.types import Box, RGBImage

# Width and height in pixels.
Size = tuple[int, int]


def size_of(rgb: RGBImage) -> Size:
    """Return the (width, height) of a picture (H, W, 3)."""
    return rgb.shape[1], rgb.shape[0]


def scale_box(box: Box, old: Size, new: Size) -> Box:
    """Convert a box from pixels of a picture of size `old` to pixels of the same picture at size `new`."""
    if old == new:
        return box
    across, down = new[0] / old[0], new[1] / old[1]
    return (box[0] * across, box[1] * down, box[2] * across, box[3] * down)


def scale_face(face: FaceResult, old: Size, new: Size) -> FaceResult:
    """Convert a face's box, heatmap and measured side from pixels at size `old` to pixels at size `new`."""
    if old == new:
        return face
    heatmap, quality = face.heatmap, face.quality
    if heatmap is not None:
        heatmap = Heatmap(heatmap.values, scale_box(heatmap.box, old, new))
    box = scale_box(face.box, old, new)
    if quality is not None:
        quality = dataclasses.replace(quality, side=min(box[2] - box[0], box[3] - box[1]))
    return dataclasses.replace(face, box=box, heatmap=heatmap, quality=quality)


def faces_on(rgb: RGBImage, faces: Sequence[FaceResult], size: Size | None) -> tuple[FaceResult, ...]:
    """Return faces of an original of (width, height) `size` in pixels of its picture `rgb` (H, W, 3).

    If `size` is None, which old stored results have, the picture has the original's size.
    """
    own = size_of(rgb)
    return tuple(scale_face(face, size or own, own) for face in faces)


def in_original_pixels(result: AnalysisResult, size: Size) -> AnalysisResult:
    """Return the result for a decoded picture in pixels of the upright original of (width, height) `size`."""
    if result.size is None or result.size == size:
        return result
    faces = tuple(scale_face(face, result.size, size) for face in result.faces)
    return dataclasses.replace(result, faces=faces, size=size)
