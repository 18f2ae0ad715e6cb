"""Hash chain of the audit log.

The hash of an entry covers the entry before it, so no entry can be changed or removed unnoticed.
"""

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

# Hash before the first entry.
GENESIS = "0" * 64
_ENTRY = cast(Table, AuditEntry.__table__)
_HEAD = cast(Table, AuditHead.__table__)
# Entries per query.
_BATCH = 1000
# Errors of SQLite that do not mean that the log is damaged.
_TRANSIENT_ERRORS = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_NOMEM")
# Triggers that make the log append-only. Migration 0003 creates them.
TRIGGERS = {
    "audit_insert",
    "audit_update",
    "audit_delete",
    "audit_head_insert",
    "audit_head_update",
    "audit_head_delete",
}
_TRIGGER_QUERIES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_head')",
    "postgresql": (
        "SELECT tgname FROM pg_trigger "
        "WHERE tgrelid IN (to_regclass('audit'), to_regclass('audit_head')) AND tgenabled = 'O'"
    ),
}


@dataclass(frozen=True)
class Event:
    """Event to append. `actor` is an Actor or `user_actor`; `subject` reveals nothing about a visitor."""

    actor: str
    action: str
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Head:
    """Number and hash of an entry, usually the last one."""

    number: int
    hash: str


def append(connection: Connection, event: Event) -> Head:
    """Append an entry in the open transaction, just before its commit.

    The head is updated before it is read. That takes the writer's lock, of the row on PostgreSQL and of the
    file on SQLite, so other writers wait until the commit.
    """
    # The new number, with the hash of the entry before it.
    previous = connection.execute(
        update(_HEAD).values(number=_HEAD.c.number + 1).returning(_HEAD.c.number, _HEAD.c.hash)
    ).one()
    values = {
        "number": previous.number,
        "created_at": now().isoformat(timespec="microseconds"),
        "actor": str(event.actor),
        "action": str(event.action),
        "subject": event.subject,
        "details": json.dumps(event.details, sort_keys=True, separators=(",", ":")),
        "previous": previous.hash,
    }
    new_head = Head(previous.number, entry_hash(values))
    connection.execute(insert(_ENTRY).values(**values, hash=new_head.hash))
    connection.execute(update(_HEAD).values(hash=new_head.hash))
    return new_head


def head(connection: Connection) -> Head:
    """Return the stored head. Raises BrokenAudit if there is none."""
    rows = connection.execute(select(_HEAD.c.number, _HEAD.c.hash)).all()
    if len(rows) != 1:
        raise BrokenAudit("audit_truncated", "the audit log has lost its head")
    return Head(rows[0].number, rows[0].hash)


def hash_of(connection: Connection, number: int) -> str | None:
    """Return the hash of an entry; None if there is no such entry."""
    if number == 0:
        return GENESIS
    return connection.scalar(select(_ENTRY.c.hash).where(_ENTRY.c.number == number))


def verify(connection: Connection, known: Collection[Head | str] = ()) -> Head:
    """Verify the whole chain and return its head.

    `known` are heads, or hashes of heads, that were kept elsewhere and must be part of the chain. No lock is
    needed: entries that another process appends meanwhile are read until the stored head is reached. Raises
    BrokenAudit (audit_altered, audit_truncated, audit_unguarded, audit_unknown_head, audit_unreadable) and
    SQLAlchemyError.
    """
    _check_triggers(connection)
    unseen = set(known) - {GENESIS, Head(0, GENESIS)}
    last = Head(0, GENESIS)
    while True:
        for entry in _entries(connection, last):
            last = entry
            unseen -= {entry, entry.hash}
        stored_head = head(connection)
        # The head may belong to an entry that was appended after the query of the entries.
        if stored_head.number <= last.number or not _has_newer(connection, last):
            break
    if stored_head != last:
        raise BrokenAudit(
            "audit_truncated",
            f"the audit log ends with entry {last.number}, its head is that of entry {stored_head.number!r}",
        )
    if unseen:
        missing = unseen.pop()
        name = missing if isinstance(missing, str) else f"{missing.number} {missing.hash}"
        raise BrokenAudit(
            "audit_unknown_head", f"the audit log lacks the entry that was its head once: {name}"
        )
    return last


def _entries(connection: Connection, last: Head) -> Iterator[Head]:
    """Yield the heads of verified entries after `last`, which is number and hash of an earlier entry.

    From the beginning, the query has no lower bound, so that it also finds a forged entry 0.
    """
    while True:
        query = select(_ENTRY).order_by(_ENTRY.c.number).limit(_BATCH)
        if last.number:
            query = query.where(_ENTRY.c.number > last.number)
        try:
            rows = connection.execute(query).all()
        except DBAPIError as error:
            is_transient = getattr(error.orig, "sqlite_errorname", None) in _TRANSIENT_ERRORS
            if is_transient or not isinstance(error.orig, sqlite3.Error):
                raise
            raise BrokenAudit(
                "audit_unreadable", f"the audit log cannot be read after entry {last.number}"
            ) from error
        for row in rows:
            last = _verified(row, last)
            yield last
        if len(rows) < _BATCH:
            return


def _verified(row: Row[Any], last: Head) -> Head:
    """Return number and hash of an entry that follows `last`. Raises BrokenAudit (audit_altered)."""
    values = dict(row._mapping)
    stored_hash = values.pop("hash")
    if row.number != last.number + 1:
        raise BrokenAudit(
            "audit_altered", f"after entry {last.number} of the audit log comes entry {row.number!r}"
        )
    if row.previous != last.hash:
        raise BrokenAudit(
            "audit_altered", f"entry {row.number} of the audit log does not follow the one before it"
        )
    # SQLite stores any type in any column, and a number could have the hash of its text.
    texts = [value for name, value in values.items() if name != "number"]
    has_only_texts = all(isinstance(value, str) for value in texts)
    if not has_only_texts or stored_hash != entry_hash(values):
        raise BrokenAudit("audit_altered", f"entry {row.number} of the audit log is not as it was written")
    return Head(row.number, stored_hash)


def _has_newer(connection: Connection, last: Head) -> bool:
    """Return True if entries were appended after `last`, to which the head may belong."""
    newer = select(_ENTRY.c.number).where(_ENTRY.c.number > last.number).limit(1)
    return connection.scalar(newer) is not None


def _check_triggers(connection: Connection) -> None:
    """Raise BrokenAudit (audit_unguarded) if the database lacks a trigger of the audit log."""
    query = _TRIGGER_QUERIES.get(connection.dialect.name)
    if query is None:
        return
    missing = TRIGGERS - set(connection.scalars(text(query)))
    if missing:
        raise BrokenAudit("audit_unguarded", f"the audit log lacks its guards: {', '.join(sorted(missing))}")


def entry_hash(values: Mapping[str, Any]) -> str:
    """Return the sha256, in hexadecimal, of an entry's columns as a JSON list."""
    names = ("number", "created_at", "actor", "action", "subject", "details", "previous")
    document = json.dumps([values[name] for name in names], separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()
