"""Images inside a JSON report: every judged face in close-up, and its heatmap."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.faces.face_scaling import Size, scale_box, size_of
from laanet_core.inference.key_frames import Moment
from laanet_core.results import FaceResult, Heatmap
from laanet_core.types import Box, RGBImage
from webapp.services.reports.document import CropDocument, HeatmapDocument, ReportImage
from webapp.services.reports.figures import CROP_SIDE, jpeg


def images(
    faces: Sequence[FaceResult], size: Size | None, rgb: RGBImage | None, moments: Iterable[Moment]
) -> list[ReportImage]:
    """Return the images of all judged faces of a photo (H, W, 3) uint8 RGB, or of a video's key frames.

    `faces` are all faces of the result, in the order that numbers them. `size` is (width, height) of the
    original; None means that the picture itself is the original.
    """
    pictures: dict[float | None, RGBImage] = {} if rgb is None else {None: rgb}
    pictures.update((moment.time, moment.rgb) for moment in moments)
    report_images = []
    for number, face in enumerate(faces, start=1):
        picture = pictures.get(face.time)
        if picture is not None and face.heatmap is not None:
            report_images.append(_image(number, picture, face, face.heatmap, size or size_of(picture)))
    return report_images


def _image(number: int, rgb: RGBImage, face: FaceResult, heatmap: Heatmap, size: Size) -> ReportImage:
    """Return the images of one face of a picture (H, W, 3) uint8 RGB; boxes are in pixels of the original."""
    square = enlarge_to_square(face.box)
    levels = np.asarray(np.round(np.asarray(heatmap.values) * 255), np.uint8)
    png = cv2.imencode(".png", levels)[1].tobytes()
    crop = jpeg(crop_square(rgb, scale_box(square, size, size_of(rgb)), CROP_SIDE))
    return ReportImage(
        number=number,
        time=face.time,
        crop=CropDocument(jpeg=_base64(crop), box=_rounded(square)),
        heatmap=HeatmapDocument(png=_base64(png), box=_rounded(heatmap.box)),
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _rounded(box: Box) -> Box:
    x1, y1, x2, y2 = (round(value, 1) for value in box)
    return x1, y1, x2, y2
