"""Candidates for faces in MTCNN's cascade, and the geometry of their boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torchvision.ops import batched_nms, nms

from laanet_core.faces.area_means import Floats, Indices
from laanet_core.media.interruption import check_only

# Candidates between two checks whether the search must end.
_CHECKED_CANDIDATES = 64

# Squares searched around an expected face (x, y, scale): shifted in sides of the face, or scaled.
SEARCH_OFFSETS = np.array(
    [(x, y, 1.0) for x in (-0.25, 0, 0.25) for y in (-0.25, 0, 0.25)] + [(0, 0, 0.8), (0, 0, 1.25)],
    np.float32,
)


@dataclass(frozen=True)
class Candidates:
    """Boxes (N, 4) x1, y1, x2, y2 in pixels, `probs` (N,), and indices (N,) of their pictures.

    `landmarks` (N, 5, 2) are x and y in pixels of the eye on the picture's left, the eye on its right, the
    nose, and the corners of the mouth on the left and right. Only the third network finds them.
    """

    boxes: Floats
    probs: Floats
    picture: Indices
    landmarks: Floats | None = None

    def __getitem__(self, selection: Any) -> Candidates:
        landmarks = None if self.landmarks is None else self.landmarks[selection]
        return Candidates(self.boxes[selection], self.probs[selection], self.picture[selection], landmarks)

    def __len__(self) -> int:
        return len(self.probs)


NO_CANDIDATES = Candidates(
    np.empty((0, 4), np.float32),
    np.empty(0, np.float32),
    np.empty(0, np.int64),
    np.empty((0, 5, 2), np.float32),
)


def most_probable(candidates: Candidates, count: int) -> Candidates:
    """Return at most `count` candidates in their order."""
    if len(candidates) <= count:
        return candidates
    keep = np.argsort(-candidates.probs, kind="stable")[:count]
    return candidates[np.sort(keep)]


def non_overlapping(candidates: Candidates, max_iou: float) -> Indices:
    """Return the indices (K,) of the most probable candidates, no two of which overlap in one picture.

    Two boxes overlap if their IoU exceeds `max_iou`. The boxes have shape (N, 4).
    """
    boxes = torch.from_numpy(np.ascontiguousarray(candidates.boxes))
    probs = torch.from_numpy(np.ascontiguousarray(candidates.probs))
    if not candidates.picture.any():
        return np.asarray(nms(boxes, probs, max_iou).numpy(), np.int64)
    # batched_nms shifts each picture's boxes by the largest coordinate, which only works from 0 on.
    picture = torch.from_numpy(candidates.picture)
    return np.asarray(batched_nms(boxes - boxes.min(), probs, picture, max_iou).numpy(), np.int64)


def concatenate(levels: Sequence[Candidates]) -> Candidates:
    return Candidates(
        np.concatenate([level.boxes for level in levels]),
        np.concatenate([level.probs for level in levels]),
        np.concatenate([level.picture for level in levels]),
    )


def not_inside_others(candidates: Candidates, max_share: float) -> list[int]:
    """Return the indices of candidates, most probable first, that lie mostly outside more probable ones.

    At most `max_share` of the smaller box's area may be common to both boxes.
    """
    order = np.argsort(-candidates.probs, kind="stable")
    x1, y1, x2, y2 = candidates.boxes[order].T
    areas = (x2 - x1 + 1) * (y2 - y1 + 1)
    picture = candidates.picture[order]
    is_free = np.ones(len(order), bool)
    for index in range(len(order)):
        if index % _CHECKED_CANDIDATES == 0:
            check_only()
        if not is_free[index]:
            continue
        rest = slice(index + 1, None)
        width = np.minimum(x2[rest], x2[index]) - np.maximum(x1[rest], x1[index]) + 1
        height = np.minimum(y2[rest], y2[index]) - np.maximum(y1[rest], y1[index]) + 1
        common = np.maximum(width, 0) * np.maximum(height, 0)
        is_inside = common > max_share * np.minimum(areas[rest], areas[index])
        is_free[rest] &= ~(is_inside & (picture[rest] == picture[index]))
    return [int(index) for index in order[is_free]]


def square_boxes(boxes: Floats) -> Floats:
    """Return squares (N, 4) around the boxes' centres with their longer sides."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    return np.asarray(np.concatenate([centers - sides / 2, centers + sides / 2], axis=1), np.float32)


def squares_to_search(boxes: Floats) -> Floats:
    """Return squares (M, 4) around expected boxes (N, 4), one for each of SEARCH_OFFSETS."""
    squares = square_boxes(boxes)
    centers = (squares[:, None, :2] + squares[:, None, 2:]) / 2
    sides = squares[:, None, 2:] - squares[:, None, :2]
    centers = centers + SEARCH_OFFSETS[:, :2] * sides
    halves = SEARCH_OFFSETS[:, 2:] * sides / 2
    return np.asarray(np.concatenate([centers - halves, centers + halves], axis=2).reshape(-1, 4), np.float32)


def correct_boxes(boxes: Floats, corrections: Floats, *, border: int) -> Floats:
    """Apply a network's corrections (N, 4), in sides of the boxes, which count `border` more pixels."""
    sides = np.tile(boxes[:, 2:] - boxes[:, :2] + border, 2)
    return np.asarray(boxes + corrections * sides, np.float32)


def landmark_points(squares: Floats, shares: Floats) -> Floats:
    """Return landmarks (N, 5, 2) in pixels; `shares` (N, 10) are x, then y, in sides of the squares."""
    points = shares.reshape(-1, 2, 5).transpose(0, 2, 1)
    sides = squares[:, None, 2:] - squares[:, None, :2] + 1
    return np.asarray(squares[:, None, :2] + points * sides - 1, np.float32)
