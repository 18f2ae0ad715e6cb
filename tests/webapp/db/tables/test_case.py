"""Constraints of cases."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from webapp.db.session import Sessions


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases SET state = 'lost'",
        "UPDATE label SET confidence = 4",
        "UPDATE label SET stage = 'blind'",
        "UPDATE decision SET how = 'dice'",
        "UPDATE case_item SET reason = 'mood'",
    ],
)
def test_database_refuses(earlier_sessions: Sessions, statement: str) -> None:
    with pytest.raises(IntegrityError), earlier_sessions.begin() as session:
        session.execute(text(statement))
