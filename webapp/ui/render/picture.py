"""Images with boxes, heatmap and vulnerable points, and controls for mouse and keyboard."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from markupsafe import Markup

from laanet_core.inference.heatmap_peaks import VulnerablePoint, vulnerable_points
from laanet_core.inference.key_frames import Moment
from laanet_core.inference.overlay import heat_layer
from laanet_core.results import FaceResult
from laanet_core.types import RGBImage
from webapp.texts import Texts
from webapp.texts.counting import counted
from webapp.texts.sentences import subject_name, verdict_phrase
from webapp.ui.templating import render

# Longer side of an image on the page, in pixels.
SHOWN_SIDE = 1280
# JPEG quality of an image on the page. At 95 it would be twice as large and arrive later.
_SHOWN_QUALITY = 90
# Ratio of width to height above which frames need larger tiles.
_WIDE = 1.2
# Opacity of the hottest areas on close-ups, and at first on the picture.
HEAT_OPACITY = 0.75


@dataclass(frozen=True)
class _BoxView:
    """Box of one face, with its position as CSS. `label` is the name of its button, "" if it is none."""

    number: int
    verdict: str
    style: str
    label: str


@dataclass(frozen=True)
class _ImageView:
    """Everything the template needs of one image. `time` is in seconds, None for a photo."""

    image: str
    heatmap: str
    ratio: str
    alternative: str
    boxes: Sequence[_BoxView]
    points: Sequence[str]
    time: float | None


def picture(rgb: RGBImage, faces: Sequence[FaceResult], texts: Texts) -> Markup:
    """Return a photo (H, W, 3) uint8 RGB with numbered boxes and the heatmap as a layer.

    Sliders set the heatmap's strength and extent.
    """
    numbers = range(1, len(faces) + 1)
    view = _image_view(rgb, faces, numbers, kind="image", time=None, texts=texts)
    return _render([view], faces, texts)


def moments(key_frames: Iterable[Moment], texts: Texts) -> Markup:
    """Return the most suspicious frames of a video in order of time, or "" if there are none.

    Each frame has a button that seeks the player to it. A face has the number of its person.
    """
    ordered = sorted(key_frames, key=lambda moment: moment.time)
    if not ordered:
        return Markup("")
    views = []
    faces: list[FaceResult] = []
    for moment in ordered:
        numbers = [(face.track or 0) + 1 for face in moment.faces]
        view = _image_view(moment.rgb, moment.faces, numbers, kind="video", time=moment.time, texts=texts)
        views.append(view)
        faces.extend(moment.faces)
    height, width = ordered[0].rgb.shape[:2]
    return _render(views, faces, texts, title=texts.suspicious_moments, wide=width > _WIDE * height)


def data_uri(pixels: RGBImage, extension: str) -> str:
    """Encode pixels (H, W, 3) RGB or (H, W, 4) RGBA as a data URI; `extension` is ".jpg" or ".png"."""
    order = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    quality = [cv2.IMWRITE_JPEG_QUALITY, _SHOWN_QUALITY] if extension == ".jpg" else []
    encoded = cv2.imencode(extension, cv2.cvtColor(pixels, order), quality)[1]
    media_type = "jpeg" if extension == ".jpg" else "png"
    return f"data:image/{media_type};base64,{base64.b64encode(encoded.tobytes()).decode()}"


def data_uri_of(path: Path) -> str:
    """Return a JPEG file as a data URI. Raises OSError."""
    return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _render(
    views: Sequence[_ImageView],
    faces: Sequence[FaceResult],
    texts: Texts,
    *,
    title: str = "",
    wide: bool = False,
) -> Markup:
    heated = any(face.heatmap is not None for face in faces)
    return render(
        "picture.jinja",
        views=views,
        title=title,
        wide=wide,
        heated=heated,
        strength=round(100 * HEAT_OPACITY),
        texts=texts,
    )


def _image_view(
    rgb: RGBImage,
    faces: Sequence[FaceResult],
    numbers: Sequence[int],
    *,
    kind: str,
    time: float | None,
    texts: Texts,
) -> _ImageView:
    """Scale an image (H, W, 3) uint8 RGB to the page and place its boxes and points."""
    height, width = rgb.shape[:2]
    scale = min(SHOWN_SIDE / max(height, width), 1.0)
    shown = rgb
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        shown = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    boxes = []
    for face, number in zip(faces, numbers, strict=True):
        # The small boxes of a clip's moments are no buttons; the cards name their persons.
        label = "" if kind == "video" else _phrase(face, number, kind, texts)
        boxes.append(_box(face, number, width, height, label))
    return _ImageView(
        image=data_uri(shown, ".jpg"),
        heatmap=data_uri(heat_layer(shown.shape, faces, scale=scale), ".png"),
        ratio=f"{width / height:.5f}",
        alternative=_alternative(faces, numbers, kind, texts),
        boxes=boxes,
        points=_points(faces, width, height),
        time=time,
    )


def _box(face: FaceResult, number: int, width: int, height: int, label: str) -> _BoxView:
    """Place a box by shares of the image. `--top` and `--wide` let the style sheet place its number."""
    x1, y1, x2, y2 = face.box
    left = x1 / width
    top = y1 / height
    box_width = (x2 - x1) / width
    box_height = (y2 - y1) / height
    place = f"left:{left:.3%};top:{top:.3%};width:{box_width:.3%};height:{box_height:.3%}"
    variables = f"--top:{top:.5f};--wide:{box_width:.5f}"
    return _BoxView(number, face.verdict or "unjudged", style=f"{place};{variables}", label=label)


def _points(faces: Sequence[FaceResult], width: int, height: int) -> list[str]:
    """Return the positions of all vulnerable points as CSS."""
    points: list[VulnerablePoint] = []
    for face in faces:
        if face.heatmap is not None:
            points.extend(vulnerable_points(face.heatmap))
    return [f"left:{point.x / width:.3%};top:{point.y / height:.3%}" for point in points]


def _alternative(faces: Sequence[FaceResult], numbers: Sequence[int], kind: str, texts: Texts) -> str:
    """Return the text alternative: every face with its verdict."""
    if not faces:
        return texts.picture_without_faces
    parts = []
    for face, number in zip(faces, numbers, strict=True):
        parts.append(_phrase(face, number, kind, texts))
    template = counted(texts.picture_with_faces, len(faces))
    return template.format(count=len(faces), faces=texts.list_separator.join(parts))


def _phrase(face: FaceResult, number: int, kind: str, texts: Texts) -> str:
    """Return a face's name and its verdict."""
    phrase = verdict_phrase(face.verdict, texts, not_judged=face.not_judged)
    return f"{subject_name(number, kind, texts)} {phrase}"
