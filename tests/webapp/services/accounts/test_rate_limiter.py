"""Sliding windows of the rate limiter."""

from __future__ import annotations

import pytest

from tests.webapp.services.accounts.conftest import ManualClock
from tests.webapp.services.conftest import refusal_code
from webapp.services.accounts.rate_limiter import RateLimiter


@pytest.fixture
def limiter(clock: ManualClock) -> RateLimiter:
    return RateLimiter(limit=2, seconds=60, clock=clock)


def test_attempts_are_limited_per_key_until_the_window_moves_on(
    limiter: RateLimiter, clock: ManualClock
) -> None:
    limiter.count("ada")
    clock.seconds += 30
    limiter.count("ada")
    assert refusal_code(limiter.count, "ada") == "too_many_tries"
    limiter.count("bela")
    clock.seconds += 30
    limiter.count("ada")


def test_a_refused_attempt_counts_for_none_of_its_keys(limiter: RateLimiter) -> None:
    limiter.count("ada")
    limiter.count("ada")
    assert refusal_code(limiter.count, "ada", "address") == "too_many_tries"
    limiter.count("address")
    limiter.count("address")


def test_success_takes_back_its_own_attempt_only(limiter: RateLimiter) -> None:
    limiter.count("ada")
    for _ in range(5):
        with limiter.count_failures("ada") as report_success:
            report_success()
    with limiter.count_failures("ada"):
        pass
    assert refusal_code(limiter.count, "ada") == "too_many_tries"
