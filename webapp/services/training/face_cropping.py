"""Faces cut out of kept pictures as the trainer wants them: pixels untouched, with room where landmarks were found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.data.context_crops import CONTEXT_ENLARGEMENT
from laanet_core.faces.crops import ENLARGEMENT, enlarge_to_square
from laanet_core.types import Box, Landmarks, RGBImage
from webapp.media.masks import Mask, painted_pixels

FindLandmarks = Callable[[RGBImage], Landmarks | None]
_SLACK = 1.1  # the trainer draws its own box, around the landmarks


@dataclass(frozen=True)
class Cut:
    """`image` (H, W, 3) uint8 RGB; `landmarks` there, None where none were found; `region` (H, W) uint8, not 0 where it was painted."""

    image: RGBImage
    landmarks: Landmarks | None
    region: npt.NDArray[np.uint8] | None


def cut(rgb: RGBImage, box: Box, masks: Sequence[Mask], find: FindLandmarks) -> Cut:
    """Roomy, but within the photograph, where landmarks are found; else the square that is judged, its outside the edge's pixels."""
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = _whole(enlarge_to_square(box, CONTEXT_ENLARGEMENT * _SLACK))
    roomy = (max(x1, 0), max(y1, 0), min(x2, width), min(y2, height))
    image = np.ascontiguousarray(rgb[roomy[1] : roomy[3], roomy[0] : roomy[2]])
    landmarks = find(image)
    if landmarks is not None:
        return Cut(image, landmarks, _region(masks, roomy, rgb.shape))
    tight = _whole(enlarge_to_square(box, ENLARGEMENT))
    rows = np.clip(np.arange(tight[1], tight[3]), 0, height - 1)
    columns = np.clip(np.arange(tight[0], tight[2]), 0, width - 1)
    return Cut(np.ascontiguousarray(rgb[rows][:, columns]), None, _region(masks, tight, rgb.shape))


def _whole(square: Box) -> tuple[int, int, int, int]:
    """In whole pixels, still a square."""
    side = round(square[2] - square[0])
    left, top = round(square[0]), round(square[1])
    return left, top, left + side, top + side


def _region(
    masks: Sequence[Mask], part: tuple[int, int, int, int], shape: tuple[int, ...]
) -> npt.NDArray[np.uint8] | None:
    """What any of the masks, each laid over the whole picture, has in a part of it; None where that is nothing."""
    size = (part[2] - part[0], part[3] - part[1])
    seen = np.zeros(size[::-1], np.uint8)
    for mask in masks:
        painted = np.asarray(painted_pixels(mask.png) * np.uint8(255), np.uint8)
        across, down = painted.shape[1] / shape[1], painted.shape[0] / shape[0]
        # pixel centres, as in laanet_core.faces.crops
        matrix = np.array(
            [[across, 0, (part[0] + 0.5) * across - 0.5], [0, down, (part[1] + 0.5) * down - 0.5]]
        )
        seen = np.maximum(
            seen, cv2.warpAffine(painted, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
        )
    return np.asarray(seen, np.uint8) if seen.any() else None
