"""Deletion of results with everything that depends on them.

With a result go its rows, cases without other items, rows and folders of snapshots that hold something of
it, kept files that no other result links to, and its traces in copies and backups of the database. Code that
stores something else for a result must extend this module. `webapp.db.backups` cleans copies of other
versions of the database.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from webapp.db import analysis_queries, case_queries, case_summaries, training_queries
from webapp.db.audit_chain import Event
from webapp.db.backups.erasure import erase_from_copies, erase_older_from_copies
from webapp.db.session import make_sessions, truncate_write_ahead_log
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Refused, Unable, unknown_receipt
from webapp.security.tokens import receipt_hash
from webapp.services.audit.log import AuditService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders

logger = logging.getLogger(__name__)
# Results per transaction. Other writers wait for each of them.
_BATCH = 500


@dataclass(frozen=True)
class _Leftovers:
    """Names of kept files and ids of snapshots to remove from disk after the commit."""

    files: Sequence[str]
    snapshots: Sequence[str]


class ResultDeletion:
    """Deletes results. `on_deleted` are called with the receipt of every result that a visitor deleted."""

    def __init__(
        self,
        engine: Engine,
        audit: AuditService,
        kept_media: KeptMediaService,
        snapshots: SnapshotFolders,
        *,
        backups: Path | None = None,
        on_deleted: Sequence[Callable[[str], object]] = (),
    ) -> None:
        """`backups`: folder of the database's backups, which deletions must reach."""
        self._engine = engine
        self._sessions = make_sessions(engine)
        self._audit = audit
        self._kept_media = kept_media
        self._snapshots = snapshots
        self._backups = backups
        self._on_deleted = on_deleted

    def delete(self, receipt: str) -> None:
        """Delete the result of a receipt.

        The audit log keeps the analysis's number, which means nothing without the analysis. Raises Refused
        (unknown_receipt; file_left if only the kept file remains, which the next sweep removes) and
        database errors.
        """
        hashed = receipt_hash(receipt)
        with self._sessions() as session:
            if analysis_queries.analysis_by_receipt(session, hashed) is None:
                raise unknown_receipt()
        erase_from_copies(self._engine, hashed, self._backups)
        with self._audit.transaction() as (session, record):
            case_ids = case_queries.case_ids_of(session, analysis_queries.ids_of_receipt(hashed))
            number = analysis_queries.delete_analysis(session, hashed)
            # Another request deleted the result first.
            if number is None:
                raise unknown_receipt()
            leftovers = _delete_dependents(session, case_ids)
            record(Event(Actor.VISITOR, Action.RECEIPT_DELETED, f"analysis:{number}"))
        truncate_write_ahead_log(self._engine)
        # A backup may have copied the result since the first call.
        erase_from_copies(self._engine, hashed, self._backups)
        for notify in self._on_deleted:
            notify(receipt)
        if not self._remove(leftovers):
            raise Refused(
                "file_left",
                "The result is deleted. Its file could not be removed just now; "
                "the server tries again by itself.",
            )

    def delete_older(self, before: datetime, *, days: int) -> int:
        """Delete all results from before a time, which is `days` ago, and return their number.

        A PostgreSQL dump keeps them until it is pruned; after a restore the next call deletes them again.
        Raises SQLAlchemyError, and Unable (not_purged) if a copy could not be changed.
        """
        total = 0
        while True:
            with self._audit.transaction() as (session, record):
                oldest = analysis_queries.ids_before(before, limit=_BATCH)
                case_ids = case_queries.case_ids_of(session, oldest)
                count = analysis_queries.delete_analyses(session, oldest)
                leftovers = _delete_dependents(session, case_ids)
                if count:
                    record(Event(Actor.SYSTEM, Action.PURGED, details={"analyses": count, "days": days}))
            total += count
            # Files that remain are removed by the next sweep.
            self._remove(leftovers)
            if count < _BATCH:
                break
        truncate_write_ahead_log(self._engine)
        try:
            erase_older_from_copies(self._engine, before, self._backups)
        except sqlite3.Error as error:
            raise Unable(
                "not_purged", "old results are deleted, but not from every copy of the database"
            ) from error
        if total:
            logger.info("%d results older than %d days were deleted", total, days)
        return total

    def _remove(self, leftovers: _Leftovers) -> bool:
        """Remove files and folders after the commit. Return False if a kept file remains."""
        self._snapshots.remove(leftovers.snapshots)
        return self._kept_media.remove(leftovers.files)


def _delete_dependents(session: Session, case_ids: Sequence[int]) -> _Leftovers:
    """Delete the rows that depended on the analyses deleted in this transaction.

    `case_ids` are the cases that had them; those with other files stay and are summarised again.
    """
    case_queries.delete_cases_without_items(session)
    case_summaries.refresh(session, case_ids)
    snapshots = training_queries.delete_orphaned_items(session)
    return _Leftovers(files=analysis_queries.delete_unreferenced_media(session), snapshots=snapshots)
