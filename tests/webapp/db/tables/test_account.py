"""Constraints of accounts."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from webapp.db.session import Sessions


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE account SET role = 'visitor'",
        "UPDATE account SET name = 'ada'",
        "INSERT INTO link (account_id, purpose, token_hash, expires_at) "
        "VALUES (1, 'gift', 'x', '2026-01-01')",
        "INSERT INTO signed_in (account_id, token_hash, created_at, seen_at) "
        "VALUES (99, 'x', '2026', '2026')",
    ],
)
def test_database_refuses(earlier_sessions: Sessions, statement: str) -> None:
    with pytest.raises(IntegrityError), earlier_sessions.begin() as session:
        session.execute(text(statement))
