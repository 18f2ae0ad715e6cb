"""Flags: requests by moderators that an admin look at a case."""

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

# Number of flags that admins see.
_MAX_FLAGS = 100
# Prefix of a user's account id in the audit log; see `user_actor`.
_USER_PREFIX = "user:"
# Length of an ISO timestamp to the minute, YYYY-MM-DDTHH:MM.
_MINUTE_LENGTH = 16


@dataclass(frozen=True)
class CaseFlag:
    """A flag as admins see it.

    `case` is the case's public id. `by` is the moderator's name, or the audit log's actor if the account is
    gone. `time` is ISO 8601 in UTC, to the minute. `state` is the case's state, None if the case is gone.
    """

    case: str
    concern: str
    by: str
    time: str
    state: str | None


class FlagService:
    """Stores flags as entries of the audit log.

    An entry has the moderator's account id and the case's public id, and nothing about a visitor.
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
        """Return the latest flags to an admin, newest first.

        Raises Refused with not_signed_in or not_allowed.
        """
        require(person, Role.ADMIN)
        with self._sessions() as session:
            rows = queries.flagged_cases(session, limit=_MAX_FLAGS)
            account_ids: set[int] = set()
            for entry, _ in rows:
                account_id = _account_id(entry)
                if account_id is not None:
                    account_ids.add(account_id)
            names = queries.account_names(session, account_ids)
            return [_case_flag(entry, state, names) for entry, state in rows]


def _account_id(entry: AuditEntry) -> int | None:
    """Return the account id of the entry's actor, None if the actor is no account."""
    account_id = entry.actor.removeprefix(_USER_PREFIX)
    return int(account_id) if account_id.isdigit() else None


def _case_flag(entry: AuditEntry, state: str | None, names: Mapping[int, str]) -> CaseFlag:
    """Return an entry of the audit log as a flag. `names` are the moderators' names by account id."""
    account_id = _account_id(entry)
    name = None if account_id is None else names.get(account_id)
    return CaseFlag(
        case=entry.subject,
        concern=json.loads(entry.details).get("concern", Concern.OTHER),
        by=entry.actor if name is None else name,
        time=entry.created_at[:_MINUTE_LENGTH],
        state=state,
    )
