"""Deletion of orphaned rows."""

from __future__ import annotations

from sqlalchemy import text

from webapp.db.backups.orphans import orphan_deletions
from webapp.db.session import Sessions


def test_rows_without_analysis_are_deleted(earlier_sessions: Sessions) -> None:
    with earlier_sessions.begin() as session:
        session.execute(text("DELETE FROM analysis"))
        for statement in orphan_deletions(["media", "cases", "snapshot_item"]):
            session.execute(text(statement))
        for table in ("media", "cases", "label"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_old_copies_without_these_tables_need_nothing() -> None:
    assert orphan_deletions(["analysis", "face", "feedback"]) == []
