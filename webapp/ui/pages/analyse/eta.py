"""Estimate of an analysis's remaining time."""

from __future__ import annotations

import math
from collections.abc import Callable

# Seconds and fraction of the work before the first estimate. An earlier one would be far off.
_MIN_SECONDS = 1.5
_MIN_FRACTION = 0.15
# Weight of the newest estimate in the moving average.
_SMOOTHING = 0.6
# The displayed time rises only if the estimate exceeds it by this factor and by these seconds.
_RISE_FACTOR = 1.5
_RISE_SECONDS = 3.0
# Pairs of a limit and a step: displayed times below the limit are multiples of the step, in seconds.
_STEPS = ((10, 1), (60, 5), (300, 15), (float("inf"), 60))


class TimeEstimate:
    """Remaining seconds that fall steadily and rise only if the displayed ones are far too low.

    `clock` returns seconds since any moment. Time in the queue does not count, because it says nothing about
    the speed of the analysis.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_update = clock()
        self._worked_seconds = 0.0
        self._average: float | None = None
        self._displayed: float | None = None

    def update(self, fraction: float, *, is_waiting: bool = False) -> int | None:
        """Return the remaining whole seconds after `fraction` in [0, 1] of the work.

        Return None while the file waits in the queue, while there is too little to estimate from, and at the
        end.
        """
        now = self._clock()
        elapsed = now - self._last_update
        self._last_update = now
        if is_waiting:
            return None
        self._worked_seconds += elapsed
        if self._displayed is not None:
            self._displayed = max(self._displayed - elapsed, 0.0)
        is_too_early = fraction <= _MIN_FRACTION or self._worked_seconds <= _MIN_SECONDS
        if is_too_early or fraction >= 1:
            return None
        estimate = self._smooth(self._worked_seconds * (1 - fraction) / fraction, elapsed)
        self._displayed = self._next_displayed(estimate)
        return _round_up(self._displayed)

    def _smooth(self, estimate: float, elapsed: float) -> float:
        """Return the moving average that includes the newest estimate."""
        if self._average is not None:
            previous = max(self._average - elapsed, 0.0)
            estimate = _SMOOTHING * estimate + (1 - _SMOOTHING) * previous
        self._average = estimate
        return estimate

    def _next_displayed(self, estimate: float) -> float:
        """Return the estimate if it is lower than the displayed seconds or far higher, else the latter."""
        if self._displayed is None or estimate < self._displayed:
            return estimate
        limit = max(_RISE_FACTOR * self._displayed, self._displayed + _RISE_SECONDS)
        return estimate if estimate > limit else self._displayed


def _round_up(seconds: float) -> int:
    """Round up to a step that matches the precision of the estimate; at least 1 second."""
    step = next(step for limit, step in _STEPS if seconds < limit)
    return max(step * math.ceil(seconds / step), 1)
