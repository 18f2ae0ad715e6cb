"""Paths and copies of SQLite database files."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Engine

logger = logging.getLogger(__name__)


def make_copy(engine: Engine, name: str) -> Path | None:
    """Copy the database to `<file>.<name>` with the backup API of SQLite.

    Return the copy; None if the database has no SQLite file. Raises OSError and sqlite3.Error.
    """
    file = sqlite_file(engine.url)
    if file is None:
        return None
    target = file.with_name(f"{file.name}.{name}")
    unfinished = file.with_name(f"{file.name}.{name}.part")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    shutil.copymode(file, unfinished)
    unfinished.replace(target)
    logger.info("the database was copied to %s", target.name)
    return target


def sqlite_file(url: URL) -> Path | None:
    """Return the path of a SQLite database; None if it is in memory, or the URL is of another database."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)
