"""Backups of a SQLite file, by SQLite itself while it is in use."""

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

_LEFT_BY_CRASHES = ("-journal", "-wal", "-shm")


def write(file: Path, part: Path) -> None:
    """Copy the database as it is at one moment. Raises sqlite3.Error."""
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with closing(sqlite3.connect(file, timeout=15)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, whatever the original's way of writing


def check(path: Path) -> tuple[str | None, Head | None]:
    """Open a copy and read all of it; returns its version and its audit log's head. Raises Unable with backup_damaged."""
    if not path.is_file():
        raise Unable("no_backup", f"there is no file {path}")
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
                raise Unable("backup_damaged", f"{path.name} is damaged: SQLite's integrity check fails")
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise Unable("backup_damaged", f"{path.name} has rows that refer to rows that are missing")
            return check_contents(connection, path.name)
    except SQLAlchemyError as error:
        raise Unable("backup_damaged", f"{path.name} cannot be read as a database") from error
    finally:
        engine.dispose()


def place(source: Path, target: Path) -> None:
    """Make a copy of the backup the database, which must not be there. Raises Unable with database_exists, sqlite3.Error, OSError."""
    check(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    for ending in _LEFT_BY_CRASHES:  # of a database that is gone; it would be written into the new one
        left = target.with_name(target.name + ending)
        if left.exists() and not target.exists():
            left.replace(left.with_name(f"{left.name}.{now():%Y%m%dT%H%M%S%fZ}"))
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        write(source, part)
        check(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.link(part, target)  # unlike a renaming, it never replaces what is there
    except FileExistsError:
        raise Unable("database_exists", f"{target} is there already; nothing was restored") from None
    finally:
        part.unlink(missing_ok=True)
