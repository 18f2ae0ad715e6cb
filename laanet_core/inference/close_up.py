"""Faces in close-up: an enlarged square crop, and its heatmap on the scale of all overlays."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.inference.overlay import heat_layer
from laanet_core.results import FaceResult, Heatmap
from laanet_core.types import Box, RGBImage


@dataclass(frozen=True)
class CloseUp:
    """Face in close-up.

    `square` is the crop's place (x1, y1, x2, y2) in pixels of the picture; it may reach outside it. `crop` is
    (S, S, 3) uint8 RGB. `heat` is the heatmap as a layer (S, S, 4) uint8 RGBA over the crop, None for a face
    without a heatmap.
    """

    square: Box
    crop: RGBImage
    heat: RGBImage | None

    def with_heat(self, opacity: float) -> RGBImage:
        """Return the crop (S, S, 3) uint8 RGB under its heat.

        `opacity` in [0, 1] is that of the hottest areas. Without a heatmap it is the crop itself.
        """
        if self.heat is None:
            return self.crop
        alpha = self.heat[..., 3:] * np.float32(opacity / 255)
        return np.asarray(np.round(self.crop * (1 - alpha) + self.heat[..., :3] * alpha), np.uint8)


def close_up(rgb: RGBImage, face: FaceResult, side: int) -> CloseUp:
    """Return a face of rgb (H, W, 3) uint8 in close-up, `side` pixels wide.

    The face's boxes are in pixels of `rgb`.
    """
    square = enlarge_to_square(face.box)
    crop = crop_square(rgb, square, side)
    if face.heatmap is None:
        return CloseUp(square, crop, None)
    x1, y1, x2, y2 = face.heatmap.box
    left, top = square[:2]
    moved = Heatmap(face.heatmap.values, (x1 - left, y1 - top, x2 - left, y2 - top))
    scale = side / (square[2] - square[0])
    layer = heat_layer(crop.shape, [dataclasses.replace(face, heatmap=moved)], scale=scale)
    return CloseUp(square, crop, layer)
