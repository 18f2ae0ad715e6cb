"""Copies of the database, which every deletion reaches: made beside a SQLite file before an upgrade, and the backups."""

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
from webapp.db.backups.remnants import removals
from webapp.db.sqlite_files import sqlite_file

logger = logging.getLogger(__name__)
_BY_RECEIPT = "DELETE FROM analysis WHERE receipt_hash = ?"


def copies(engine: Engine, folder: Path | None = None) -> list[Path]:
    """The SQLite files that lie beside the database, and the backups in `folder`."""
    file = sqlite_file(engine.url)
    if file is None:
        return []
    beside = sorted(path for path in file.parent.glob(f"{file.name}.before-*") if path.suffix != ".part")
    return beside + ([] if folder is None else backups(folder, "sqlite"))


def delete_from_copies(engine: Engine, receipt_hash: str, folder: Path | None = None) -> None:
    """Take an analysis and all that hangs on it out of every copy. A dump of PostgreSQL cannot be changed: it is noted beside it what
    must not come back from it. Raises sqlite3.Error and OSError.

    Called before the deletion and again after it: whatever a backup that is made meanwhile has copied, one of the two calls, or the
    backup's own look back (`drop_what_is_gone`), reaches it.
    """
    for path in copies(engine, folder):
        _delete(path, _BY_RECEIPT, [(receipt_hash,)])
    if folder is not None and engine.dialect.name == "postgresql":
        tombstones.bury(folder, receipt_hash)


def purge_copies(engine: Engine, before: datetime, folder: Path | None = None) -> None:
    """Take all analyses of before a time out of every copy. Raises sqlite3.Error."""
    limit = before.replace(tzinfo=None).isoformat(
        " ", timespec="microseconds"
    )  # as SQLAlchemy writes times there
    for path in copies(engine, folder):
        _delete(path, "DELETE FROM analysis WHERE created_at < ?", [(limit,)])


def drop_what_is_gone(engine: Engine, copy: Path) -> None:
    """Take out of a SQLite copy what was deleted from the database while it was made. Raises sqlite3.Error."""
    file = sqlite_file(engine.url)
    assert file is not None
    with closing(sqlite3.connect(copy)) as opened:
        copied = {receipt_hash for (receipt_hash,) in opened.execute("SELECT receipt_hash FROM analysis")}
    with closing(sqlite3.connect(file)) as live:
        gone = copied - {
            receipt_hash for (receipt_hash,) in live.execute("SELECT receipt_hash FROM analysis")
        }
    if gone:
        _delete(copy, _BY_RECEIPT, [(receipt_hash,) for receipt_hash in gone])


def _delete(path: Path, statement: str, rows: Iterable[tuple[str]]) -> None:
    """Run on a copy so that nothing of what is deleted stays in the file. One that was pruned meanwhile needs nothing."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=15)) as copy:
            copy.execute("PRAGMA foreign_keys=ON")
            copy.execute("PRAGMA secure_delete=ON")
            with copy:
                copy.executemany(statement, rows)
                tables = {
                    name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                }
                for removal in removals(tables):
                    copy.execute(removal)
    except sqlite3.Error:
        if path.exists():
            raise
