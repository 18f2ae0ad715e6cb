"""Fades and dissolves of a clip, detected on thumbnails while the clip is decoded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laanet_core.media.continuity import SIDE, Thumbnail, changed_cells, is_continuous

# Grey values (pictures, COARSE_SIDE ** 2) float32. In coarse pictures movement matters less than fading.
_CoarsePictures = npt.NDArray[np.float32]

_COARSE_SIDE = 16

# Seconds between the pictures that are compared.
_STEP = 0.1

# Seconds in which a fade may lie with some of the settled pictures before and after it, and how many of these
# are needed on each side. The longest fade takes a little more than two seconds.
_WINDOWS = ((0.6, 2), (1.1, 2), (1.7, 2), (2.3, 3), (3.0, 3))

# Pictures in a window, at least.
_MIN_PICTURES = 6

# Mean grey levels, and share of the cells, by which a fade changes the picture at least.
_MIN_CHANGE = 20.0
_MIN_CELLS = 0.35

# Pictures before and after a fade differ from its ends by at most this share of its change; those inside are
# mixtures of both ends up to this share.
_MAX_SETTLED = 0.2
_MAX_MIXTURE_ERROR = 0.3

# Shares of the second picture between which a frame shows both.
_MIXED = (0.1, 0.9)

# Standard deviation of the grey levels of a blank picture, such as black, at most; and the number of settled
# pictures after a fade to one, so that no flash counts.
_BLANK_DEVIATION = 12.0
_BLANK_PICTURES = 5

# Share of the deviation of both ends below which a picture between them is nearly blank.
_DIP = 0.4

# Mean grey levels by which a picture differs at least from one before if it can be the middle of a fade.
_PENDING_CHANGE = 8.0


@dataclass(frozen=True)
class Fade:
    """Fade whose second picture prevails from the frame at `middle` on.

    The frames between `start` and `end` in seconds, both excluded, show both pictures.
    """

    start: float
    middle: float
    end: float


@dataclass(frozen=True)
class _PastPicture:
    """Picture at a time.

    From the one at `origin`, the latest such picture, it differs so much that it may lie inside a fade.
    """

    time: float
    picture: Thumbnail
    coarse: npt.NDArray[np.float32]
    origin: float | None


class FadeDetector:
    """Detector of fades that sees the pictures in order and remembers three seconds.

    Between the settled pictures before and after a fade all pictures are mixtures of both, or a blank one
    lies between them; and the two do not continue each other (`is_continuous`).
    """

    def __init__(self) -> None:
        self._history: deque[_PastPicture] = deque()

    def add(self, time: float, picture: Thumbnail) -> Fade | None:
        """Take the thumbnail (SIDE, SIDE) of the frame shown at `time`; return the fade that has ended."""
        if self._history and time - self._history[-1].time < _STEP - 1e-6:
            return None
        while self._history and self._history[0].time < time - _WINDOWS[-1][0] - _STEP:
            self._history.popleft()
        cells = SIDE // _COARSE_SIDE
        coarse = picture.reshape(_COARSE_SIDE, cells, _COARSE_SIDE, cells).mean(axis=(1, 3)).ravel()
        origin = self._origin(coarse)
        self._history.append(_PastPicture(time, picture, coarse, origin))
        return None if origin is None else self._ended()

    def begin_shot(self, time: float) -> None:
        """Forget the pictures before a boundary."""
        self._history = deque(entry for entry in self._history if entry.time >= time)

    def pending_since(self) -> float | None:
        """Return the earliest time that may turn out to be the middle of a fade, None if there is none."""
        for entry in self._history:
            if entry.origin is not None and entry.origin >= self._history[0].time:
                return entry.time
        return None

    def _origin(self, coarse: npt.NDArray[np.float32]) -> float | None:
        """Return the time of the latest picture that clearly differs from `coarse` (COARSE_SIDE ** 2,)."""
        if not self._history:
            return None
        changes = np.abs(self._coarse_pictures() - coarse).mean(axis=1)
        different = np.flatnonzero(changes >= _PENDING_CHANGE)
        return self._history[int(different[-1])].time if len(different) else None

    def _coarse_pictures(self) -> _CoarsePictures:
        return np.stack([entry.coarse for entry in self._history])

    def _ended(self) -> Fade | None:
        """Return the fade between a picture of the history and the last one."""
        coarse = self._coarse_pictures()
        times = np.array([entry.time for entry in self._history])
        for seconds, settled in _WINDOWS:
            first = int(np.searchsorted(times, times[-1] - seconds + 1e-6, side="right")) - 1
            if first < 0 or len(times) - first < _MIN_PICTURES:
                continue
            shares = _mixture_shares(coarse[first:], settled)
            if shares is not None and self._is_other_picture(first):
                return _fade(times[first:], shares)
        return None

    def _is_other_picture(self, first: int) -> bool:
        before, after = self._history[first].picture, self._history[-1].picture
        is_change = np.abs(after - before).mean() >= _MIN_CHANGE
        is_whole = changed_cells(before, after).mean() >= _MIN_CELLS
        return bool(is_change and is_whole) and not is_continuous(before, after)


def _mixture_shares(pictures: _CoarsePictures, settled: int) -> npt.NDArray[np.float64] | None:
    """Return the share of the last picture in each (pictures,); None if they are no fade.

    If a blank picture lies between, the shares are 0 before it and 1 from it on.
    """
    first, last = pictures[0], pictures[-1]
    difference = last - first
    change = float(np.abs(difference).mean())
    deviations = pictures.std(axis=1)
    # Between two blank pictures nothing shows whether there is a fade.
    if max(deviations[0], deviations[-1]) < _BLANK_DEVIATION:
        return None
    after = _BLANK_PICTURES if deviations[-1] < _BLANK_DEVIATION else settled
    if change < _MIN_CHANGE / 2 or len(pictures) < 1 + settled + after:
        return None
    ends = [*np.abs(pictures[1 : 1 + settled] - first), *np.abs(pictures[-1 - after : -1] - last)]
    if max(float(end.mean()) for end in ends) > _MAX_SETTLED * change:
        return None
    blank = deviations < max(_BLANK_DEVIATION, _DIP * min(deviations[0], deviations[-1]))
    if blank.any() and not blank[0] and not blank[-1]:
        return np.asarray(np.arange(len(pictures)) >= blank.argmax(), np.float64)
    shares = (pictures - first) @ difference / float(difference @ difference)
    errors = np.abs(pictures - first - shares[:, None] * difference).mean(axis=1)
    return np.asarray(shares, np.float64) if errors.max() <= _MAX_MIXTURE_ERROR * change else None


def _fade(times: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> Fade:
    """Return the fade of pictures at times (N,) by the shares (N,) of its second picture."""
    start = times[np.flatnonzero(shares <= _MIXED[0])[-1]]
    end = times[np.flatnonzero(shares >= _MIXED[1])[0]]
    return Fade(float(start), float(times[int((shares >= 0.5).argmax())]), float(end))
