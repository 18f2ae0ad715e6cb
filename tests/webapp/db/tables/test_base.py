"""Declarative base."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects.sqlite import dialect

from webapp.db.tables.base import UTCTime, one_of


def test_times_are_stored_in_utc() -> None:
    column = UTCTime()
    local = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    stored = column.process_bind_param(local, dialect())
    assert stored == datetime(2026, 1, 1, 10)
    assert column.process_result_value(stored, dialect()) == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        UTCTime().process_bind_param(datetime(2026, 1, 1), dialect())


def test_condition_on_a_vocabulary() -> None:
    assert one_of("role", ("admin", "moderator")) == "role IN ('admin', 'moderator')"
