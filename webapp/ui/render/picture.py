"""A picture with its faces: boxes, heatmap, vulnerable points, and controls that work with mouse and keyboard alike."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

import cv2
import numpy as np

from laanet_core.inference.heatmap_peaks import vulnerable_points
from laanet_core.inference.key_frames import Moment
from laanet_core.inference.overlay import heat_layer
from laanet_core.results import FaceResult
from laanet_core.types import RGBImage
from webapp.texts import Texts

Named = tuple[int, str]  # what a face is called: its number, and in words
SHOWN_SIDE = 1280  # longer side of a picture sent to the page
_WIDE = 1.2  # times as wide as high: frames of which four in a row would be too small to see anything
_STRENGTH = 75  # per cent, where the slider begins


def picture(rgb: RGBImage, faces: Sequence[FaceResult], texts: Texts) -> str:
    """The picture with its faces boxed and numbered, the heatmap as a layer whose strength and extent sliders set."""
    named = [(number, texts.face_number.format(number=number)) for number in range(1, len(faces) + 1)]
    return _view(_figure(rgb, faces, named, "", texts), faces, texts)


def moments(found: Iterable[Moment], texts: Texts) -> str:
    """The most suspicious frames of a clip, in order of time, each with a button that goes there; faces have their persons' numbers."""
    ordered = sorted(found, key=lambda moment: moment.time)
    if not ordered:
        return ""
    figures = "".join(
        _figure(moment.rgb, moment.faces, _persons(moment, texts), f"{moment.time:.2f}", texts)
        for moment in ordered
    )
    faces = [face for moment in ordered for face in moment.faces]
    height, width = ordered[0].rgb.shape[:2]
    shape = " lens-wide" if width > _WIDE * height else ""
    return _view(
        f"<h3>{escape(texts.worst)}</h3><div class='lens-moments{shape}'>{figures}</div>", faces, texts
    )


def _persons(moment: Moment, texts: Texts) -> list[Named]:
    numbers = [(face.track or 0) + 1 for face in moment.faces]
    return [(number, texts.person_number.format(number=number)) for number in numbers]


def _view(figures: str, faces: Sequence[FaceResult], texts: Texts) -> str:
    return f"<div class='lens-view' style='--heat:{_STRENGTH / 100};--split:0%'>{figures}{_controls(faces, texts)}</div>"


def _figure(
    rgb: RGBImage, faces: Sequence[FaceResult], named: Sequence[Named], seconds: str, texts: Texts
) -> str:
    height, width = rgb.shape[:2]
    scale = min(SHOWN_SIDE / max(height, width), 1.0)
    shown = rgb
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        shown = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    layer = heat_layer(shown.shape, faces, scale=scale)
    boxes = "".join(_box(face, number, width, height) for face, (number, _) in zip(faces, named, strict=True))
    marks = boxes + _points(faces, width, height)
    note = f"<figcaption>{_go_to(seconds, texts)}</figcaption>" if seconds else ""
    return (
        f"<figure class='lens-figure'><div class='lens-stage' style='--ratio:{width / height:.5f}'>"
        f"<img src='{data_uri(shown, '.jpg')}' alt='{escape(_alternative(faces, named, texts))}'>"
        f"<img class='lens-heat' src='{data_uri(layer, '.png')}' alt=''>{marks}</div>{note}</figure>"
    )


def _go_to(seconds: str, texts: Texts) -> str:
    """A button that moves the clip's player there."""
    script = f"window.lensSeek &amp;&amp; window.lensSeek({float(seconds):.3f})"
    return f"<button type='button' class='lens-tour' onclick='{script}'>{escape(texts.go_to.format(seconds=seconds))}</button>"


def _controls(faces: Sequence[FaceResult], texts: Texts) -> str:
    if not any(face.heatmap is not None for face in faces):
        return ""
    return (
        f"<div class='lens-controls'>{_range(texts.heat_strength, '--heat', _STRENGTH, 'this.value / 100')}"
        f"{_range(texts.compare, '--split', 0, 'this.value + &quot;%&quot;', title=texts.compare_help)}"
        f"<div class='lens-toggles'>{_toggle(texts.boxes, 'lens-no-boxes', on=True)}"
        f"{_toggle(texts.points, 'lens-points', on=False)}</div></div>"
        f"<p class='lens-legend'><span aria-hidden='true'></span><span>{escape(texts.heat_legend)}</span></p>"
    )


def _range(label: str, variable: str, value: int, expression: str, *, title: str = "") -> str:
    """A labelled slider that sets a CSS variable of the view; arrow keys move it like any range input."""
    script = f"this.closest(&quot;.lens-view&quot;).style.setProperty(&quot;{variable}&quot;, {expression})"
    hint = f" title='{escape(title)}'" if title else ""
    slider = f"<input type='range' min='0' max='100' value='{value}' oninput='{script}'>"
    return f"<label class='lens-slider'{hint}>{escape(label)} {slider}</label>"


def _toggle(label: str, name: str, *, on: bool) -> str:
    """A labelled checkbox that sets a class of the view; `lens-no-...` is set while it is not checked."""
    state = "!this.checked" if name.startswith("lens-no-") else "this.checked"
    script = f"this.closest(&quot;.lens-view&quot;).classList.toggle(&quot;{name}&quot;, {state})"
    return f"<label class='lens-toggle'><input type='checkbox'{' checked' if on else ''} onchange='{script}'> {escape(label)}</label>"


def _box(face: FaceResult, number: int, width: int, height: int) -> str:
    x1, y1, x2, y2 = face.box
    place = f"left:{x1 / width:.3%};top:{y1 / height:.3%};width:{(x2 - x1) / width:.3%};height:{(y2 - y1) / height:.3%}"
    place += f";--top:{y1 / height:.5f};--wide:{(x2 - x1) / width:.5f}"
    return f"<span class='lens-box lens-{face.verdict or 'unjudged'}' style='{place}' aria-hidden='true'><b>{number}</b></span>"


def _points(faces: Sequence[FaceResult], width: int, height: int) -> str:
    places = [
        point for face in faces if face.heatmap is not None for point in vulnerable_points(face.heatmap)
    ]
    return "".join(
        f"<span class='lens-point' style='left:{point.x / width:.3%};top:{point.y / height:.3%}' aria-hidden='true'></span>"
        for point in places
    )


def _alternative(faces: Sequence[FaceResult], named: Sequence[Named], texts: Texts) -> str:
    if not faces:
        return texts.picture_without_faces
    words = [
        f"{name} {texts.verdicts[face.verdict or 'unjudged']}"
        for face, (_, name) in zip(faces, named, strict=True)
    ]
    return texts.picture_with_faces.format(count=len(faces), faces=", ".join(words))


def data_uri(pixels: RGBImage, extension: str) -> str:
    """Pixels as an address that an img element can show."""
    order = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    encoded = cv2.imencode(extension, cv2.cvtColor(pixels, order))[1]
    kind = "jpeg" if extension == ".jpg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(encoded.tobytes()).decode()}"
