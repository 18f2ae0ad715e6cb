"""Estimate of the remaining time."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from webapp.ui.pages.analyse.eta import TimeEstimate


def estimates(updates: Iterable[tuple[float, float]], *, waited: float = 0.0) -> list[int | None]:
    """Return the estimate after each (seconds, fraction), after `waited` seconds in the queue."""
    now = 0.0
    estimate = TimeEstimate(lambda: now)
    now = waited
    values = [estimate.update(0.0, is_waiting=True)] if waited else []
    for seconds, fraction in updates:
        now = waited + seconds
        values.append(estimate.update(fraction))
    return values


def test_steady_work_counts_down() -> None:
    values = estimates((second, second / 20) for second in range(1, 21))
    # too early for an estimate
    assert values[:3] == [None, None, None]
    assert values[3:-1] == [20, 15, 15, 15, 15, 15, *range(10, 0, -1)][: len(values) - 4]
    assert values[-1] is None


def test_waiting_in_the_queue_is_no_work() -> None:
    assert estimates([(2, 0.5)], waited=100) == [None, 2]


@pytest.mark.parametrize("slower", [1.0, 1.2, 1.4])
def test_a_little_unsteadiness_never_raises_the_estimate(slower: float) -> None:
    """Fast and slow chunks alternate."""
    seconds, updates = 0.0, []
    for number in range(1, 21):
        seconds += slower if number % 2 else 1 / slower
        updates.append((seconds, number / 20))
    values = [value for value in estimates(updates) if value is not None]
    assert values == sorted(values, reverse=True)
    assert len(values) > 10


def test_much_slower_work_raises_the_estimate_and_still_ends_near_zero() -> None:
    fast = [(second, second / 20) for second in range(1, 11)]
    slow = [(10 + 6 * step, (10 + step) / 20) for step in range(1, 11)]
    values = [value for value in estimates([*fast, *slow]) if value is not None]
    assert max(values[7:]) > min(values[:7])
    assert values[-1] <= 10


@pytest.mark.parametrize("updates", [[(2, 0.1)], [(1, 0.9)], [(9, 1.0)]])
def test_there_is_no_estimate_too_early_nor_at_the_end(updates: list[tuple[float, float]]) -> None:
    assert estimates(updates) == [None]
