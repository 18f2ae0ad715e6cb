"""Cases that a moderator would rather not label, and that an admin should look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webapp.db import case_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.domain.enums import Action, Concern, Role, user_actor
from webapp.domain.errors import Refused
from webapp.services.accounts import Person, require
from webapp.services.audit.log import AuditService
from webapp.services.moderation.claims import require_claim

LISTED = 100


@dataclass(frozen=True)
class Flag:
    """`time` as text in UTC; `state` of the case now, None where it is gone."""

    case: str
    concern: str
    by: str
    time: str
    state: str | None


class FlagService:
    """Flags stand in the audit log, by the moderator's number and the case's id: nothing of a visitor is in them."""

    def __init__(self, sessions: Sessions, audit: AuditService) -> None:
        self._sessions = sessions
        self._audit = audit

    def flag(self, person: Person | None, public_id: str, concern: str) -> None:
        """Tell the admins of the case that one holds, and give it back. Raises Refused: ..., claim_lost, invalid_flag."""
        known = require(person, Role.MODERATOR)
        if concern not in set(Concern):
            raise Refused("invalid_flag", f"A flag must be one of {', '.join(Concern)}.")
        with self._audit.transaction() as (session, tell):
            queries.lock_cases(session)
            session.delete(require_claim(session, known, public_id))
            tell(Event(user_actor(known.id), Action.CASE_FLAGGED, public_id, {"concern": concern}))

    def flags(self, person: Person | None) -> Sequence[Flag]:
        """The latest ones, for admins."""
        require(person, Role.ADMIN)
        with self._sessions() as session:
            found = queries.flagged_cases(session, limit=LISTED)
            numbers = {
                int(number) for entry, _ in found if (number := entry.actor.removeprefix("user:")).isdigit()
            }
            names = queries.account_names(session, numbers)
            return [_flag(entry, state, names) for entry, state in found]


def _flag(entry: Any, state: str | None, names: dict[int, str]) -> Flag:
    number = entry.actor.removeprefix("user:")
    by = names.get(int(number), entry.actor) if number.isdigit() else entry.actor
    return Flag(
        entry.subject,
        json.loads(entry.details).get("concern", Concern.OTHER),
        by,
        entry.created_at[:16],
        state,
    )
