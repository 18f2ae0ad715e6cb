from __future__ import annotations

from collections.abc import Iterable

import pytest

from webapp.ui.pages.analyse.eta import Remaining


def told(reports: Iterable[tuple[float, float]], *, waited: float = 0.0) -> list[int | None]:
    """What is said at each (seconds, fraction), after `waited` seconds in the line."""
    now = 0.0
    remaining = Remaining(lambda: now)
    now = waited
    said = [remaining.left(0.0, waiting=True)] if waited else []
    for seconds, fraction in reports:
        now = waited + seconds
        said.append(remaining.left(fraction))
    return said


def test_steady_work_is_foretold_and_counts_down() -> None:
    said = told((second, second / 20) for second in range(1, 21))
    assert said[:3] == [None, None, None]  # too early to tell
    assert said[3:-1] == [20, 15, 15, 15, 15, 15, *range(10, 0, -1)][: len(said) - 4]
    assert said[-1] is None


def test_waiting_for_a_turn_is_no_work() -> None:
    assert told([(2, 0.5)], waited=100) == [None, 2]


@pytest.mark.parametrize("slower", [1.0, 1.2, 1.4])
def test_a_little_unsteadiness_never_raises_what_was_said(slower: float) -> None:
    """Chunks that take turns in being fast and slow."""
    seconds, reports = 0.0, []
    for number in range(1, 21):
        seconds += slower if number % 2 else 1 / slower
        reports.append((seconds, number / 20))
    said = [value for value in told(reports) if value is not None]
    assert said == sorted(said, reverse=True)
    assert len(said) > 10


def test_work_that_turns_much_slower_is_admitted_and_still_ends_at_zero() -> None:
    fast, slow = (
        [(second, second / 20) for second in range(1, 11)],
        [(10 + 6 * step, (10 + step) / 20) for step in range(1, 11)],
    )
    said = [value for value in told([*fast, *slow]) if value is not None]
    assert max(said[7:]) > min(said[:7])
    assert said[-1] <= 10


@pytest.mark.parametrize("reports", [[(2, 0.1)], [(1, 0.9)], [(9, 1.0)]])
def test_nothing_is_said_too_early_nor_at_the_end(reports: list[tuple[float, float]]) -> None:
    assert told(reports) == [None]
