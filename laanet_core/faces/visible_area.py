"""Shares of a face's box that the picture, its padding and larger faces leave visible."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.faces.crops import shrink_whole
from laanet_core.faces.detector import DetectedFace
from laanet_core.types import Box, RGBImage

# Longer side in pixels of the copy on which flat borders are searched, the largest value of their pixels, and
# the largest number of corners of their outline.
_PADDING_SIDE, _PADDING_VALUE, _PADDING_CORNERS = 256, 14, 8


def padding_mask(rgb: RGBImage) -> npt.NDArray[np.uint8] | None:
    """Return a small mask (h, w) of black areas with straight edges at the border of rgb (H, W, 3) uint8.

    Pictures get them when they are turned or set into a frame; 1 is padding. None if there is none.
    """
    height, width = rgb.shape[:2]
    scale = min(_PADDING_SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    if not _has_dark_border(rgb, size):
        return None
    # Halves first, because averages over whole pixels take little time.
    small = rgb
    while max(small.shape[:2]) >= 2 * _PADDING_SIDE:
        small = shrink_whole(small, 2)
    small = cv2.resize(small, size, interpolation=cv2.INTER_AREA) if scale < 1 else small
    # Three planes, because numpy's maximum over an axis of three values takes ten times as long.
    dark = np.asarray(np.maximum.reduce(cv2.split(small)) <= _PADDING_VALUE, np.uint8)
    labels = np.asarray(cv2.connectedComponents(dark, connectivity=4)[1])
    mask = np.zeros_like(dark)
    for label in np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])).tolist():
        area = np.asarray(labels == label, np.uint8)
        if label and area.sum() >= 0.002 * area.size and _has_straight_edges(area):
            mask |= area
    return mask if mask.any() else None


def _has_dark_border(rgb: RGBImage, size: tuple[int, int]) -> bool:
    """Return whether the border of a copy of rgb (H, W, 3) uint8 in `size` (width, height) may be dark.

    Reads nothing but the border, because most pictures have no padding.
    """
    depth = max(rgb.shape[0] // size[1], 1)
    rows, columns = (rgb[:depth], rgb[-depth:]), (rgb[:, :depth], rgb[:, -depth:])
    means = [cv2.resize(side, (size[0], 1), interpolation=cv2.INTER_AREA).reshape(-1, 3) for side in rows]
    means += [cv2.resize(side, (1, size[1]), interpolation=cv2.INTER_AREA).reshape(-1, 3) for side in columns]
    # The copy's border is up to twice as deep.
    return bool((np.concatenate(means).max(axis=1) <= 2 * _PADDING_VALUE).any())


def _has_straight_edges(area: npt.NDArray[np.uint8]) -> bool:
    outlines = cv2.findContours(area, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    outline = max(outlines, key=cv2.contourArea)
    tolerance = max(1.5, 0.008 * max(area.shape))
    return len(cv2.approxPolyDP(outline, tolerance, True)) <= _PADDING_CORNERS


def inside_share(shape: Sequence[int], face: DetectedFace, padding: npt.NDArray[np.uint8] | None) -> float:
    """Return the share in [0, 1] of a face that lies inside a picture of `shape` (H, W).

    Of the detector's box before it is clipped, the part outside the picture and padding are missing.
    """
    height, width = shape[:2]
    x1, y1, x2, y2 = face.box if face.found is None else face.found.box
    inside = max(min(x2, width) - max(x1, 0), 0) * max(min(y2, height) - max(y1, 0), 0)
    inside -= _padding_area(shape, (x1, y1, x2, y2), padding)
    return float(np.clip(inside / max((x2 - x1) * (y2 - y1), 1e-6), 0, 1))


def _padding_area(shape: Sequence[int], box: Box, padding: npt.NDArray[np.uint8] | None) -> float:
    """Return the area of padding within a box, in pixels of a picture of `shape` (H, W)."""
    if padding is None:
        return 0.0
    scale_x, scale_y = padding.shape[1] / shape[1], padding.shape[0] / shape[0]
    left, right = max(round(box[0] * scale_x), 0), max(round(box[2] * scale_x), 0)
    top, bottom = max(round(box[1] * scale_y), 0), max(round(box[3] * scale_y), 0)
    return float(padding[top:bottom, left:right].sum() / (scale_x * scale_y))


def covered_share(face: DetectedFace, others: Sequence[DetectedFace]) -> float:
    """Return the largest share in [0, 1] of a face's box that the box of one larger face covers."""
    x1, y1, x2, y2 = face.box
    area = (x2 - x1) * (y2 - y1)
    covered = 0.0
    for other in others:
        left, top, right, bottom = other.box
        if (right - left) * (bottom - top) <= area:
            continue
        common = max(min(x2, right) - max(x1, left), 0) * max(min(y2, bottom) - max(y1, top), 0)
        covered = max(covered, common / max(area, 1e-6))
    return covered
