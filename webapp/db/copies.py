"""Copies of a SQLite file, beside it: made before an upgrade, and reached by every deletion."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

logger = logging.getLogger(__name__)


def make_copy(engine: Engine, name: str) -> Path | None:
    """Copy the database to `<file>.<name>` by SQLite's backup; None where it is no SQLite file. Raises OSError and sqlite3.Error."""
    file = _file(engine)
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


def copies(engine: Engine) -> list[Path]:
    """The copies that lie beside the database."""
    file = _file(engine)
    return [] if file is None else sorted(path for path in file.parent.glob(f"{file.name}.before-*") if path.suffix != ".part")


def delete_from_copies(engine: Engine, receipt_hash: str) -> None:
    """Take an analysis and all that hangs on it out of every copy. Raises sqlite3.Error."""
    for path in copies(engine):
        with closing(sqlite3.connect(path)) as copy:
            copy.execute("PRAGMA foreign_keys=ON")
            copy.execute("PRAGMA secure_delete=ON")
            with copy:
                copy.execute("DELETE FROM analysis WHERE receipt_hash = ?", (receipt_hash,))
                if copy.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'media'").fetchone():
                    copy.execute("DELETE FROM media WHERE id NOT IN (SELECT media_id FROM consent WHERE media_id IS NOT NULL)")


def _file(engine: Engine) -> Path | None:
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name and name != ":memory:" else None
