"""Creation of database backups, and restore of a database from a backup."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine

from webapp.db.audit_chain import Event, Head
from webapp.db.backups import erasure, files, postgresql, sqlite, tombstones
from webapp.db.session import parse_url
from webapp.db.sqlite_files import sqlite_file
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService

if TYPE_CHECKING:
    from webapp.services.operations.backup_repository import BackupRepository

logger = logging.getLogger(__name__)


class BackupDocument(BaseModel):
    """JSON of a backup. `audit_head` is the hash of the newest entry in the backup's audit log."""

    model_config = ConfigDict(frozen=True)

    path: str
    bytes: int
    version: str | None
    audit_head: str | None
    restored: bool
    pruned: int


@dataclass(frozen=True)
class Backup:
    """A verified backup.

    `version` is the version of the database schema. `head` is the newest entry of the audit log in the
    backup. `restored` is true if the check restored the backup, and false if it only read a PostgreSQL dump
    to the end. `pruned` is the number of old backups that were deleted.
    """

    path: Path
    bytes: int
    version: str | None
    head: Head | None
    restored: bool
    pruned: int = 0

    def document(self) -> BackupDocument:
        return BackupDocument(
            path=str(self.path),
            bytes=self.bytes,
            version=self.version,
            audit_head=None if self.head is None else self.head.hash,
            restored=self.restored,
            pruned=self.pruned,
        )


class BackupService:
    """Backups of one database: the newest `kept` in `folder`, with a copy in `repository` if there is one."""

    def __init__(
        self,
        engine: Engine,
        audit: AuditService,
        *,
        folder: Path,
        kept: int,
        repository: BackupRepository | None = None,
    ) -> None:
        self._engine = engine
        self._audit = audit
        self._folder = folder
        self._kept = kept
        self._repository = repository
        # Name of the newest backup that reached the repository.
        self._pushed: str | None = None
        self._dialect = engine.dialect.name

    def make(self) -> Backup:
        """Make a backup, verify it, give the file its final name, and delete expired backups.

        Raises Unable with no_backups, not_written, missing_tool, dump_failed or backup_damaged; with
        backups_unreachable or backups_public if only the repository could not be updated; and
        SQLAlchemyError.
        """
        file = sqlite_file(self._engine.url)
        if file is None and self._dialect != "postgresql":
            raise Unable("no_backups", "only SQLite files and PostgreSQL can be backed up here")
        target = files.named(self._folder, self._dialect, now())
        part = files.unfinished(target)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if file is None:
                backup = self._write_postgresql(target, part)
            else:
                backup = self._write_sqlite(file, target, part)
        except (OSError, sqlite3.Error) as error:
            raise Unable(
                "not_written", f"the backup could not be written to {self._folder}: {error}"
            ) from error
        finally:
            part.unlink(missing_ok=True)
        backup = replace(backup, pruned=self._prune())
        details = {
            "name": target.name,
            "bytes": backup.bytes,
            "restored": backup.restored,
            "pruned": backup.pruned,
        }
        self._audit.record(Event(Actor.SYSTEM, Action.BACKED_UP, details=details))
        if self._repository is not None:
            self._repository.push(self._folder, kept=self._kept)
            self._pushed = target.name
        logger.info("the database was backed up to %s (%d bytes)", target.name, backup.bytes)
        return backup

    def newest_age_seconds(self) -> float | None:
        """Return the seconds since the start of the newest backup, None without backups."""
        newest = self._newest_start()
        return None if newest is None else (now() - newest).total_seconds()

    def covered_until(self) -> datetime | None:
        """Return the time until which all data is in a durable backup, None without one.

        With a repository, only backups that this process uploaded to it are durable.
        """
        if self._repository is None:
            return self._newest_start()
        return None if self._pushed is None else files.moment_of(Path(self._pushed))

    def _newest_start(self) -> datetime | None:
        """Return the time at which the newest backup in the folder was started, None without backups."""
        for path in reversed(files.backups(self._folder, self._dialect)):
            try:
                return files.moment_of(path)
            # Not a backup of this application: the name contains no time.
            except ValueError:
                continue
        return None

    def _write_sqlite(self, file: Path, target: Path, part: Path) -> Backup:
        sqlite.write(file, part)
        version, head = sqlite.check(part)
        # Deletions reach the backup only under its final name. Repeat those that were made before.
        files.finish(target)
        erasure.delete_missing_rows(self._engine, target)
        return Backup(target, bytes=target.stat().st_size, version=version, head=head, restored=True)

    def _write_postgresql(self, target: Path, part: Path) -> Backup:
        tombstones.begin(target)
        try:
            postgresql.write(self._engine.url, part)
            version, head, restored = postgresql.check(self._engine.url, part)
            files.finish(target)
        except BaseException:
            tombstones.beside(target).unlink(missing_ok=True)
            raise
        return Backup(target, bytes=target.stat().st_size, version=version, head=head, restored=restored)

    def _prune(self) -> int:
        """Delete all but the newest `kept` backups. Return the number of deleted backups."""
        expired = files.backups(self._folder, self._dialect)[: -self._kept]
        for path in expired:
            path.unlink(missing_ok=True)
            tombstones.beside(path).unlink(missing_ok=True)
        return len(expired)


def exists(url: str) -> bool:
    """Return whether the database exists; an empty PostgreSQL database counts as missing.

    Raises SQLAlchemyError if the server does not answer.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        return not postgresql.is_empty(parsed)
    file = sqlite_file(parsed)
    return file is not None and file.exists()


def restore(url: str, folder: Path, wanted: str) -> Path:
    """Create the database from a backup and return the backup's path.

    An existing database is never overwritten. `wanted` is a path, or `latest` for the newest backup in
    `folder`. With `latest`, damaged SQLite backups are skipped in favour of older ones. Raises Unable with
    no_backup, no_backups, database_exists, backup_damaged, missing_tool or not_written, and SQLAlchemyError.
    """
    parsed = parse_url(url)
    dialect = parsed.get_backend_name()
    file = sqlite_file(parsed)
    if file is None and dialect != "postgresql":
        raise Unable("no_backups", "only SQLite files and PostgreSQL can be restored here")
    candidates = files.backups(folder, dialect) if wanted == "latest" else [Path(wanted).resolve()]
    if not candidates:
        raise Unable("no_backup", f"there is no backup in {folder}")
    try:
        if file is None:
            source = candidates[-1]
            postgresql.place(source, parsed)
        else:
            source = _place_newest(candidates, file)
    except (OSError, sqlite3.Error) as error:
        raise Unable("not_written", f"the database could not be restored: {error}") from error
    logger.info("the database was restored from %s", source.name)
    return source


def _place_newest(candidates: Sequence[Path], file: Path) -> Path:
    """Restore the database `file` from the newest intact backup and return the backup's path.

    `candidates` are sorted from old to new. Raises Unable with backup_damaged if all are damaged.
    """
    for source in reversed(candidates[1:]):
        try:
            sqlite.place(source, file)
            return source
        except Unable as error:
            if error.code != "backup_damaged":
                raise
            logger.error("a backup is left out: %s", error.message)
    sqlite.place(candidates[0], file)
    return candidates[0]


def record_restore(audit: AuditService, source: Path) -> None:
    """Audit the restore in the restored database, once it is open."""
    audit.record_replacement(Event(Actor.SYSTEM, Action.RESTORED, details={"name": source.name}))
