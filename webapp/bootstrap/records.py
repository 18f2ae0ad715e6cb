"""Construction of the database and its services, without the detector, for commands and server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sqlalchemy import Engine

from webapp.db.audit_chain import Event
from webapp.db.migrate import newest_version, version_of
from webapp.db.session import Sessions, connect, make_sessions, open_database
from webapp.db.sqlite_files import sqlite_file
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.media.store import MediaStore
from webapp.media.stripping import Bare, bare
from webapp.services.audit.log import AuditService
from webapp.services.operations import backups
from webapp.services.operations.backups import BackupService
from webapp.services.results.deletion import ResultDeletion
from webapp.services.results.retention import RetentionService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from webapp.services.accounts import AccountService
    from webapp.services.operations.backup_repository import BackupRepository

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Records:
    """Open database with its services. The context closes it.

    `version` is the version before the migration.
    """

    engine: Engine
    sessions: Sessions
    audit: AuditService
    backups: BackupService
    keeping: KeptMediaService
    retention: RetentionService
    version: str | None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()


def open_records(
    settings: Settings, *, upgrade: bool = True, strip: Callable[[Path], Bare] = bare
) -> Records:
    """Open the database and migrate it; without `upgrade` refuse an outdated or missing one.

    `strip` removes metadata from files to store. Raises Unable (no_database, not_migrated), UnusableDatabase,
    InvalidSetting (LENS_STORE) and database errors.
    """
    file = sqlite_file(connect(settings.database).url)
    if not upgrade and file is not None and not file.exists():
        raise Unable("no_database", f"there is no database {file}")
    version = None if file is not None and not file.exists() else _version(settings)
    if not upgrade and version != newest_version():
        raise Unable(
            "not_migrated",
            f"the database has version {version or 'none'}; run `python -m webapp migrate` first",
        )
    engine = open_database(settings.database)
    sessions = make_sessions(engine)
    audit = AuditService(sessions, settings.audit_head)
    if upgrade:
        audit.store_head()
    if version not in (None, newest_version()):
        audit.record(Event(Actor.SYSTEM, Action.OPENED, details={"version": newest_version()}))
    keeping = KeptMediaService(sessions, _open_store(settings), quota=settings.store_bytes, strip=strip)
    return Records(
        engine,
        sessions,
        audit,
        BackupService(
            engine,
            audit,
            folder=settings.backups_folder,
            kept=settings.kept_backups,
            repository=_repository(settings),
        ),
        keeping,
        RetentionService(result_deletion(settings, engine, audit, keeping), days=settings.retention_days),
        version,
    )


def result_deletion(
    settings: Settings,
    engine: Engine,
    audit: AuditService,
    kept_media: KeptMediaService,
    on_deleted: Sequence[Callable[[str], object]] = (),
) -> ResultDeletion:
    """Return the deletion of results; `on_deleted` are called with every receipt that a visitor deletes."""
    return ResultDeletion(
        engine,
        audit,
        kept_media,
        snapshot_folders(settings),
        backups=settings.backups_folder,
        on_deleted=on_deleted,
    )


def snapshot_folders(settings: Settings) -> SnapshotFolders:
    """Return the folders of training snapshots and of their judged copies."""
    return SnapshotFolders(settings.snapshots, settings.runs / "judged")


def accounts(records: Records) -> AccountService:
    """Return the service of accounts."""
    from webapp.services.accounts import AccountService

    return AccountService(records.sessions, records.audit)


def restore(settings: Settings, wanted: str) -> str:
    """Create the database from a backup if there is none; return the backup's name.

    Raises Unable, and as `open_records` does.
    """
    if (repository := _repository(settings)) is not None:
        repository.pull(settings.backups_folder)
    source = backups.restore(settings.database, settings.backups_folder, wanted)
    engine = open_database(settings.database)
    backups.record_restore(AuditService(make_sessions(engine), settings.audit_head), source)
    engine.dispose()
    return source.name


def restore_at_start(settings: Settings) -> None:
    """Restore the database if there is none and LENS_RESTORE is set.

    The first start finds no backup and begins with an empty database. If the backups are unreachable the
    start fails: the next backup of an empty database would pass for the newest state.
    """
    if not settings.restore or backups.exists(settings.database):
        return
    if settings.backups and not settings.backups_repository and not settings.backups_folder.is_dir():
        raise Unable(
            "no_backups_folder",
            f"there is no folder {settings.backups_folder} (LENS_BACKUPS); is its volume mounted?",
        )
    try:
        restore(settings, settings.restore)
    except Unable as error:
        if error.code != "no_backup" or settings.restore != "latest":
            raise
        logger.warning("%s: the database begins empty", error.message)


def _version(settings: Settings) -> str | None:
    engine = connect(settings.database)
    try:
        with engine.connect() as connection:
            return version_of(connection)
    finally:
        engine.dispose()


def _repository(settings: Settings) -> BackupRepository | None:
    if not settings.backups_repository:
        return None
    from webapp.services.operations.backup_repository import BackupRepository

    return BackupRepository(settings.backups_repository)


def _open_store(settings: Settings) -> MediaStore:
    try:
        return MediaStore(settings.media)
    # The kind of store is unknown, or its package is missing.
    except (ImportError, ValueError) as error:
        raise InvalidSetting(f"LENS_STORE cannot be {settings.media!r}: {error}") from error
