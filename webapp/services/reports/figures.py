"""Images of a report: numbered boxes, heatmaps and faces in close-up."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from reportlab.lib.colors import Color, white
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from laanet_core.inference.close_up import close_up
from laanet_core.inference.overlay import heat_layer
from laanet_core.results import FaceResult, Verdict
from laanet_core.types import Box, RGBImage
from webapp.services.reports.text import BOLD, COLOURS, draw_text, text_width

# Pixels per point of paper: 220 dots per inch, 72 points per inch
_PIXELS_PER_POINT = 220 / 72
# Side of a face in close-up, in pixels
CROP_SIDE = 224
# Opacity of the hottest places, the same as the initial one of the page
_OPACITY = 0.75
_JPEG_QUALITY = 88
# Font size and padding of the numbers at the boxes, in points
_NUMBER_SIZE = 6.5
_NUMBER_PADDING = 1.6
# Line widths of the boxes in points
_LINE_WIDTHS: dict[Verdict | None, float] = {"fake": 1.6, "real": 0.8, "inconclusive": 0.8, None: 0.8}
# Lengths of dashes and gaps of the boxes in points
_DASHES: dict[Verdict | None, tuple[float, ...]] = {
    "fake": (),
    "real": (),
    "inconclusive": (4, 2.5),
    None: (1, 1.5),
}


@dataclass(frozen=True)
class NumberedBox:
    """Box of a face, (x1, y1, x2, y2) in pixels of the upright original, and the number of the face."""

    box: Box
    verdict: Verdict | None
    number: int


class BoxedImage(Flowable):
    """Image (H, W, 3) uint8 RGB that fits into `width` x `height` points, with boxes on it.

    The boxes are in pixels of the original. `scale` is the size of the image relative to the original.
    """

    def __init__(
        self,
        rgb: RGBImage,
        width: float,
        height: float,
        boxes: Sequence[NumberedBox] = (),
        *,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        rows, columns = rgb.shape[:2]
        ratio = min(width / columns, height / rows)
        self.width = columns * ratio
        self.height = rows * ratio
        self._jpeg = jpeg(rgb)
        self._boxes = boxes
        self._points_per_pixel = ratio * scale

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        canvas.drawImage(ImageReader(io.BytesIO(self._jpeg)), 0, 0, self.width, self.height)
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.clipPath(frame, stroke=0, fill=0)
        for box in self._boxes:
            self._draw_box(box)
        for box in self._boxes:
            self._draw_number(box)
        canvas.restoreState()

    def _points_of(self, box: Box) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height of a box in points, from the image's lower left corner."""
        x1, y1, x2, y2 = (value * self._points_per_pixel for value in box)
        return x1, self.height - y2, x2 - x1, y2 - y1

    def _draw_box(self, box: NumberedBox) -> None:
        """Draw a box in its verdict's colour on a white line that separates it from the image."""
        width = _LINE_WIDTHS[box.verdict]
        self._stroke(box, white, width=width + 1, dashes=())
        self._stroke(box, COLOURS[box.verdict], width=width, dashes=_DASHES[box.verdict])

    def _stroke(self, box: NumberedBox, colour: Color, width: float, dashes: tuple[float, ...]) -> None:
        self.canv.setStrokeColor(colour)
        self.canv.setLineWidth(width)
        self.canv.setDash(list(dashes))
        self.canv.rect(*self._points_of(box.box), stroke=1, fill=0)

    def _draw_number(self, box: NumberedBox) -> None:
        """Draw the number above its box, moved into the image if there is no room."""
        left, bottom, _, height = self._points_of(box.box)
        text = str(box.number)
        label_width = text_width(text, BOLD, _NUMBER_SIZE) + 2 * _NUMBER_PADDING
        label_height = _NUMBER_SIZE + _NUMBER_PADDING
        label_left = _clamp(left - _LINE_WIDTHS[box.verdict] / 2, self.width - label_width)
        label_bottom = _clamp(bottom + height, self.height - label_height)
        self.canv.setFillColor(COLOURS[box.verdict])
        self.canv.rect(label_left, label_bottom, label_width, label_height, stroke=0, fill=1)
        self.canv.setFillColor(white)
        text_left = label_left + _NUMBER_PADDING
        text_bottom = label_bottom + _NUMBER_PADDING
        draw_text(self.canv, text_left, text_bottom, text, font=BOLD, size=_NUMBER_SIZE)


def picture_pair(
    rgb: RGBImage, faces: Sequence[FaceResult], numbers: Sequence[int], width: float, height: float
) -> tuple[BoxedImage, BoxedImage]:
    """Return an image (H, W, 3) uint8 RGB with numbered boxes, and the image with the heatmaps over it.

    Each of the two is at most `width` x `height` points. `numbers` are those of the faces.
    """
    rows, columns = rgb.shape[:2]
    scale = min(_PIXELS_PER_POINT * width / columns, _PIXELS_PER_POINT * height / rows, 1.0)
    image = rgb
    if scale < 1:
        image = _resized(rgb, max(round(columns * scale), 1), max(round(rows * scale), 1))
    pairs = zip(faces, numbers, strict=True)
    boxes = [NumberedBox(face.box, face.verdict, number) for face, number in pairs]
    with_heatmaps = _overlay_heatmaps(image, faces, scale)
    return BoxedImage(image, width, height, boxes, scale=scale), BoxedImage(with_heatmaps, width, height)


def crop_pair(rgb: RGBImage, face: FaceResult, side: float) -> tuple[BoxedImage, BoxedImage | None]:
    """Return a face of an image (H, W, 3) uint8 RGB in close-up, without and with its heatmap.

    Each close-up is a square with sides of `side` points. The second is None for a face without a heatmap.
    """
    shown = close_up(rgb, face, CROP_SIDE)
    plain = BoxedImage(shown.crop, side, side)
    if shown.heat is None:
        return plain, None
    return plain, BoxedImage(shown.with_heat(_OPACITY), side, side)


def _clamp(value: float, highest: float) -> float:
    """Return the value nearest to `value` in [0, highest]; 0 if `highest` is negative."""
    return min(max(value, 0), max(highest, 0))


def _overlay_heatmaps(rgb: RGBImage, faces: Sequence[FaceResult], scale: float) -> RGBImage:
    """Return an image (H, W, 3) uint8 RGB with the heatmaps of its faces over it.

    The heatmaps' boxes are in pixels of the original. `scale` is the size of the image relative to it.
    """
    layer = heat_layer(rgb.shape, faces, scale=scale)
    alpha = layer[..., 3:] * np.float32(_OPACITY / 255)
    return np.asarray(np.round(rgb * (1 - alpha) + layer[..., :3] * alpha), np.uint8)


def _resized(rgb: RGBImage, width: int, height: int) -> RGBImage:
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(rgb: RGBImage) -> bytes:
    """Encode pixels (H, W, 3) uint8 RGB as JPEG, without any metadata."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
