"""One person's face through a clip: faces of neighbouring frames joined by how much their boxes overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from laanet_core.types import Box

MIN_OVERLAP = 0.2
MAX_MOVE = 0.75  # of the box's side; between two frames a face may leave its old box altogether
MAX_MISSED = 3  # judged frames a face may be away


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def link(frames: Sequence[Sequence[Box]]) -> list[list[int]]:
    """A track number for every box of every frame, counted from 0 in order of appearance.

    Best pairs first; a pair must overlap, or lie near each other and be alike in size. Two boxes of one frame never share a track.
    """
    latest: dict[int, tuple[int, Box]] = {}
    numbers: list[list[int]] = []
    for index, boxes in enumerate(frames):
        present = {track: box for track, (seen, box) in latest.items() if index - seen <= MAX_MISSED + 1}
        pairs = sorted(
            (
                (affinity, track, place)
                for track, old in present.items()
                for place, box in enumerate(boxes)
                if (affinity := _affinity(old, box)) > 0
            ),
            reverse=True,
        )
        chosen: dict[int, int] = {}
        for _, track, place in pairs:
            if place not in chosen and track not in chosen.values():
                chosen[place] = track
        for place in range(len(boxes)):
            chosen.setdefault(place, max([*latest, *chosen.values()], default=-1) + 1)
        latest.update({chosen[place]: (index, box) for place, box in enumerate(boxes)})
        numbers.append([chosen[place] for place in range(len(boxes))])
    return numbers


def _affinity(old: Box, new: Box) -> float:
    """Above 0 where the two can be one face: overlaps count 1 to 2, mere nearness 0 to 1."""
    shared = overlap(old, new)
    if shared >= MIN_OVERLAP:
        return 1 + shared
    side_old, side_new = max(old[2] - old[0], old[3] - old[1]), max(new[2] - new[0], new[3] - new[1])
    distance = float(
        np.hypot((old[0] + old[2] - new[0] - new[2]) / 2, (old[1] + old[3] - new[1] - new[3]) / 2)
    )
    if not 0.6 < side_old / side_new < 1.67:
        return 0.0
    return max(1 - distance / (MAX_MOVE * max(side_old, side_new)), 0.0)
