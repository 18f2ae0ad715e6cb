"""Constraints of snapshots, runs and versions."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from webapp.db.session import Sessions


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO snapshot (public_id, sha256, created_at, state, real, fake, train, val, gold) "
        "VALUES ('x', 'x', '2026', 'melted', 0, 0, 0, 0, 0)",
        "INSERT INTO model_version (version, source, sha256, config_sha256, state, created_at) "
        "VALUES ('1', 's', 'x', 'x', 'king', '2026')",
        "INSERT INTO succession (before_id, after_id) VALUES (1, 2)",
    ],
)
def test_database_refuses(earlier_sessions: Sessions, statement: str) -> None:
    with pytest.raises(IntegrityError), earlier_sessions.begin() as session:
        session.execute(text(statement))
