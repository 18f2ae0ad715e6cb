"""Tell the audit log what was done, in the transaction that does it, and check the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.db import audit_chain as chain
from webapp.db.audit_chain import Event, Head
from webapp.db.session import Sessions
from webapp.domain.errors import BrokenAudit
from webapp.services.audit.head_file import HeadFile

logger = logging.getLogger(__name__)
Tell = Callable[[Event], None]


@dataclass(frozen=True)
class Verified:
    """A log that holds: its head, and what the file beside the database says; None where there is no file."""

    head: Head
    kept: Head | None

    def to_json(self) -> dict[str, Any]:
        return {
            "entries": self.head.number,
            "head": self.head.hash,
            "kept": None if self.kept is None else self.kept.number,
        }


class AuditService:
    """`head_file`: where the head is kept beside the database, written at each entry; None keeps none."""

    def __init__(self, sessions: Sessions, head_file: Path | None) -> None:
        self._sessions = sessions
        self._file = None if head_file is None else HeadFile(head_file)

    @contextmanager
    def transaction(self) -> Iterator[tuple[Session, Tell]]:
        """A session, and what to call with each event: done and told, or neither. Raises what the database raises."""
        events: list[Event] = []
        with self._sessions.begin() as session:
            yield session, events.append
            session.flush()
            for event in events:  # last of all: from the first on other writers wait
                chain.append(session.connection(), event)
        if events:
            self.keep_head()

    def tell(self, event: Event) -> None:
        """An entry of its own, of something that was done outside the database."""
        with self.transaction() as (_, tell):
            tell(event)

    def keep_head(self) -> None:
        """Bring the file up to the log. A log that lacks what the file tells of is left for `verify` to find, and said in the log."""
        if self._file is None:
            return
        try:
            with self._file.held(), self._sessions() as session:
                kept, head = self._file.read(), chain.head(session.connection())
                if kept is not None and chain.hash_of(session.connection(), kept.number) != kept.hash:
                    raise BrokenAudit(
                        "audit_unknown_head",
                        f"the audit log lacks entry {kept.number}, which was its head once",
                    )
                if kept is None or kept.number < head.number:
                    self._file.write(head)
        except BrokenAudit as error:
            logger.critical("%s: %s; see `python -m webapp verify-audit`", error.code, error.message)
        except (
            OSError,
            SQLAlchemyError,
        ):  # what was told stays told; the next entry brings the file up to date
            logger.exception("the head of the audit log could not be written to its file")

    def replaced(self, event: Event) -> None:
        """Go on with the log of a backup: tell of it, and of the head that was kept until now."""
        if self._file is None:
            self.tell(event)
            return
        with self._file.held():
            try:
                kept = self._file.read()
            except BrokenAudit:
                kept = None
            self._file.set_aside()
        before = {} if kept is None else {"number": kept.number, "hash": kept.hash}
        self.tell(Event(event.actor, event.action, event.subject, {**event.details, "head_before": before}))

    def verify(self, known: str | None = None) -> Verified:
        """Check every entry, the file beside the database and a head printed earlier. Raises BrokenAudit, SQLAlchemyError, OSError."""
        kept = None if self._file is None else self._file.read()
        with self._sessions() as session:
            return Verified(
                chain.verify(session.connection(), {head for head in (kept, known) if head is not None}), kept
            )
