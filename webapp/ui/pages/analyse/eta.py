"""How long an analysis will still take, from how far it is and how long that took."""

from __future__ import annotations

from collections.abc import Callable

_FIRST_SECONDS, _FIRST_FRACTION = 1.5, 0.15  # before both have passed, a guess would be worth nothing
_WEIGHT = 0.6  # of the newest guess in the smoothed one
_PATIENCE = 1.5  # times what was said, and
_SLACK = 3.0  # seconds more than it: only beyond both is a longer time said
_STEPS = ((10, 1), (60, 5), (300, 15), (float("inf"), 60))  # below so many seconds, in steps of so many


class Remaining:
    """Turns reports of progress into a time left that falls steadily; it is raised only where it would otherwise mislead.

    `clock` gives seconds from any beginning. Waiting for a turn counts as no time: it says nothing of how fast the work goes.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._worked = 0.0
        self._guess: float | None = None
        self._said: float | None = None

    def left(self, fraction: float, *, waiting: bool = False) -> int | None:
        """Whole seconds left when `fraction` in [0, 1] of the work is done; None while it cannot be told, and at the end."""
        now = self._clock()
        passed, self._last = now - self._last, now
        if waiting:
            return None
        self._worked += passed
        if self._said is not None:
            self._said = max(self._said - passed, 0.0)
        if fraction <= _FIRST_FRACTION or self._worked <= _FIRST_SECONDS or fraction >= 1:
            return None
        guess = self._worked * (1 - fraction) / fraction
        smooth = (
            guess if self._guess is None else _WEIGHT * guess + (1 - _WEIGHT) * max(self._guess - passed, 0.0)
        )
        self._guess = smooth
        if (
            self._said is None
            or smooth < self._said
            or smooth > max(_PATIENCE * self._said, self._said + _SLACK)
        ):
            self._said = smooth
        return _rounded(self._said)


def _rounded(seconds: float) -> int:
    """Up to a step that fits, so that what is said is no finer than what is known; at least 1."""
    step = next(step for below, step in _STEPS if seconds < below)
    return max(step * -int(-seconds // step), 1)
