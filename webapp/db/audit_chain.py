"""The audit log's chain: every entry's hash covers the entry before it, so that none can be changed or taken out unseen."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from webapp.db.tables import AuditEntry, AuditHead
from webapp.domain.clock import now
from webapp.domain.errors import BrokenAudit

GENESIS = "0" * 64  # what the first entry follows
_ENTRY, _HEAD = cast(Table, AuditEntry.__table__), cast(Table, AuditHead.__table__)
_AT_A_TIME = 1000
_PASSING = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_CANTOPEN",
    "SQLITE_NOMEM",
)  # of SQLite's errors those that say nothing of the log
_TRIGGERS = {
    f"{table}_{event}" for table in ("audit", "audit_head") for event in ("insert", "update", "delete")
}
_TRIGGERS_SQL = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_head')",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid IN (to_regclass('audit'), to_regclass('audit_head')) AND tgenabled = 'O'",
}


@dataclass(frozen=True)
class Event:
    """What is to be told: `actor` an Actor or `user_actor`, `subject` an id that says nothing of a visitor."""

    actor: str
    action: str
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Head:
    """The last entry."""

    number: int
    hash: str


def append(connection: Connection, event: Event) -> Head:
    """Add an entry in the open transaction, as the last thing before its commit: from here on other writers wait.

    The head is written before it is read, which takes the only place there is for a writer: the row's lock on PostgreSQL, the file's
    on SQLite.
    """
    taken = connection.execute(
        update(_HEAD).values(number=_HEAD.c.number + 1).returning(_HEAD.c.number, _HEAD.c.hash)
    ).one()
    values = {
        "number": taken.number,
        "created_at": now().isoformat(timespec="microseconds"),
        "actor": str(event.actor),
        "action": str(event.action),
        "subject": event.subject,
        "details": json.dumps(event.details, sort_keys=True, separators=(",", ":")),
        "previous": taken.hash,
    }
    head = Head(taken.number, _hash(values))
    connection.execute(insert(_ENTRY).values(**values, hash=head.hash))
    connection.execute(update(_HEAD).values(hash=head.hash))
    return head


def head(connection: Connection) -> Head:
    """Raises BrokenAudit where there is none."""
    rows = connection.execute(select(_HEAD.c.number, _HEAD.c.hash)).all()
    if len(rows) != 1:
        raise BrokenAudit("audit_truncated", "the audit log has lost its head")
    return Head(rows[0].number, rows[0].hash)


def hash_of(connection: Connection, number: int) -> str | None:
    """An entry's hash; None where there is no such entry."""
    return (
        GENESIS if number == 0 else connection.scalar(select(_ENTRY.c.hash).where(_ENTRY.c.number == number))
    )


def verify(connection: Connection, known: Collection[Head | str] = ()) -> Head:
    """Walk the chain; returns its head. `known` are heads, or their hashes alone, that were kept elsewhere and must be part of it.

    Needs no lock: entries are read before the head that must not be behind them. Raises BrokenAudit with audit_altered,
    audit_truncated, audit_unguarded, audit_unknown_head or audit_unreadable, and SQLAlchemyError.
    """
    _check_guards(connection)
    wanted = set(known) - {GENESIS, Head(0, GENESIS)}
    last = Head(0, GENESIS)
    while True:
        for entry in _entries(connection, last):
            last = entry
            wanted -= {entry, entry.hash}
        claimed = head(connection)
        if claimed.number <= last.number or not _grows(connection, last):
            break
    if claimed != last:
        raise BrokenAudit(
            "audit_truncated",
            f"the audit log ends with entry {last.number}, its head is that of entry {claimed.number!r}",
        )
    if wanted:
        missing = wanted.pop()
        name = missing if isinstance(missing, str) else f"{missing.number} {missing.hash}"
        raise BrokenAudit(
            "audit_unknown_head", f"the audit log lacks the entry that was its head once: {name}"
        )
    return last


def _entries(connection: Connection, last: Head) -> Iterator[Head]:
    """Those after `last`, checked. The very first question has no lower bound: an entry before the first is one too many."""
    while True:
        query = select(_ENTRY).order_by(_ENTRY.c.number).limit(_AT_A_TIME)
        if last.number:
            query = query.where(_ENTRY.c.number > last.number)
        try:
            rows = connection.execute(query).all()
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorname", None) in _PASSING or not isinstance(
                error.orig, sqlite3.Error
            ):
                raise
            raise BrokenAudit(
                "audit_unreadable", f"the audit log cannot be read after entry {last.number}"
            ) from error
        for row in rows:
            last = _checked(row, last)
            yield last
        if len(rows) < _AT_A_TIME:
            return


def _checked(row: Row[Any], last: Head) -> Head:
    values = dict(row._mapping)
    stored = values.pop("hash")
    if row.number != last.number + 1:
        raise BrokenAudit(
            "audit_altered", f"after entry {last.number} of the audit log comes entry {row.number!r}"
        )
    if row.previous != last.hash:
        raise BrokenAudit(
            "audit_altered", f"entry {row.number} of the audit log does not follow the one before it"
        )
    if not all(
        isinstance(value, str) for name, value in values.items() if name != "number"
    ) or stored != _hash(values):
        raise BrokenAudit("audit_altered", f"entry {row.number} of the audit log is not as it was written")
    return Head(row.number, stored)


def _grows(connection: Connection, last: Head) -> bool:
    """Whether entries have come since: then the head is theirs."""
    return (
        connection.scalar(select(_ENTRY.c.number).where(_ENTRY.c.number > last.number).limit(1)) is not None
    )


def _check_guards(connection: Connection) -> None:
    question = _TRIGGERS_SQL.get(connection.dialect.name)
    if question is not None and (missing := _TRIGGERS - set(connection.scalars(text(question)))):
        raise BrokenAudit("audit_unguarded", f"the audit log lacks its guards: {', '.join(sorted(missing))}")


def _hash(values: Mapping[str, Any]) -> str:
    names = ("number", "created_at", "actor", "action", "subject", "details", "previous")
    return hashlib.sha256(
        json.dumps([values[name] for name in names], separators=(",", ":")).encode()
    ).hexdigest()
