"""Constraints of the audit log."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from webapp.db.session import Sessions


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x' WHERE number = 1",
        "DELETE FROM audit WHERE number = 1",
        "INSERT INTO audit_head (id, number, hash) VALUES (2, 1, 'x')",
        "DELETE FROM audit_head",
    ],
)
def test_database_refuses(earlier_sessions: Sessions, statement: str) -> None:
    with pytest.raises(IntegrityError), earlier_sessions.begin() as session:
        session.execute(text(statement))
