"""Names of backup files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from webapp.db.backups import files


def test_name_has_the_time(tmp_path: Path) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC)
    path = files.named(tmp_path, "sqlite", moment)
    assert path.name == "lens-20260203T040506.000007Z.sqlite3"
    assert files.moment_of(path) == moment


def test_unfinished_backup_is_not_listed(tmp_path: Path) -> None:
    path = files.named(tmp_path, "postgresql", datetime(2026, 1, 1, tzinfo=UTC))
    files.unfinished(path).write_bytes(b"dump")
    assert files.backups(tmp_path, "postgresql") == []
    files.finish(path)
    assert files.backups(tmp_path, "postgresql") == [path]
    assert files.backups(tmp_path, "sqlite") == files.backups(tmp_path, "oracle") == []
