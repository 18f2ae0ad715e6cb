"""Estimate of an analysis's remaining time."""

from __future__ import annotations

from collections.abc import Callable

# Seconds and fraction of the work before the first estimate, which would be meaningless earlier.
_MIN_SECONDS = 1.5
_MIN_FRACTION = 0.15
# Weight of the newest estimate in the moving average.
_SMOOTHING = 0.6
# The displayed time rises only if the estimate exceeds it by this factor and by these seconds.
_RISE_FACTOR = 1.5
_RISE_SECONDS = 3.0
# Displayed times below the first number of seconds are multiples of the second.
_STEPS = ((10, 1), (60, 5), (300, 15), (float("inf"), 60))


class TimeEstimate:
    """Remaining seconds that fall steadily, and rise only if they would otherwise mislead.

    `clock` returns seconds since any moment. Waiting in the queue does not count: it says nothing about the
    speed.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_update = clock()
        self._worked_seconds = 0.0
        self._average: float | None = None
        self._displayed: float | None = None

    def update(self, fraction: float, *, waiting: bool = False) -> int | None:
        """Return the remaining whole seconds after `fraction` in [0, 1] of the work.

        None while there is too little to estimate from, and at the end.
        """
        now = self._clock()
        passed, self._last_update = now - self._last_update, now
        if waiting:
            return None
        self._worked_seconds += passed
        if self._displayed is not None:
            self._displayed = max(self._displayed - passed, 0.0)
        if fraction <= _MIN_FRACTION or self._worked_seconds <= _MIN_SECONDS or fraction >= 1:
            return None
        estimate = self._worked_seconds * (1 - fraction) / fraction
        if self._average is not None:
            previous = max(self._average - passed, 0.0)
            estimate = _SMOOTHING * estimate + (1 - _SMOOTHING) * previous
        self._average = estimate
        if self._displayed is None or estimate < self._displayed or self._misleads(estimate):
            self._displayed = estimate
        return _round_up(self._displayed)

    def _misleads(self, estimate: float) -> bool:
        assert self._displayed is not None
        return estimate > max(_RISE_FACTOR * self._displayed, self._displayed + _RISE_SECONDS)


def _round_up(seconds: float) -> int:
    """Round up to a step that matches the precision of the estimate; at least 1 second."""
    step = next(step for limit, step in _STEPS if seconds < limit)
    return max(step * -int(-seconds // step), 1)
