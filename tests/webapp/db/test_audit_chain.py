"""Hash chain of the audit log."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from webapp.db import audit_chain
from webapp.db.audit_chain import GENESIS, Event, Head
from webapp.db.session import Sessions
from webapp.domain.errors import BrokenAudit


def test_appended_entries_extend_the_chain(earlier_sessions: Sessions) -> None:
    with earlier_sessions.begin() as session:
        connection = session.connection()
        before = audit_chain.verify(connection)
        head = audit_chain.append(connection, Event("system", "purged", details={"analyses": 2}))
        assert head.number == before.number + 1
        assert audit_chain.verify(connection, {before, before.hash, Head(0, GENESIS)}) == head
        assert audit_chain.hash_of(connection, before.number) == before.hash
        assert audit_chain.hash_of(connection, head.number + 1) is None


def test_unknown_head_is_reported(earlier_sessions: Sessions) -> None:
    with earlier_sessions() as session, pytest.raises(BrokenAudit) as failure:
        audit_chain.verify(session.connection(), {"f" * 64})
    assert failure.value.code == "audit_unknown_head"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE audit SET actor = 'x' WHERE number = 2", "audit_altered"),
        ("DELETE FROM audit WHERE number = 2", "audit_altered"),
        ("DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)", "audit_truncated"),
        ("DELETE FROM audit_head", "audit_truncated"),
    ],
)
def test_tampering_is_reported(earlier_sessions: Sessions, statement: str, code: str) -> None:
    with earlier_sessions() as session:
        connection = session.connection()
        names = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers: list[Any] = list(connection.execute(text(names)))
        for name, _ in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(statement)
        with pytest.raises(BrokenAudit) as failure:
            audit_chain.verify(connection)
        assert failure.value.code == "audit_unguarded"
        for _, sql in triggers:
            connection.exec_driver_sql(sql)
        with pytest.raises(BrokenAudit) as failure:
            audit_chain.verify(connection)
    assert failure.value.code == code
