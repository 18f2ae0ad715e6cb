"""Overlays on pictures: heatmaps, boxes and numbers that are legible on any skin."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.results import FaceResult, Heatmap, Verdict
from laanet_core.types import RGBImage

# The starter network peaks at 0.03 to 0.07 on the real samples and at 0.16 on the self-blended example.
# From FULL_HEAT on the colour has its full strength, below FAINT_HEAT nothing is drawn.
FULL_HEAT = 0.25
FAINT_HEAT = 0.06

# Cyan to magenta, in RGB: no skin has either colour.
_COLD, _HOT = np.array([0, 214, 255.0]), np.array([255, 0, 200.0])

# Strengths of the heat that a layer distinguishes, one per value of uint8.
_LEVELS = 256

_COLOURS: dict[Verdict | None, tuple[int, int, int]] = {
    "fake": (213, 62, 0),
    "inconclusive": (240, 170, 0),
    "real": (0, 140, 110),
    None: (110, 110, 110),
}

# Lengths of dashes in line widths; 0 is a solid line.
_DASHES: dict[Verdict | None, float] = {
    "fake": 0,
    "real": 0,
    "inconclusive": 4,
    None: 1.5,
}
_INK, _PAPER = (20, 20, 20), (255, 255, 255)


def draw_overlay(rgb: RGBImage, faces: Sequence[FaceResult], *, opacity: float = 0.6) -> RGBImage:
    """Return a copy of rgb (H, W, 3) uint8 with every face's heatmap, box and number (1 for the first face).

    `opacity` in [0, 1] is that of the hottest areas. Verdicts differ by colour and by line: fake thick,
    inconclusive dashed, unjudged dotted. Raises ValueError for an opacity out of range.
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie in [0, 1], not {opacity}")
    drawn = _under(rgb, heat_layer(rgb.shape[:2], faces), opacity)
    for number, face in enumerate(faces, start=1):
        draw_box(drawn, face, str(number))
    return drawn


def draw_heat(drawn: RGBImage, face: FaceResult, *, opacity: float = 0.6) -> None:
    """Draw one face's heatmap over a picture (H, W, 3) uint8, in place.

    The cost grows with the face, not with the picture.
    """
    if face.heatmap is None:
        return
    height, width = drawn.shape[:2]
    x1, y1, x2, y2 = face.heatmap.box
    left, top, right, bottom = (
        max(int(x1), 0),
        max(int(y1), 0),
        min(int(x2) + 1, width),
        min(int(y2) + 1, height),
    )
    if right <= left or bottom <= top:
        return
    part = drawn[top:bottom, left:right]
    moved = Heatmap(face.heatmap.values, (x1 - left, y1 - top, x2 - left, y2 - top))
    layer = heat_layer(part.shape, [dataclasses.replace(face, heatmap=moved)])
    if layer[..., 3].any():
        part[:] = _under(part, layer, opacity)


