"""Back the database up, and make it anew from a backup where there is none."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True)
class Backup:
    """A backup that was made and read again. `restored`: as a database; a dump may have been read to its end only."""

    path: Path
    bytes: int
    version: str | None
    head: Head | None
    restored: bool
    pruned: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "bytes": self.bytes,
            "version": self.version,
            "audit_head": None if self.head is None else self.head.hash,
            "restored": self.restored,
            "pruned": self.pruned,
        }


class BackupService:
    """Keeps the newest `kept` backups of a database in `folder`, and where there is a `repository`, there too."""

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
        self._sent: str | None = None  # the newest one that reached the repository
        self._dialect = engine.dialect.name

    def make(self) -> Backup:
        """A new backup under a name of its own, checked before it gets it; then the oldest ones go.

        Raises Unable with no_backups, not_written, missing_tool, dump_failed or backup_damaged, where it then does not reach the
        repository backups_unreachable or backups_public, and SQLAlchemyError.
        """
        file = sqlite_file(self._engine.url)
        if file is None and self._dialect != "postgresql":
            raise Unable("no_backups", "only SQLite files and PostgreSQL can be backed up here")
        target = files.named(self._folder, self._dialect, now())
        part = files.unfinished(target)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            made = (
                self._write_postgresql(target, part)
                if file is None
                else self._write_sqlite(file, target, part)
            )
        except (OSError, sqlite3.Error) as error:
            raise Unable(
                "not_written", f"the backup could not be written to {self._folder}: {error}"
            ) from error
        finally:
            part.unlink(missing_ok=True)
        pruned = self._prune()
        details = {"name": target.name, "bytes": made.bytes, "restored": made.restored, "pruned": pruned}
        self._audit.record(Event(Actor.SYSTEM, Action.BACKED_UP, details=details))
        if self._repository is not None:
            self._repository.push(self._folder, kept=self._kept)
            self._sent = target.name
        logger.info("the database was backed up to %s (%d bytes)", target.name, made.bytes)
        return Backup(made.path, made.bytes, made.version, made.head, made.restored, pruned)

    def newest_age_seconds(self) -> float | None:
        """Since the newest one was begun; None where there is none."""
        newest = self._newest()
        return None if newest is None else (now() - newest).total_seconds()

    def covered_until(self) -> datetime | None:
        """What was stored before this moment is in a backup, where backups outlive the machine; None where nothing is yet."""
        if self._repository is None:
            return self._newest()
        return None if self._sent is None else files.moment_of(Path(self._sent))

    def _newest(self) -> datetime | None:
        for path in reversed(files.backups(self._folder, self._dialect)):
            try:
                return files.moment_of(path)
            except ValueError:  # named by somebody else
                continue
        return None

    def _write_sqlite(self, file: Path, target: Path, part: Path) -> Backup:
        sqlite.write(file, part)
        version, head = sqlite.check(part)
        files.finish(target)  # from now on deletions reach it; what was deleted before that goes now
        erasure.delete_missing_rows(self._engine, target)
        return Backup(target, target.stat().st_size, version, head, restored=True)

    def _write_postgresql(self, target: Path, part: Path) -> Backup:
        tombstones.begin(target)
        try:
            postgresql.write(self._engine.url, part)
            version, head, restored = postgresql.check(self._engine.url, part)
            files.finish(target)
        except BaseException:
            tombstones.beside(target).unlink(missing_ok=True)
            raise
        return Backup(target, target.stat().st_size, version, head, restored)

    def _prune(self) -> int:
        old = files.backups(self._folder, self._dialect)[: -self._kept]
        for path in old:
            path.unlink(missing_ok=True)
            tombstones.beside(path).unlink(missing_ok=True)
        return len(old)


def exists(url: str) -> bool:
    """Whether there is a database already. Raises SQLAlchemyError where that cannot be asked."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        return not postgresql.is_empty(parsed)
    file = sqlite_file(parsed)
    return file is not None and file.exists()


def restore(url: str, folder: Path, wanted: str) -> Path:
    """Make the database from a backup: `latest` in the folder, or a path. What is there is never overwritten. A SQLite backup that is
    damaged, and was not asked for by its path, gives way to the one before it.

    Raises Unable with no_backup, no_backups, database_exists, backup_damaged, missing_tool or not_written, and SQLAlchemyError.
    """
    parsed = parse_url(url)
    dialect, file = parsed.get_backend_name(), sqlite_file(parsed)
    if file is None and dialect != "postgresql":
        raise Unable("no_backups", "only SQLite files and PostgreSQL can be restored here")
    found = files.backups(folder, dialect) if wanted == "latest" else [Path(wanted).resolve()]
    if not found:
        raise Unable("no_backup", f"there is no backup in {folder}")
    try:
        if file is None:
            postgresql.place(found[-1], parsed)
            source = found[-1]
        else:
            source = _place_newest(found, file)
    except (OSError, sqlite3.Error) as error:
        raise Unable("not_written", f"the database could not be restored: {error}") from error
    logger.info("the database was restored from %s", source.name)
    return source


def _place_newest(found: Sequence[Path], file: Path) -> Path:
    *others, newest = found
    try:
        sqlite.place(newest, file)
    except Unable as error:
        if error.code != "backup_damaged" or not others:
            raise
        logger.error("a backup is left out: %s", error.message)
        return _place_newest(others, file)
    return newest


def record_restore(audit: AuditService, source: Path) -> None:
    """Once the restored database is open."""
    audit.record_replacement(Event(Actor.SYSTEM, Action.RESTORED, details={"name": source.name}))
