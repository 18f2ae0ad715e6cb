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
# Seconds that a deletion waits for a lock of the copy.
_BUSY_SECONDS = 15


def copies(engine: Engine, folder: Path | None = None) -> list[Path]:
    """Return the pre-migration copies beside the SQLite database, and the SQLite backups in `folder`."""
    file = sqlite_file(engine.url)
    if file is None:
        return []
    found = [path for path in file.parent.glob(f"{file.name}.before-*") if path.suffix != ".part"]
    pre_migration_copies = sorted(found)
    if folder is None:
        return pre_migration_copies
    return pre_migration_copies + backups(folder, "sqlite")


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
    # In this order, because an analysis that is added meanwhile is no deleted one.
    copied_hashes = _receipt_hashes(copy)
    live_hashes = _receipt_hashes(file)
    deleted_hashes = copied_hashes - live_hashes
    if deleted_hashes:
        _delete(copy, _DELETE_BY_RECEIPT, [(receipt_hash,) for receipt_hash in deleted_hashes])


def _receipt_hashes(file: Path) -> set[str]:
    """Return the receipt hashes of all analyses in a SQLite file."""
    with closing(sqlite3.connect(file)) as connection:
        return {receipt_hash for (receipt_hash,) in connection.execute("SELECT receipt_hash FROM analysis")}


def _delete(path: Path, statement: str, parameters: Iterable[tuple[str]]) -> None:
    """Run a deletion on a copy once for each tuple of parameters, overwriting deleted content.

    A copy that another process has removed meanwhile is ignored.
    """
    # This mode does not create a missing file.
    address = f"{path.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as copy:
            copy.execute("PRAGMA foreign_keys=ON")
            copy.execute("PRAGMA secure_delete=ON")
            with copy:
                copy.executemany(statement, parameters)
                rows = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                tables = {name for (name,) in rows}
                for deletion in orphan_deletions(tables):
                    copy.execute(deletion)
    except sqlite3.Error:
        if path.exists():
            raise
