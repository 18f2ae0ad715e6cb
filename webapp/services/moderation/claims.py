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

# Attempts to claim a case. An attempt fails if another moderator takes the same slot first.
_ATTEMPTS = 5


class ClaimService:
    """Gives cases to moderators.

    A claim lasts for `hold` from the moderator's last activity. While other cases wait too, the share
    `gold_share` in [0, 1] of the claims are for gold cases, which look like any other. `draw` returns random
    floats in [0, 1). Every method raises Refused with not_signed_in or not_allowed.
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
        """Return the public id of the person's claimed case, or claim the next one. None if no case waits.

        `skipped`: public ids of cases that the person does not want now. A unique row per slot prevents two
        claims of one slot; the second moderator's claim is attempted again.
        """
        moderator = require(person, Role.MODERATOR)
        for _ in range(_ATTEMPTS):
            try:
                with self._sessions.begin() as session:
                    return self._renew_or_claim(session, moderator, skipped)
            except IntegrityError:
                continue
        return None

    def take_case(self, person: Person | None, public_id: str) -> None:
        """Claim this open case and release any other that the person has claimed.

        A moderator gets a case back so after an undo, and an admin opens a flagged case. Raises Refused also
        with not_waiting if the case is decided, disputed, fully claimed or finished by the person.
        """
        moderator = require(person, Role.MODERATOR)
        try:
            with self._sessions.begin() as session:
                queries.lock_cases(session)
                queries.delete_expired_claims(session, now())
                claim = queries.claim_of_account(session, moderator.id)
                if claim is not None and claim.case.public_id == public_id:
                    return
                if claim is not None:
                    session.delete(claim)
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

    def _renew_or_claim(self, session: Session, moderator: Person, skipped: Sequence[str]) -> str | None:
        """Renew the moderator's claim, or claim the next case or a gold case instead of it."""
        queries.lock_cases(session)
        moment = now()
        queries.delete_expired_claims(session, moment)
        claim = queries.claim_of_account(session, moderator.id)
        if claim is not None:
            claim.until = moment + self._hold
            return claim.case.public_id
        case = queries.next_case(session, moderator.id, skipped)
        if case is None:
            return None
        if self._draw() < self._gold_share:
            # Without a gold case that waits for the moderator, they get the ordinary one.
            gold_case = queries.gold_case_at(session, moderator.id, skipped, self._draw())
            case = gold_case or case
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
    """Return the lowest free slot of a case. Slots are numbered from 1."""
    used_slots = queries.used_slots(session, case.id)
    slot = 1
    while slot in used_slots:
        slot += 1
    return slot
