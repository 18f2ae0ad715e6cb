"""Construction of the database and its services, without the detector, for commands and server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sqlalchemy import Engine

from webapp.db import case_summaries
from webapp.db.audit_chain import Event
from webapp.db.migrate import newest_version, version_of
from webapp.db.session import Sessions, connect, make_sessions, open_database
from webapp.db.sqlite_files import sqlite_file
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.media.store import MediaStore
from webapp.media.stripping import Bare, bare
from webapp.services.analysis_records.known_files import KnownFileRules, KnownFiles
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
    """Open database with its services. Leaving a `with` block closes the database.

    `version`: version of the database before the migration; None if it had none.
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
    """Open the database and migrate it; without `upgrade` refuse an outdated or missing database.

    `strip` removes metadata from files to store. Raises Unable (no_database, not_migrated), UnusableDatabase,
    InvalidSetting (LENS_STORE) and database errors.
    """
    file = sqlite_file(connect(settings.database).url)
    is_missing = file is not None and not file.exists()
    if is_missing and not upgrade:
        raise Unable("no_database", f"there is no database {file}")
    # Reading the version of a missing SQLite database would create it.
    version = None if is_missing else _version(settings)
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
    is_migrated = version is not None and version != newest_version()
    if is_migrated:
        audit.record(Event(Actor.SYSTEM, Action.OPENED, details={"version": newest_version()}))
    keeping = KeptMediaService(sessions, _open_store(settings), quota=settings.store_bytes, strip=strip)
    backup_service = BackupService(
        engine,
        audit,
        folder=settings.backups_folder,
        kept=settings.kept_backups,
        repository=_repository(settings),
    )
    deletion = result_deletion(settings, engine, audit, keeping)
    return Records(
        engine=engine,
        sessions=sessions,
        audit=audit,
        backups=backup_service,
        keeping=keeping,
        retention=RetentionService(deletion, days=settings.retention_days),
        version=version,
    )


def result_deletion(
    settings: Settings,
    engine: Engine,
    audit: AuditService,
    kept_media: KeptMediaService,
    on_deleted: Sequence[Callable[[str], object]] = (),
) -> ResultDeletion:
    """Return the service that deletes results.

    It calls each function in `on_deleted` with the receipt of every result that a visitor deletes.
    """
    return ResultDeletion(
        engine,
        audit,
        kept_media,
        snapshots=snapshot_folders(settings),
        backups=settings.backups_folder,
        on_deleted=on_deleted,
    )


def known_files(settings: Settings, sessions: Sessions) -> KnownFiles | None:
    """Return the finder of earlier decisions on a file; None if the host does not show them."""
    if settings.known_files == "off":
        return None
    undo_period = timedelta(minutes=settings.decision_delay)
    return KnownFiles(sessions, KnownFileRules(days=settings.known_receipts, undo_period=undo_period))


def snapshot_folders(settings: Settings) -> SnapshotFolders:
    """Return the folders of training snapshots and of their judged copies."""
    return SnapshotFolders(settings.snapshots, settings.runs / "judged")


def accounts(records: Records) -> AccountService:
    """Return the service of accounts."""
    from webapp.services.accounts import AccountService

    return AccountService(records.sessions, records.audit)


def restore(settings: Settings, backup: str) -> str:
    """Create the missing database from a backup and return the file name of the backup.

    `backup` is a path, or "latest". Raises Unable, also if there is a database, and the errors of
    `open_records`.
    """
    repository = _repository(settings)
    if repository is not None:
        repository.pull(settings.backups_folder)
    source = backups.restore(settings.database, settings.backups_folder, backup)
    engine = open_database(settings.database)
    sessions = make_sessions(engine)
    backups.record_restore(AuditService(sessions, settings.audit_head), source)
    # A result that was erased from the backup may have been the first of a case.
    with sessions.begin() as session:
        case_summaries.refresh_all(session)
    engine.dispose()
    return source.name


def restore_at_start(settings: Settings) -> None:
    """Restore the database if there is none and LENS_RESTORE is set.

    The first start finds no backup and begins with an empty database. If the backups are unreachable, the
    start fails: otherwise the next backup would save an empty database as the newest state.
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
    """Return the version of the existing database; None if it has no tables or predates migrations."""
    engine = connect(settings.database)
    try:
        with engine.connect() as connection:
            return version_of(connection)
    finally:
        engine.dispose()


def _repository(settings: Settings) -> BackupRepository | None:
    """Return the dataset repository that receives the backups; None if they stay in their folder."""
    if not settings.backups_repository:
        return None
    from webapp.services.operations.backup_repository import BackupRepository

    return BackupRepository(settings.backups_repository)


def _open_store(settings: Settings) -> MediaStore:
    """Open the media store. Raises InvalidSetting (LENS_STORE)."""
    try:
        return MediaStore(settings.media)
    # The kind of store is unknown, or its package is missing.
    except (ImportError, ValueError) as error:
        raise InvalidSetting(f"LENS_STORE cannot be {settings.media!r}: {error}") from error
