"""Delete what is older than the host wants to keep."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from webapp.db import analysis_queries, case_queries, training_queries
from webapp.db.audit_chain import Event
from webapp.db.backups.erasure import purge_copies
from webapp.db.session import empty_journal
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Unable
from webapp.services.audit.log import AuditService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders

logger = logging.getLogger(__name__)
_AT_ONCE = 500  # in one transaction: others wait for it


@dataclass(frozen=True)
class Purged:
    """How many analyses went, older than so many days; 0 days: none ever does."""

    days: int
    analyses: int

    def to_json(self) -> dict[str, Any]:
        return {"days": self.days, "analyses": self.analyses}


class RetentionService:
    """`days` 0 keeps everything. `keeping` removes the files of what goes; `backups`: the folder of those that deletions must reach;
    `snapshots` likewise.
    """

    def __init__(
        self,
        engine: Engine,
        audit: AuditService,
        keeping: KeptMediaService | None = None,
        *,
        days: int,
        backups: Path | None = None,
        snapshots: SnapshotFolders | None = None,
    ) -> None:
        self.days = days
        self._engine = engine
        self._audit = audit
        self._keeping = keeping
        self._backups = backups
        self._snapshots = snapshots

    def purge(self) -> Purged:
        """Delete them with all that hangs on them, from copies and backups too; told in the log where there were any.

        A dump of PostgreSQL keeps them until it is pruned; after a restore they go at the next purge. Raises SQLAlchemyError, and
        Unable with not_purged where a copy could not be changed.
        """
        if self.days == 0:
            return Purged(0, 0)
        before, total = now() - timedelta(days=self.days), 0
        while True:
            with self._audit.transaction() as (session, tell):
                gone = analysis_queries.delete_analyses_before(session, before, limit=_AT_ONCE)
                case_queries.delete_cases_without_items(session)
                stale = training_queries.delete_orphaned_items(session)
                files = analysis_queries.delete_unreferenced_media(session)
                if gone:
                    tell(Event(Actor.SYSTEM, Action.PURGED, details={"analyses": gone, "days": self.days}))
            total += gone
            if self._snapshots is not None:
                self._snapshots.remove(stale)
            if self._keeping is not None:
                self._keeping.remove(files)  # what could not be removed goes at the next sweep
            if gone < _AT_ONCE:
                break
        empty_journal(self._engine)
        try:
            purge_copies(self._engine, before, self._backups)
        except sqlite3.Error as error:
            raise Unable(
                "not_purged", "old results are deleted, but not from every copy of the database"
            ) from error
        if total:
            logger.info("%d results older than %d days were deleted", total, self.days)
        return Purged(self.days, total)
