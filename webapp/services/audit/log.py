"""Audit log: entries written in the transaction of the audited change, and the check of the whole log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.db import audit_chain as chain
from webapp.db.audit_chain import Event, Head
from webapp.db.session import Sessions
from webapp.domain.errors import BrokenAudit
from webapp.services.audit.head_file import HeadFile

logger = logging.getLogger(__name__)
# Adds an event to the log at the end of the transaction.
RecordEvent = Callable[[Event], None]


@dataclass(frozen=True)
class AuditReport:
    """Result of a successful check: heads of the log and of the file beside the database (None: no file)."""

    head: Head
    stored_head: Head | None


class AuditService:
    """Audit log of a database.

    `head_file` stores the head beside the database after each entry; None stores none.
    """

    def __init__(self, sessions: Sessions, head_file: Path | None) -> None:
        self._sessions = sessions
        self._file = None if head_file is None else HeadFile(head_file)

    @contextmanager
    def transaction(self) -> Iterator[tuple[Session, RecordEvent]]:
        """Yield a session and a function that records an event. The changes and the events commit together.

        Raises database errors.
        """
        events: list[Event] = []
        with self._sessions.begin() as session:
            yield session, events.append
            session.flush()
            # The entries come last, because other writers wait from the first entry on.
            for event in events:
                chain.append(session.connection(), event)
        if events:
            self.store_head()

    def record(self, event: Event) -> None:
        """Write an entry about something done outside the database. Raises database errors."""
        with self.transaction() as (_, record):
            record(event)

    def store_head(self) -> None:
        """Update the head file.

        If the log lacks the head in the file, the file stays for `verify` to report, and the error is logged.
        """
        if self._file is None:
            return
        try:
            with self._file.locked(), self._sessions() as session:
                stored = self._file.read()
                head = chain.head(session.connection())
                if stored is not None and chain.hash_of(session.connection(), stored.number) != stored.hash:
                    raise BrokenAudit(
                        "audit_unknown_head",
                        f"the audit log lacks entry {stored.number}, which was its head once",
                    )
                if stored is None or stored.number < head.number:
                    self._file.write(head)
        except BrokenAudit as error:
            logger.critical("%s: %s; see `python -m webapp verify-audit`", error.code, error.message)
        except (OSError, SQLAlchemyError):
            # The entries are committed. The next entry brings the file up to date.
            logger.exception("the head of the audit log could not be written to its file")

    def record_replacement(self, event: Event) -> None:
        """Record that a backup's log replaced the present one, with the head that was stored until now.

        Raises OSError and database errors.
        """
        if self._file is None:
            self.record(event)
            return
        with self._file.locked():
            try:
                stored = self._file.read()
            except BrokenAudit:
                stored = None
            self._file.set_aside()
        before = {} if stored is None else {"number": stored.number, "hash": stored.hash}
        self.record(Event(event.actor, event.action, event.subject, {**event.details, "head_before": before}))

    def verify(self, known: str | None = None) -> AuditReport:
        """Check every entry against the head file and a head printed earlier.

        Raises BrokenAudit, SQLAlchemyError and OSError.
        """
        stored = None if self._file is None else self._file.read()
        heads = {head for head in (stored, known) if head is not None}
        with self._sessions() as session:
            return AuditReport(chain.verify(session.connection(), heads), stored)
