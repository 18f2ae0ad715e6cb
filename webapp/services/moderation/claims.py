"""Claims: leases by which a moderator works on one case at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.db import case_queries as queries
from webapp.db.session import Sessions
from webapp.db.tables import Case, Claim
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.security.tokens import random_fraction
from webapp.services.accounts import Person, require

# Retries after another moderator took the same slot first.
_ATTEMPTS = 5


class ClaimService:
    """Gives cases to moderators.

    A claim lasts `hold` from the moderator's last activity. While other cases wait too, `gold_share` of the
    claims are for gold cases, which look like any other. `draw` returns random floats in [0, 1). Every method
    raises Refused with not_signed_in or not_allowed.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        hold: timedelta = timedelta(minutes=10),
        gold_share: float = 0.0,
        draw: Callable[[], float] = random_fraction,
    ) -> None:
        self._sessions = sessions
        self._hold = hold
        self._gold_share = gold_share
        self._draw = draw

    def take(self, person: Person | None, skipped: Sequence[str] = ()) -> str | None:
        """Return the public id of the claimed case, or claim the next one. None if no case waits.

        A unique row per slot prevents two claims of one slot. The second moderator tries again.
        """
        moderator = require(person, Role.MODERATOR)
        for _ in range(_ATTEMPTS):
            try:
                with self._sessions.begin() as session:
                    return self._take(session, moderator, skipped)
            except IntegrityError:
                continue
        return None

    def take_case(self, person: Person | None, public_id: str) -> None:
        """Claim this open case and release any other: after an undo, or for an admin who follows a flag.

        Raises Refused also with not_waiting: the case is decided, disputed, fully claimed or finished by the
        person.
        """
        moderator = require(person, Role.MODERATOR)
        try:
            with self._sessions.begin() as session:
                queries.lock_cases(session)
                queries.delete_expired_claims(session, now())
                present = queries.claim_of_account(session, moderator.id)
                if present is not None and present.case.public_id == public_id:
                    return
                if present is not None:
                    session.delete(present)
                    session.flush()
                case = queries.claimable_case(session, moderator.id, public_id)
                if case is None:
                    raise _not_waiting()
                self._add_claim(session, moderator, case)
        # Another moderator took the slot meanwhile.
        except IntegrityError as error:
            raise _not_waiting() from error

    def renew(self, person: Person | None, public_id: str) -> datetime:
        """Extend the claim and return its new end. Raises Refused also with claim_lost."""
        moderator = require(person, Role.MODERATOR)
        with self._sessions.begin() as session:
            claim = require_claim(session, moderator, public_id)
            claim.until = now() + self._hold
            return claim.until

    def release(self, person: Person | None) -> None:
        """Give back the claimed case, if there is one."""
        moderator = require(person, Role.MODERATOR)
        with self._sessions.begin() as session:
            claim = queries.claim_of_account(session, moderator.id)
            if claim is not None:
                session.delete(claim)

    def _take(self, session: Session, moderator: Person, skipped: Sequence[str]) -> str | None:
        queries.lock_cases(session)
        moment = now()
        queries.delete_expired_claims(session, moment)
        present = queries.claim_of_account(session, moderator.id)
        if present is not None:
            present.until = moment + self._hold
            return present.case.public_id
        case = queries.next_case(session, moderator.id, skipped)
        if case is None:
            return None
        if self._draw() < self._gold_share:
            case = queries.gold_case_at(session, moderator.id, skipped, self._draw()) or case
        self._add_claim(session, moderator, case)
        return case.public_id

    def _add_claim(self, session: Session, moderator: Person, case: Case) -> None:
        moment = now()
        claim = Claim(
            case_id=case.id,
            account_id=moderator.id,
            slot=_free_slot(session, case),
            taken_at=moment,
            until=moment + self._hold,
        )
        session.add(claim)


def require_claim(session: Session, person: Person, public_id: str) -> Claim:
    """Return the person's claim on a case. Raises Refused with claim_lost if it expired or never existed."""
    claim = queries.claim_of_account(session, person.id)
    if claim is None or claim.case.public_id != public_id or claim.until <= now():
        raise Refused("claim_lost", "You no longer hold this case. Take the next one.")
    return claim


def _not_waiting() -> Refused:
    return Refused("not_waiting", "This case is not waiting for a label of yours.")


def _free_slot(session: Session, case: Case) -> int:
    used = queries.used_slots(session, case.id)
    return next(slot for slot in range(1, len(used) + 2) if slot not in used)
