"""Backups of SQLite files."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine

from webapp.db.backups import sqlite
from webapp.db.migrate import newest_version
from webapp.db.session import Sessions
from webapp.db.sqlite_files import sqlite_file
from webapp.domain.errors import Unable


def test_backup_is_verified_and_restored(earlier_sessions: Sessions, tmp_path: Path) -> None:
    with earlier_sessions() as session:
        file = sqlite_file(cast(Engine, session.get_bind()).url)
    assert file is not None
    backup = tmp_path / "backup.sqlite3"
    sqlite.write(file, backup)
    version, head = sqlite.check(backup)
    assert version == newest_version()
    assert head is not None
    sqlite.place(backup, tmp_path / "restored.sqlite3")
    with pytest.raises(Unable) as failure:
        sqlite.place(backup, tmp_path / "restored.sqlite3")
    assert failure.value.code == "database_exists"


def test_damaged_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backup.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(500))
    with pytest.raises(Unable) as failure:
        sqlite.check(tmp_path / "backup.sqlite3")
    assert failure.value.code == "backup_damaged"
