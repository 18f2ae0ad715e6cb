"""Copies of the database, which every deletion reaches: made beside a SQLite file before an upgrade, and the backups."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Engine

from webapp.db.backups import tombstones
from webapp.db.backups.files import backups

logger = logging.getLogger(__name__)


def make_copy(engine: Engine, name: str) -> Path | None:
    """Copy the database to `<file>.<name>` by SQLite's backup; None where it is no SQLite file. Raises OSError and sqlite3.Error."""
    file = sqlite_file(engine.url)
    if file is None:
        return None
    target, unfinished = file.with_name(f"{file.name}.{name}"), file.with_name(f"{file.name}.{name}.part")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    shutil.copymode(file, unfinished)
    unfinished.replace(target)
    logger.info("the database was copied to %s", target.name)
    return target


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
        with _opened(path) as copy:
            copy.execute("DELETE FROM analysis WHERE receipt_hash = ?", (receipt_hash,))
    if folder is not None and engine.dialect.name == "postgresql":
        tombstones.bury(folder, receipt_hash)


def purge_copies(engine: Engine, before: datetime, folder: Path | None = None) -> None:
    """Take all analyses of before a time out of every copy. Raises sqlite3.Error."""
    limit = before.replace(tzinfo=None).isoformat(" ", timespec="microseconds")  # as SQLAlchemy writes times there
    for path in copies(engine, folder):
        with _opened(path) as copy:
            copy.execute("DELETE FROM analysis WHERE created_at < ?", (limit,))


def drop_what_is_gone(engine: Engine, copy: Path) -> None:
    """Take out of a SQLite copy what was deleted from the database while it was made. Raises sqlite3.Error."""
    file = sqlite_file(engine.url)
    assert file is not None
    with closing(sqlite3.connect(f"file:{copy.as_posix()}?mode=rw", uri=True)) as opened:
        copied = {receipt_hash for (receipt_hash,) in opened.execute("SELECT receipt_hash FROM analysis")}
    with closing(sqlite3.connect(file)) as live:
        gone = copied - {receipt_hash for (receipt_hash,) in live.execute("SELECT receipt_hash FROM analysis")}
    if gone:
        with _opened(copy) as opened:
            opened.executemany("DELETE FROM analysis WHERE receipt_hash = ?", [(receipt_hash,) for receipt_hash in gone])


def sqlite_file(url: URL) -> Path | None:
    """Where a SQLite database lies; None for one in memory and for other databases."""
    name = url.database
    return Path(name) if url.get_backend_name() == "sqlite" and name and name != ":memory:" else None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on a copy, whose deletions leave nothing in the file. One that was pruned meanwhile is an empty one in memory."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=15)
    except sqlite3.OperationalError:
        if path.exists():
            raise
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE analysis (receipt_hash, created_at)")
    with closing(connection):
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")
        with connection:
            yield connection
