from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from webapp.db.session import (
    Sessions,
    connect,
    is_reachable,
    journal_mode,
    make_sessions,
    open_database,
    parse_url,
)
from webapp.db.tables import Analysis, Face, Feedback
from webapp.domain.clock import now
from webapp.domain.errors import UnusableDatabase
from webapp.security.tokens import new_receipt, receipt_hash

pytestmark = pytest.mark.both_databases


def row(**changes: object) -> Analysis:
    values: dict[str, object] = {
        "receipt_hash": receipt_hash(new_receipt()),
        "created_at": now(),
        "media_sha256": "0" * 64,
        "kind": "image",
        "outcome": "verdict",
        "verdict": "real",
        "fake_prob": 0.1,
        "seconds": 0.5,
        "model_name": "m",
        "model_version": "1",
        "model_sha256": "1" * 64,
        "notify": False,
    }
    return Analysis(**{**values, **changes})


def test_sqlite_keeps_what_it_answered(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    with engine.connect() as connection:
        asked = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("synchronous", "foreign_keys", "journal_mode")
        }
    engine.dispose()
    assert asked["synchronous"] == 2
    assert asked["foreign_keys"] == 1
    assert str(asked["journal_mode"]).upper() == journal_mode(sqlite3.sqlite_version_info)


def test_wal_only_where_it_is_safe() -> None:
    versions = [(3, 40, 1), (3, 44, 6), (3, 45, 0), (3, 50, 7), (3, 51, 2), (3, 51, 3), (3, 53, 0)]
    assert [journal_mode(version) for version in versions] == [
        "DELETE", "WAL", "DELETE", "WAL", "DELETE", "WAL", "WAL",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "sound"},
        {"outcome": "unknown"},
        {"verdict": None},
        {"verdict": "maybe"},
        {"fake_prob": 1.5},
        {"outcome": "no_face"},
        {"seconds": None},
        {"receipt_hash": None},
    ],
)
def test_rows_that_cannot_be_are_refused(sessions: Sessions, changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), sessions.begin() as session:
        session.add(row(**changes))


def test_times_come_back_in_utc_and_need_a_zone(sessions: Sessions) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with sessions.begin() as session:
        session.add(row(created_at=noon))
    with sessions() as session:
        stored = session.query(Analysis).one().created_at
    assert stored == noon
    assert stored.tzinfo is UTC
    with pytest.raises(StatementError, match="zone"), sessions.begin() as session:
        session.add(row(created_at=datetime(2026, 1, 1)))


def test_what_belongs_to_an_analysis_goes_with_it(sessions: Sessions) -> None:
    face = Face(number=1, x1=0, y1=0, x2=1, y2=1, detection_prob=1)
    vote = Feedback(created_at=now(), subject=0, vote="agree", note="", idempotency_key="k" * 8)
    with sessions.begin() as session:
        session.add(row(faces=[face], feedback=[vote]))
    with sessions.begin() as session:
        session.execute(text("DELETE FROM analysis"))
    with sessions() as session:
        assert session.query(Face).count() == session.query(Feedback).count() == 0
    with pytest.raises(IntegrityError), sessions.begin() as session:
        session.add(
            Feedback(
                analysis_id=99, created_at=now(), subject=0, vote="agree", note="", idempotency_key="j" * 8
            )
        )


def test_a_database_is_opened_again_with_what_it_held(empty_url: str) -> None:
    first = open_database(empty_url)
    with make_sessions(first).begin() as session:
        session.add(row())
    first.dispose()
    second = open_database(empty_url)
    with second.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM analysis")).scalar() == 1
    assert is_reachable(second)
    second.dispose()


def test_a_database_that_is_none_does_not_answer(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    engine.dispose()
    (tmp_path / "a.sqlite3").write_bytes(b"this is no database" * 100)
    assert not is_reachable(engine)
    engine.dispose()


def test_a_database_that_cannot_be_reached_is_said_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        parse_url("postgresql://lens@host/lens").drivername
        == parse_url("postgres://lens@host/lens").drivername
        == "postgresql+psycopg"
    )
    for url, words in (
        ("no url", "LENS_DATABASE_URL"),
        ("oracle9://host/lens", "oracle9"),
        ("postgresql+pg8000://host/lens", "pg8000"),
    ):
        with pytest.raises(UnusableDatabase, match=words):
            connect(url)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UnusableDatabase, match="pip install"):
        connect("postgresql://lens@host/lens")
