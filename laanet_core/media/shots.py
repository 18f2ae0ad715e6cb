"""Shot boundaries of a clip: cuts and fades, detected on thumbnails while the clip is decoded."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from laanet_core.media.continuity import MIN_CELLS, SIDE, Thumbnail, changed_cells, is_continuous
from laanet_core.media.fades import FadeDetector

# Seconds after a frame within which a cut to it is confirmed or rejected. A flash or a fast movement changes
# the picture again within that time; after a cut the picture stays.
CONFIRMATION_SECONDS = 0.2

# Mean grey levels by which a cut changes the picture at least.
_MIN_CUT = 9.0

# A cut changes the picture this many times as much as any other step within CONFIRMATION_SECONDS. In a clip
# with few frames per second a movement may change it by up to _CLEAR_CUT grey levels; a step below that is
# compared with the steps of a whole second.
_CUT_RATIO = 2.2
_CLEAR_CUT = 30.0
_COMPARED_SECONDS = 1.05

# Grey levels by which the mean, and any cell, of an unchanged picture may differ after compression.
_STILL_MEAN = 1.2
_STILL_CELL = 14.0


def thumbnail(frame: Any) -> Thumbnail:
    """Return a decoded PyAV frame as grey values (SIDE, SIDE), whatever its size and format."""
    grey = frame.to_ndarray(format="gray", width=SIDE, height=SIDE, interpolation="AREA", threads=1)
    return np.asarray(grey, np.float32)


def is_unchanged(before: Thumbnail, after: Thumbnail) -> bool:
    """Return whether two thumbnails (SIDE, SIDE) show the same picture up to compression."""
    change = np.abs(after - before)
    return bool(change.mean() <= _STILL_MEAN and change.max() <= _STILL_CELL)


@dataclass(frozen=True)
class Boundary:
    """Shot boundary: `time` is that of the new shot's first frame.

    The frames between `start` and `end` in seconds, both excluded, show both shots. At a cut there are none.
    """

    time: float
    start: float
    end: float


@dataclass(frozen=True)
class _Step:
    """Change to the frame at `time` from the one before in mean grey levels."""

    time: float
    change: float


class ShotDetector:
    """Detector of shot boundaries that sees every frame once, in order, and remembers some seconds.

    A cut is a step that is much larger than all others within CONFIRMATION_SECONDS before and after it, to a
    picture that does not continue the one before (`is_continuous`): neither movement of the camera nor a face
    that is replaced in place is a cut. Fades are those of `FadeDetector`. A boundary is known only later than
    its first frame; until then `pending_since` says from which time on the shot is not known.
    """

    def __init__(self) -> None:
        self._previous: Thumbnail | None = None
        self._steps: deque[_Step] = deque()
        self._candidate: _Step | None = None
        self._fades = FadeDetector()
        # Time before which no boundary can be any more.
        self._known_until = -math.inf

    def add(self, time: float, picture: Thumbnail) -> Boundary | None:
        """Take the thumbnail (SIDE, SIDE) of the frame shown at `time`; return a new boundary.

        It is later than all boundaries before, and not before the time that was pending until now.
        """
        boundary = None
        if self._previous is not None:
            step = _Step(time, float(np.abs(picture - self._previous).mean()))
            cut = self._confirmed(time, step)
            boundary = None if cut is None else Boundary(cut, cut, cut)
            self._examine(step, self._previous, picture)
        self._previous = picture
        fade = self._fades.add(time, picture)
        if boundary is None and fade is not None and self._candidate is None:
            boundary = Boundary(max(fade.middle, self._known_until), fade.start, fade.end)
        if boundary is not None:
            self._fades.begin_shot(max(boundary.time, boundary.end))
        pending = self.pending_since()
        self._known_until = math.nextafter(time, math.inf) if pending is None else pending
        return boundary

    def finish(self) -> Boundary | None:
        """Return the boundary that no later frame can reject any more, None if there is none."""
        candidate, self._candidate = self._candidate, None
        self._fades.begin_shot(math.inf)
        return None if candidate is None else Boundary(candidate.time, candidate.time, candidate.time)

    def begin_shot(self, time: float) -> None:
        """Begin a shot at the frame at `time`, the last one: nothing before it counts any more."""
        self._candidate = None
        self._fades.begin_shot(time)

    def pending_cut(self) -> float | None:
        """Return the time of the frame that is probably the first one after a cut."""
        return None if self._candidate is None else self._candidate.time

    def pending_since(self) -> float | None:
        """Return the time from which on the shot is not yet known, None if it is known."""
        pending = [self.pending_cut(), self._fades.pending_since()]
        return min((time for time in pending if time is not None), default=None)

    def _confirmed(self, time: float, step: _Step) -> float | None:
        """Return the pending cut if it is confirmed at `time`; drop it if `step` rejects it."""
        candidate = self._candidate
        if candidate is None:
            return None
        since = time - candidate.time
        compared = CONFIRMATION_SECONDS if candidate.change >= _CLEAR_CUT else _COMPARED_SECONDS
        is_compared = since < compared and step.change * _CUT_RATIO > candidate.change
        if not is_compared and since <= CONFIRMATION_SECONDS - 1e-6:
            return None
        self._candidate = None
        return None if is_compared else candidate.time

    def _examine(self, step: _Step, before: Thumbnail, after: Thumbnail) -> None:
        """Make the step from one thumbnail (SIDE, SIDE) to another a pending cut if it looks like one."""
        while self._steps and self._steps[0].time < step.time - _COMPARED_SECONDS:
            self._steps.popleft()
        seconds = CONFIRMATION_SECONDS if step.change >= _CLEAR_CUT else _COMPARED_SECONDS
        compared = [earlier.change for earlier in self._steps if earlier.time >= step.time - seconds]
        self._steps.append(step)
        is_largest = step.change >= _MIN_CUT and step.change > _CUT_RATIO * max(compared, default=0.0)
        if self._candidate is not None or not is_largest:
            return
        if changed_cells(before, after).mean() >= MIN_CELLS and not is_continuous(before, after):
            self._candidate = step
