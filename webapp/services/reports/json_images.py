"""The pictures of a report as data: every judged face up close, and its heatmap."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from laanet_core.faces.crops import crop_square, enlarge_to_square
from laanet_core.inference.key_frames import Moment
from laanet_core.results import FaceResult, Heatmap
from laanet_core.types import RGBImage
from webapp.services.reports.figures import CROP_SIDE, jpeg


def images(
    faces: Sequence[FaceResult], rgb: RGBImage | None, moments: Iterable[Moment]
) -> list[dict[str, Any]]:
    """Of a photo's faces, or a clip's at the given moments: see `report_json`; `faces` are those of the result."""
    numbers = {(face.time, face.track, face.box): number for number, face in enumerate(faces, start=1)}
    shown = [] if rgb is None else [(rgb, face) for face in faces]
    shown += [(moment.rgb, face) for moment in moments for face in moment.faces]
    return [
        _image(numbers.get((face.time, face.track, face.box)), picture, face, face.heatmap)
        for picture, face in shown
        if face.heatmap is not None
    ]


def _image(number: int | None, rgb: RGBImage, face: FaceResult, heatmap: Heatmap) -> dict[str, Any]:
    square = enlarge_to_square(face.box)
    levels = np.asarray(np.round(np.asarray(heatmap.values) * 255), np.uint8)
    return {
        "number": number,
        "time": face.time,
        "crop": {
            "jpeg": _text(jpeg(crop_square(rgb, square, CROP_SIDE))),
            "box": [round(value, 1) for value in square],
        },
        "heatmap": {
            "png": _text(cv2.imencode(".png", levels)[1].tobytes()),
            "box": [round(value, 1) for value in heatmap.box],
        },
    }


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
