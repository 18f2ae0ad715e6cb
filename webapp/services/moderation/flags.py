"""Flags: requests of moderators that an admin look at a case."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.db import case_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import AuditEntry
from webapp.domain.enums import Action, Concern, Role, user_actor
from webapp.domain.errors import Refused
from webapp.services.accounts import Person, require
from webapp.services.audit.log import AuditService
from webapp.services.moderation.claims import require_claim

# Flags that admins see, the latest first.
_LISTED = 100
_USER_PREFIX = "user:"


@dataclass(frozen=True)
class CaseFlag:
    """A flag as admins see it. `time` is UTC to the minute; `state` is None if the case is gone."""

    case: str
    concern: str
    by: str
    time: str
    state: str | None


class FlagService:
    """Stores flags as entries of the audit log.

    They hold a moderator's number and a case's id, nothing of a visitor.
    """

    def __init__(self, sessions: Sessions, audit: AuditService) -> None:
        self._sessions = sessions
        self._audit = audit

    def flag(self, person: Person | None, public_id: str, concern: str) -> None:
        """Flag the claimed case for the admins and release it.

        Raises Refused with not_signed_in, not_allowed, claim_lost or invalid_flag.
        """
        moderator = require(person, Role.MODERATOR)
        if concern not in set(Concern):
            raise Refused("invalid_flag", f"A flag must be one of {', '.join(Concern)}.")
        with self._audit.transaction() as (session, record):
            queries.lock_cases(session)
            session.delete(require_claim(session, moderator, public_id))
            record(Event(user_actor(moderator.id), Action.CASE_FLAGGED, public_id, {"concern": concern}))

    def flags(self, person: Person | None) -> Sequence[CaseFlag]:
        """Return the latest flags to an admin. Raises Refused with not_signed_in or not_allowed."""
        require(person, Role.ADMIN)
        with self._sessions() as session:
            rows = queries.flagged_cases(session, limit=_LISTED)
            numbers = [number for entry, _ in rows if (number := _account_number(entry)) is not None]
            names = queries.account_names(session, set(numbers))
            return [_case_flag(entry, state, names) for entry, state in rows]


def _account_number(entry: AuditEntry) -> int | None:
    number = entry.actor.removeprefix(_USER_PREFIX)
    return int(number) if number.isdigit() else None


def _case_flag(entry: AuditEntry, state: str | None, names: Mapping[int, str]) -> CaseFlag:
    number = _account_number(entry)
    return CaseFlag(
        case=entry.subject,
        concern=json.loads(entry.details).get("concern", Concern.OTHER),
        by=entry.actor if number is None else names.get(number, entry.actor),
        time=entry.created_at[:16],
        state=state,
    )
