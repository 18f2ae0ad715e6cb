"""Construction of the database and its services."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.bootstrap.records import open_records, restore_at_start
from webapp.db.migrate import newest_version
from webapp.domain.errors import Unable
from webapp.settings import InvalidSetting, Settings


def test_database_is_created_once(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with pytest.raises(Unable) as failure:
        open_records(settings, upgrade=False)
    assert failure.value.code == "no_database"
    with open_records(settings) as records:
        assert records.version is None
    with open_records(settings, upgrade=False) as records:
        assert records.version == newest_version()


def test_unknown_store_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="LENS_STORE"):
        open_records(Settings(data=tmp_path, store="nothing://bucket"))


def test_start_without_the_volume_of_backups_fails(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", backups=str(tmp_path / "volume"), restore="latest")
    with pytest.raises(Unable) as failure:
        restore_at_start(settings)
    assert failure.value.code == "no_backups_folder"
