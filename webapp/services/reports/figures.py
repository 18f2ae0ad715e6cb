"""Pictures on paper: what was judged, with its faces boxed and numbered, and the heatmap laid over it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from reportlab.lib.colors import white
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.inference.overlay import heat_layer
from laanet_core.results import FaceResult, Heatmap, Verdict
from laanet_core.types import Box, RGBImage
from webapp.services.reports.text import BOLD, COLOURS, draw_text, text_width

_FINENESS = 220 / 72  # pixels to a point of paper
CROP_SIDE = 224  # pixels of a face in the report
_OPACITY = 0.75  # of the hottest places, as the page begins with
_WIDTHS: dict[Verdict | None, float] = {"fake": 1.6, "real": 0.8, "inconclusive": 0.8, None: 0.8}  # points
_DASHES: dict[Verdict | None, tuple[float, ...]] = {
    "fake": (),
    "real": (),
    "inconclusive": (4, 2.5),
    None: (1, 1.5),
}


@dataclass(frozen=True)
class Mark:
    """A face to be boxed, (x1, y1, x2, y2) in pixels of the upright original, and the number it is called by."""

    box: Box
    verdict: Verdict | None
    number: int


class Picture(Flowable):
    """A picture (H, W, 3) uint8 RGB, as large as fits into `width` x `height` points, with `marks` drawn as lines.

    `scale` is its size relative to the original that the marks' boxes refer to.
    """

    def __init__(
        self, rgb: RGBImage, width: float, height: float, marks: Sequence[Mark] = (), *, scale: float = 1.0
    ) -> None:
        super().__init__()
        rows, columns = rgb.shape[:2]
        ratio = min(width / columns, height / rows)
        self.width, self.height = columns * ratio, rows * ratio
        self._jpeg = jpeg(rgb)
        self._marks = marks
        self._points = ratio * scale  # points per pixel of the original

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803 - reportlab's names
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        canvas.drawImage(ImageReader(io.BytesIO(self._jpeg)), 0, 0, self.width, self.height)
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.clipPath(frame, stroke=0, fill=0)
        for mark in self._marks:
            self._draw_box(mark)
        for mark in self._marks:
            self._draw_number(mark)
        canvas.restoreState()

    def _place(self, box: Box) -> tuple[float, float, float, float]:
        """Left, bottom, width and height in points."""
        x1, y1, x2, y2 = (value * self._points for value in box)
        return x1, self.height - y2, x2 - x1, y2 - y1

    def _draw_box(self, mark: Mark) -> None:
        width = _WIDTHS[mark.verdict]
        self.canv.setStrokeColor(white)
        self.canv.setLineWidth(width + 1)
        self.canv.setDash()
        self.canv.rect(*self._place(mark.box), stroke=1, fill=0)
        self.canv.setStrokeColor(COLOURS[mark.verdict])
        self.canv.setLineWidth(width)
        self.canv.setDash(list(_DASHES[mark.verdict]))
        self.canv.rect(*self._place(mark.box), stroke=1, fill=0)

    def _draw_number(self, mark: Mark) -> None:
        left, bottom, _, height = self._place(mark.box)
        size, pad = 6.5, 1.6
        width = text_width(str(mark.number), BOLD, size) + 2 * pad
        tall = size + pad
        left = min(max(left - _WIDTHS[mark.verdict] / 2, 0), max(self.width - width, 0))
        foot = min(max(bottom + height, 0), max(self.height - tall, 0))
        self.canv.setFillColor(COLOURS[mark.verdict])
        self.canv.rect(left, foot, width, tall, stroke=0, fill=1)
        self.canv.setFillColor(white)
        draw_text(self.canv, left + pad, foot + pad, str(mark.number), font=BOLD, size=size)


def picture_pair(
    rgb: RGBImage, faces: Sequence[FaceResult], numbers: Sequence[int], width: float, height: float
) -> tuple[Picture, Picture]:
    """A picture with its faces boxed, and the same under the heatmap; each at most `width` x `height` points."""
    rows, columns = rgb.shape[:2]
    scale = min(_FINENESS * width / columns, _FINENESS * height / rows, 1.0)
    shown = rgb if scale == 1 else _resized(rgb, max(round(columns * scale), 1), max(round(rows * scale), 1))
    marks = [Mark(face.box, face.verdict, number) for face, number in zip(faces, numbers, strict=True)]
    heated = _heated(shown, faces, scale)
    return Picture(shown, width, height, marks, scale=scale), Picture(heated, width, height)


def crop_pair(rgb: RGBImage, face: FaceResult, side: float) -> tuple[Picture, Picture | None]:
    """A face up close as the network saw it, and the same under its heatmap where it has one; `side` in points."""
    square = enlarge_to_square(face.box)
    crop = crop_square(rgb, square, CROP_SIDE)
    if face.heatmap is None:
        return Picture(crop, side, side), None
    x1, y1, x2, y2 = face.heatmap.box
    moved = Heatmap(face.heatmap.values, (x1 - square[0], y1 - square[1], x2 - square[0], y2 - square[1]))
    heated = _heated(crop, [dataclasses.replace(face, heatmap=moved)], CROP_SIDE / (square[2] - square[0]))
    return Picture(crop, side, side), Picture(heated, side, side)


def _heated(rgb: RGBImage, faces: Sequence[FaceResult], scale: float) -> RGBImage:
    layer = heat_layer(rgb.shape, faces, scale=scale)
    alpha = layer[..., 3:] * np.float32(_OPACITY / 255)
    return np.asarray(np.round(rgb * (1 - alpha) + layer[..., :3] * alpha), np.uint8)


def _resized(rgb: RGBImage, width: int, height: int) -> RGBImage:
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(rgb: RGBImage) -> bytes:
    """Encoded anew from pixels, so that nothing but the picture goes along."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    return encoded.tobytes()
