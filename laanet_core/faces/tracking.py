"""Tracking of faces through a clip: boxes of neighbouring frames linked by overlap and nearness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from laanet_core.types import Box

# IoU from which on two boxes of different frames show the same face.
MIN_IOU = 0.2

# Distance between two box centres, in sides of the larger box. Between two judged frames a face may leave its
# old box altogether.
MAX_MOVE = 0.75

# Ratio of the old to the new side between which two boxes that hardly overlap can still show the same face.
SIMILAR_SIDES = (0.6, 1.67)

# Judged frames for which a face may be absent before its track ends.
MAX_MISSED = 3


def iou(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes, in [0, 1]."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    intersection = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection
    return intersection / union


def link(frames: Sequence[Sequence[Box]], shots: Sequence[int] | None = None) -> list[list[int]]:
    """Return a track number for every box of every frame, counted from 0 in order of appearance.

    The pair with the highest affinity is linked first. Two boxes of one frame never share a track. `shots`
    are the numbers of the frames' shots: a shot's end ends its tracks, and the next one shows new persons.
    """
    latest: dict[int, tuple[int, Box]] = {}
    track_numbers: list[list[int]] = []
    next_track = 0
    for index, boxes in enumerate(frames):
        if index and shots is not None and shots[index] != shots[index - 1]:
            latest.clear()
        active = {track: box for track, (seen_at, box) in latest.items() if index - seen_at <= MAX_MISSED + 1}
        row = _assign(active, boxes, next_track=next_track)
        next_track = max([next_track - 1, *row]) + 1
        latest.update({track: (index, box) for track, box in zip(row, boxes, strict=True)})
        track_numbers.append(row)
    return track_numbers


def _assign(active: dict[int, Box], boxes: Sequence[Box], next_track: int) -> list[int]:
    """Return a track for each box of a frame: an active one if it fits, else a new one."""
    pairs: list[tuple[float, int, int]] = []
    for track, old in active.items():
        for place, box in enumerate(boxes):
            affinity = _affinity(old, box)
            if affinity > 0:
                pairs.append((affinity, track, place))

    assigned: dict[int, int] = {}
    for _, track, place in sorted(pairs, reverse=True):
        if place not in assigned and track not in assigned.values():
            assigned[place] = track

    for place in range(len(boxes)):
        if place not in assigned:
            assigned[place] = next_track
            next_track += 1
    return [assigned[place] for place in range(len(boxes))]


def _affinity(old: Box, new: Box) -> float:
    """Return how well two boxes fit one face, 0 if not at all.

    Overlapping boxes get 1 + IoU; boxes that are only near each other get less than 1.
    """
    shared = iou(old, new)
    if shared >= MIN_IOU:
        return 1 + shared
    old_side = max(old[2] - old[0], old[3] - old[1])
    new_side = max(new[2] - new[0], new[3] - new[1])
    if not SIMILAR_SIDES[0] < old_side / new_side < SIMILAR_SIDES[1]:
        return 0.0
    across = (old[0] + old[2] - new[0] - new[2]) / 2
    down = (old[1] + old[3] - new[1] - new[3]) / 2
    return max(1 - float(np.hypot(across, down)) / (MAX_MOVE * max(old_side, new_side)), 0.0)
