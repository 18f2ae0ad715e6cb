"""Current time."""

from __future__ import annotations

from datetime import UTC, timedelta

from webapp.domain.clock import now


def test_now_is_in_utc_and_does_not_run_backwards() -> None:
    first, second = now(), now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= second - first < timedelta(minutes=1)
