"""Erasure of deleted analyses from copies of the database: pre-migration copies and backups."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from webapp.db.backups import tombstones
from webapp.db.backups.files import backups
from webapp.db.backups.orphans import orphan_deletions
from webapp.db.sqlite_files import sqlite_file

logger = logging.getLogger(__name__)
_DELETE_BY_RECEIPT = "DELETE FROM analysis WHERE receipt_hash = ?"


def copies(engine: Engine, folder: Path | None = None) -> list[Path]:
    """Return the pre-migration copies beside the SQLite database, and the SQLite backups in `folder`."""
    file = sqlite_file(engine.url)
    if file is None:
        return []
    pre_migration = sorted(
        path for path in file.parent.glob(f"{file.name}.before-*") if path.suffix != ".part"
    )
    return pre_migration + ([] if folder is None else backups(folder, "sqlite"))


def erase_from_copies(engine: Engine, receipt_hash: str, folder: Path | None = None) -> None:
    """Delete an analysis with all rows that refer to it from every copy.

    A PostgreSQL dump cannot be changed; a tombstone beside it excludes the analysis from a restore. Call this
    before the deletion and again after it: a backup made meanwhile is reached by one of the calls or by
    `delete_missing_rows`. Raises sqlite3.Error and OSError.
    """
    for path in copies(engine, folder):
        _delete(path, _DELETE_BY_RECEIPT, [(receipt_hash,)])
    if folder is not None and engine.dialect.name == "postgresql":
        tombstones.add(folder, receipt_hash)


def erase_older_from_copies(engine: Engine, before: datetime, folder: Path | None = None) -> None:
    """Delete all analyses created before a time from every copy. Raises sqlite3.Error."""
    # SQLAlchemy stores times in this format.
    limit = before.replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    for path in copies(engine, folder):
        _delete(path, "DELETE FROM analysis WHERE created_at < ?", [(limit,)])


def delete_missing_rows(engine: Engine, copy: Path) -> None:
    """Delete analyses from a SQLite copy that were deleted from the database during the copy.

    Raises sqlite3.Error.
    """
    file = sqlite_file(engine.url)
    assert file is not None
    with closing(sqlite3.connect(copy)) as opened:
        copied = {receipt_hash for (receipt_hash,) in opened.execute("SELECT receipt_hash FROM analysis")}
    with closing(sqlite3.connect(file)) as live:
        deleted = copied - {
            receipt_hash for (receipt_hash,) in live.execute("SELECT receipt_hash FROM analysis")
        }
    if deleted:
        _delete(copy, _DELETE_BY_RECEIPT, [(receipt_hash,) for receipt_hash in deleted])


def _delete(path: Path, statement: str, rows: Iterable[tuple[str]]) -> None:
    """Run a deletion on a copy, overwriting deleted content. A copy that was pruned meanwhile is ignored."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=15)) as copy:
            copy.execute("PRAGMA foreign_keys=ON")
            copy.execute("PRAGMA secure_delete=ON")
            with copy:
                copy.executemany(statement, rows)
                tables = {
                    name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                }
                for deletion in orphan_deletions(tables):
                    copy.execute(deletion)
    except sqlite3.Error:
        if path.exists():
            raise
