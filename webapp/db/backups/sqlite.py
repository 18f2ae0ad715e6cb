"""Backups of a SQLite file in use, with the backup API of SQLite."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from webapp.db.audit_chain import Head
from webapp.db.backups.contents import check_contents
from webapp.domain.clock import now
from webapp.domain.errors import Unable

# Endings of the files that SQLite keeps beside a database.
_JOURNALS = ("-journal", "-wal", "-shm")
# Seconds that a backup waits for a lock of the database.
_BUSY_SECONDS = 15


def write(file: Path, part: Path) -> None:
    """Copy the database as it is at one moment. Raises sqlite3.Error."""
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with (
        closing(sqlite3.connect(file, timeout=_BUSY_SECONDS)) as source,
        closing(sqlite3.connect(part)) as copy,
    ):
        source.backup(copy)
        # Without a write-ahead log the copy is a single file.
        copy.execute("PRAGMA journal_mode=DELETE")


def check(path: Path) -> tuple[str | None, Head | None]:
    """Verify a copy completely; return its version and the head of its audit log.

    Raises Unable (backup_damaged).
    """
    if not path.is_file():
        raise Unable("no_backup", f"there is no file {path}")
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
                raise Unable("backup_damaged", f"{path.name} is damaged: SQLite's integrity check fails")
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise Unable("backup_damaged", f"{path.name} has rows that refer to missing rows")
            return check_contents(connection, path.name)
    except SQLAlchemyError as error:
        raise Unable("backup_damaged", f"{path.name} cannot be read as a database") from error
    finally:
        engine.dispose()


def place(source: Path, target: Path) -> None:
    """Restore a backup as the database, which must not exist.

    Raises Unable (database_exists), sqlite3.Error and OSError.
    """
    check(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    _set_journals_aside(target)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        write(source, part)
        check(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces an existing file.
        os.link(part, target)
    except FileExistsError:
        raise Unable("database_exists", f"{target} exists already; nothing was restored") from None
    finally:
        part.unlink(missing_ok=True)


def _set_journals_aside(target: Path) -> None:
    """Rename the journals of a deleted database, because SQLite would apply them to the restored one."""
    for ending in _JOURNALS:
        journal = target.with_name(target.name + ending)
        if journal.exists() and not target.exists():
            journal.replace(journal.with_name(f"{journal.name}.{now():%Y%m%dT%H%M%S%fZ}"))
