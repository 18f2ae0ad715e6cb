"""Shot boundaries of a clip: cuts and quick fades, detected on thumbnails while the clip is decoded."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Grey values (SIDE, SIDE) float32 in [0, 255] of a whole frame.
Thumbnail = npt.NDArray[np.float32]

SIDE = 64

# Seconds after a frame within which a cut to it is confirmed or rejected. A flash or a fast movement changes
# the picture again within that time; after a cut the picture stays.
CONFIRMATION_SECONDS = 0.2

# Mean grey levels by which a cut changes the picture at least, and the same for a fade.
_MIN_CUT = 9.0
_MIN_FADE = 20.0

# A cut changes the picture this many times as much as any other step within CONFIRMATION_SECONDS. In a clip
# with few frames per second a movement may change it by up to _CLEAR_CUT grey levels; a step below that is
# compared with the steps of a whole second.
_CUT_RATIO = 2.2
_CLEAR_CUT = 30.0
_COMPARED_SECONDS = 1.05

# Share of a cut's cells that change by more than _CELL_CHANGE grey levels.
_MIN_CELLS = 0.12
_CELL_CHANGE = 18.0

# Longest fade in seconds, and seconds between the thumbnails that are kept to find it.
_FADE_SECONDS = 1.0
_HISTORY_STEP = 0.1

# In a fade the pictures half-way are mixtures of both ends, up to this share of their difference.
_MAX_MIXTURE_ERROR = 0.3

# Mean and standard deviation of a black picture's grey levels, at most.
_BLACK_MEAN = 24.0
_BLACK_DEVIATION = 12.0

# Mean grey levels per second by which the picture changes at most after a fade, and how many times as fast it
# changes in the fade as before and after it.
_MAX_SETTLED_RATE = 60.0
_FADE_RATIO = 2.0

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
class _Step:
    """Change to the frame at `time` from the one before: mean grey levels, and share of changed cells."""

    time: float
    change: float
    cells: float

    @property
    def is_large(self) -> bool:
        return self.change >= _MIN_CUT and self.cells >= _MIN_CELLS


class ShotDetector:
    """Detector of shot boundaries that sees every frame once, in order, and remembers about a second.

    A cut is a step that is much larger than all others within CONFIRMATION_SECONDS before and after it, so a
    boundary is known only that much later. A fade is a linear mixture of two settled pictures; its boundary
    is its middle.
    """

    def __init__(self) -> None:
        self._previous: tuple[float, Thumbnail] | None = None
        self._steps: deque[_Step] = deque()
        self._candidate: _Step | None = None
        self._history: deque[tuple[float, Thumbnail]] = deque()

    def add(self, time: float, picture: Thumbnail) -> float | None:
        """Take the thumbnail (SIDE, SIDE) of the frame shown at `time`; return a new boundary in seconds.

        The boundary is the time of the first frame after it. It is later than all boundaries before.
        """
        boundary = None
        if self._previous is not None:
            change = np.abs(picture - self._previous[1])
            step = _Step(time, float(change.mean()), float((change > _CELL_CHANGE).mean()))
            boundary = self._confirmed(time, step)
            self._examine(step)
            if boundary is None:
                boundary = self._fade(time, picture, step.change / max(time - self._previous[0], 1e-3))
        self._previous = (time, picture)
        self._remember(time, picture)
        if boundary is not None:
            self._history = deque(entry for entry in self._history if entry[0] >= boundary)
        return boundary

    def finish(self) -> float | None:
        """Return the boundary that no later frame can reject any more, None if there is none."""
        candidate, self._candidate = self._candidate, None
        return None if candidate is None else candidate.time

    def pending_since(self) -> float | None:
        """Return the time from which on the shot is not yet known, None if it is known."""
        return None if self._candidate is None else self._candidate.time

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

    def _examine(self, step: _Step) -> None:
        """Make the step a pending cut if it is much larger than those before it."""
        while self._steps and self._steps[0].time < step.time - _COMPARED_SECONDS:
            self._steps.popleft()
        seconds = CONFIRMATION_SECONDS if step.change >= _CLEAR_CUT else _COMPARED_SECONDS
        compared = [before.change for before in self._steps if before.time >= step.time - seconds]
        usual = max(compared, default=0.0)
        if step.is_large and step.change > _CUT_RATIO * usual and self._candidate is None:
            self._candidate = step
        self._steps.append(step)

    def _remember(self, time: float, picture: Thumbnail) -> None:
        if not self._history or time - self._history[-1][0] >= _HISTORY_STEP - 1e-6:
            self._history.append((time, picture))
        while self._history and self._history[0][0] < time - _FADE_SECONDS - _HISTORY_STEP:
            self._history.popleft()

    def _fade(self, time: float, picture: Thumbnail, rate: float) -> float | None:
        """Return the middle of a fade that has just ended, None if there was none."""
        if self._candidate is not None or len(self._history) < 5 or rate > _MAX_SETTLED_RATE:
            return None
        first = self._history[0][1]
        difference = picture - first
        size = float(np.abs(difference).mean())
        if size < _MIN_FADE or float((np.abs(difference) > _CELL_CHANGE).mean()) < 2 * _MIN_CELLS:
            return None
        pictures = [entry[1] for entry in self._history]
        steps = [float(np.abs(after - before).mean()) for before, after in itertools.pairwise(pictures)]
        if max(steps) < _FADE_RATIO * max(steps[0], steps[-1]):
            return None
        for at, between in list(self._history)[1:]:
            if between.mean() < _BLACK_MEAN and between.std() < _BLACK_DEVIATION:
                return at
            # Share of the second picture in the one between, by least squares.
            share = float(((between - first) * difference).sum() / (difference * difference).sum())
            error = float(np.abs(between - first - share * difference).mean())
            if 0.35 <= share <= 0.8 and error <= _MAX_MIXTURE_ERROR * size:
                return at
        return None
