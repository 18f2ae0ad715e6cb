"""Constraints of analyses."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from webapp.db.session import Sessions


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE analysis SET verdict = 'maybe' WHERE id = 1",
        "UPDATE analysis SET fake_prob = 1.5 WHERE id = 1",
        "UPDATE analysis SET verdict = NULL WHERE id = 1",
        "UPDATE feedback SET vote = 'yes'",
        "UPDATE consent SET orientation = 9",
        "UPDATE fingerprint SET band_1 = 65536",
        "UPDATE media SET bytes = 0",
        "UPDATE face SET number = 0",
    ],
)
def test_database_refuses(earlier_sessions: Sessions, statement: str) -> None:
    with pytest.raises(IntegrityError), earlier_sessions.begin() as session:
        session.execute(text(statement))