def heat_layer(shape: tuple[int, ...], faces: Sequence[FaceResult], *, scale: float = 1.0) -> RGBImage:
    """Return the faces' heatmaps as a layer (H, W, 4) uint8 RGBA for a picture of `shape` (H, W).

    `scale` is that picture's size relative to the original to which the faces' boxes refer. One fixed
    colour scale serves all faces, so that a face without findings stays clear. The hottest areas are
    outlined in black and white.
    """
    heat = np.zeros(shape[:2], np.float32)
    for face in faces:
        if face.heatmap is not None:
            _add_heat(heat, face.heatmap, scale)
    strength = np.clip((heat - FAINT_HEAT) / (FULL_HEAT - FAINT_HEAT), 0, 1)
    levels = (strength * (_LEVELS - 1)).astype(np.uint8)
    layer: RGBImage = np.take(_level_colours(), levels, axis=0)
    width = max(round(max(heat.shape) / 700), 1)
    is_hot = (strength > 0.5).astype(np.uint8)
    outline, _ = cv2.findContours(is_hot, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(layer, outline, -1, (*_INK, 255), 3 * width, cv2.LINE_AA)
    cv2.drawContours(layer, outline, -1, (*_PAPER, 255), width, cv2.LINE_AA)
    return layer


@cache
def _level_colours() -> RGBImage:
    """Return the colour of each level of heat, (256, 4) RGBA: from clear cyan to opaque magenta."""
    strength = np.linspace(0, 1, _LEVELS)
    colours = np.empty((_LEVELS, 4), np.uint8)
    colours[:, :3] = _COLD + (_HOT - _COLD) * strength[:, None]
    colours[:, 3] = 255 * np.sqrt(strength)
    return colours


def _under(rgb: RGBImage, layer: RGBImage, opacity: float) -> RGBImage:
    """Blend rgb (H, W, 3) with a layer (H, W, 4) above it."""
    alpha = layer[..., 3:] * np.float32(opacity / 255)
    return np.asarray(np.round(rgb * (1 - alpha) + layer[..., :3] * alpha), np.uint8)


def _add_heat(heat: npt.NDArray[np.float32], heatmap: Heatmap, scale: float) -> None:
    """Add a face's heatmap to the picture's heat (H, W), where the larger value wins."""
    x1, y1, x2, y2 = (round(value * scale) for value in heatmap.box)
    height, width = heat.shape
    left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    if right <= left or bottom <= top:
        return
    # Without the blur, single cells would show as squares.
    spread = cv2.GaussianBlur(heatmap.values, (0, 0), 0.8)
    peak = float(spread.max())
    spread = spread * (float(heatmap.values.max()) / peak if peak > 0 else 1)
    large = cv2.resize(spread, (x2 - x1, y2 - y1), interpolation=cv2.INTER_CUBIC)
    part = heat[top:bottom, left:right]
    np.maximum(part, large[top - y1 : bottom - y1, left - x1 : right - x1], out=part)


def draw_box(drawn: RGBImage, face: FaceResult, label: str) -> None:
    """Draw a face's box and label into a picture (H, W, 3) uint8, in place, in its verdict's style."""
    width = max(round(max(drawn.shape[:2]) / 350), 2)
    x1, y1, x2, y2 = (round(value) for value in face.box)
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
    colour = _COLOURS[face.verdict]
    thick = 2 * width if face.verdict == "fake" else width
    for start, end in itertools.pairwise(corners):
        cv2.line(drawn, start, end, _PAPER, thick + 2 * max(width // 2, 1), cv2.LINE_AA)
    for start, end in itertools.pairwise(corners):
        _draw_line(drawn, start, end, colour, thick, _DASHES[face.verdict] * thick)
    scale = 0.32 * width
    (text_width, text_height), below = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, scale, width)
    pad = 2 * width
    left, top = max(x1 - thick // 2, 0), max(y1 - text_height - below - 2 * pad, 0)
    cv2.rectangle(
        drawn, (left, top), (left + text_width + 2 * pad, top + text_height + below + 2 * pad), colour, -1
    )
    ink = _INK if face.verdict == "inconclusive" else _PAPER
    cv2.putText(
        drawn,
        label,
        (left + pad, top + pad + text_height),
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        ink,
        width,
        cv2.LINE_AA,
    )


def _draw_line(
    drawn: RGBImage,
    start: tuple[int, int],
    end: tuple[int, int],
    colour: tuple[int, int, int],
    thick: int,
    dash: float,
) -> None:
    if dash <= 0:
        cv2.line(drawn, start, end, colour, thick, cv2.LINE_AA)
        return
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    for begin in np.arange(0, length, 2 * dash):
        ends = [begin / length, min(begin + dash, length) / length]
        first, last = (
            tuple(round(a + (b - a) * share) for a, b in zip(start, end, strict=True)) for share in ends
        )
        cv2.line(drawn, first, last, colour, thick, cv2.LINE_AA)
