"""Backups in a private data set repository, on a Hub on the loopback."""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_server import HubServer
from webapp import bootstrap
from webapp.bootstrap import Records
from webapp.bootstrap.records import restore_at_start
from webapp.bootstrap.tasks import records_tasks
from webapp.db.tables import Account
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.domain.errors import Unable
from webapp.services.operations.backup_repository import BackupRepository
from webapp.services.operations.backups import BackupService
from webapp.settings import Settings

# Of the Hub's client, when it uploads.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
NAME = "owner/lens-backups"


def use_hub(monkeypatch: pytest.MonkeyPatch, hub: HubServer, *, seconds: float) -> None:
    """Let the application find its repository on this Hub."""
    on_loopback = functools.partial(BackupRepository, endpoint=hub.address, seconds=seconds)
    monkeypatch.setattr("webapp.services.operations.backup_repository.BackupRepository", on_loopback)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with HubServer() as running:
        use_hub(monkeypatch, running, seconds=20)
        yield running


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_TOKEN", "token-of-the-host")
    return Settings(data=tmp_path / "disk", backups=f"hf://datasets/{NAME}", restore="latest", kept_backups=2)


def opened(settings: Settings) -> Records:
    restore_at_start(settings)
    return bootstrap.open_records(settings)


def name_account(records: Records, name: str) -> None:
    with records.sessions.begin() as session:
        session.add(Account(name=name, role=Role.MODERATOR, created_at=now()))


def names(records: Records) -> list[str]:
    with records.sessions() as session:
        return sorted(account.name for account in session.query(Account))


def test_the_database_survives_wiped_disks(hub: HubServer, settings: Settings) -> None:
    for life in range(3):
        with opened(settings) as records:
            assert names(records) == [f"moderator {number}" for number in range(life)]
            name_account(records, f"moderator {life}")
            before = now()
            records.backups.make()
            covered_until = records.backups.covered_until()
            assert covered_until is not None
            assert covered_until >= before
            assert records.audit.verify().head.number > life
        shutil.rmtree(settings.data)
    made = hub.repositories["dataset", NAME]
    assert made.private
    assert len([name for name in made.files if name.endswith(".sqlite3")]) == 2
    # No history from which what was deleted could be had.
    assert len(made.commits) == 1


def test_a_public_repository_is_refused(hub: HubServer, settings: Settings) -> None:
    public = hub.add("dataset", NAME, {})
    with opened(settings.model_copy(update={"restore": ""})) as records:
        with pytest.raises(Unable) as refused:
            records.backups.make()
        assert (refused.value.code, records.backups.covered_until()) == ("backups_public", None)
    assert public.files == {}


def test_an_unreachable_hub_stops_the_start(
    hub: HubServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_hub(monkeypatch, hub, seconds=1)
    started = time.monotonic()
    with hub.failing(delay=60), pytest.raises(Unable) as failed:
        opened(settings)
    assert failed.value.code == "backups_unreachable"
    assert time.monotonic() - started < 10
    assert not (settings.data / "lens.sqlite3").exists()


def test_a_missing_volume_is_an_error_and_an_empty_one_is_not(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "disk", backups=str(tmp_path / "volume"), restore="latest")
    with pytest.raises(Unable, match="is its volume mounted") as failed:
        opened(settings)
    assert failed.value.code == "no_backups_folder"
    (tmp_path / "volume").mkdir()
    with opened(settings) as records:
        assert names(records) == []


def test_a_damaged_newest_backup_falls_back_to_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data=tmp_path / "disk", backups=str(tmp_path / "volume"))
    with bootstrap.open_records(settings) as records:
        name_account(records, "kept")
        records.backups.make()
        name_account(records, "lost")
        newest = records.backups.make().path
    newest.write_bytes(newest.read_bytes()[:5000])
    shutil.rmtree(settings.data)
    with opened(settings.model_copy(update={"restore": "latest"})) as records:
        assert names(records) == ["kept"]
    assert f"a backup is left out: {newest.name}" in caplog.text


def test_the_backup_interval_may_be_minutes(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, backup_hours=0.05)
    with bootstrap.open_records(settings) as records:
        (task,) = [task for task in records_tasks(records, settings) if task.name == "the backup"]
    assert (task.first, task.every) == (180, 180)
    assert isinstance(records.backups, BackupService)
