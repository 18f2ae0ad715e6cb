"""Backups of PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from webapp.db.backups import postgresql
from webapp.domain.errors import Unable

URL = make_url("postgresql+psycopg://lens:secret@127.0.0.1:1/lens")


def test_missing_dump_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unable) as failure:
        postgresql.check(URL, tmp_path / "none.dump")
    assert failure.value.code == "no_backup"


def test_failed_dump_does_not_reveal_the_password(tmp_path: Path) -> None:
    with pytest.raises(Unable) as failure:
        postgresql.write(URL, tmp_path / "part")
    assert failure.value.code in ("missing_tool", "dump_failed")
    assert "secret" not in failure.value.message
