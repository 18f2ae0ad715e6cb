"""Who holds which case, and for how long."""

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

_TRIES = 5


class ClaimService:
    """A claim lasts `hold` from the last activity. Every method raises Refused: not_signed_in, not_allowed.

    `gold_share` of what is given out are cases with a known answer, as long as others wait too; nothing tells them apart.
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
        self._draw = random_fraction

    def take(self, person: Person | None, skipped: Sequence[str] = ()) -> str | None:
        """The public id of the case the person holds, or of the next one, which he holds from now on; None where there is none.

        No slot is ever held twice: the database has one row for each, and whoever comes second looks again.
        """
        known = require(person, Role.MODERATOR)
        for _ in range(_TRIES):
            try:
                with self._sessions.begin() as session:
                    return self._take(session, known, skipped)
            except IntegrityError:  # somebody was faster
                continue
        return None

    def take_case(self, person: Person | None, public_id: str) -> None:
        """Hold a certain open case, giving back any other: one's own label was undone, or an admin follows a flag.

        Raises Refused also with not_waiting: decided, disputed, taken by as many as it wants, or labelled by the person to the end.
        """
        known = require(person, Role.MODERATOR)
        try:
            with self._sessions.begin() as session:
                queries.lock_cases(session)
                queries.delete_expired_claims(session, now())
                mine = queries.claim_of_account(session, known.id)
                if mine is not None and mine.case.public_id == public_id:
                    return
                if mine is not None:
                    session.delete(mine)
                    session.flush()
                case = queries.claimable_case(session, known.id, public_id)
                if case is None:
                    raise _not_waiting()
                self._hold_it(session, known, case)
        except IntegrityError as error:  # somebody was faster
            raise _not_waiting() from error

    def renew(self, person: Person | None, public_id: str) -> datetime:
        """Hold on for longer; returns until when. Raises Refused: claim_lost."""
        known = require(person, Role.MODERATOR)
        with self._sessions.begin() as session:
            claim = require_claim(session, known, public_id)
            claim.until = now() + self._hold
            return claim.until

    def release(self, person: Person | None) -> None:
        """Give back whatever the person holds: skipped, or signed out."""
        known = require(person, Role.MODERATOR)
        with self._sessions.begin() as session:
            claim = queries.claim_of_account(session, known.id)
            if claim is not None:
                session.delete(claim)

    def _take(self, session: Session, person: Person, skipped: Sequence[str]) -> str | None:
        queries.lock_cases(session)
        moment = now()
        queries.delete_expired_claims(session, moment)
        mine = queries.claim_of_account(session, person.id)
        if mine is not None:
            mine.until = moment + self._hold
            return mine.case.public_id
        case = queries.next_case(session, person.id, skipped)
        if case is None:
            return None
        if self._draw() < self._gold_share:
            case = queries.gold_case_at(session, person.id, skipped, self._draw()) or case
        self._hold_it(session, person, case)
        return case.public_id

    def _hold_it(self, session: Session, person: Person, case: Case) -> None:
        moment = now()
        slot = _free_slot(session, case)
        session.add(
            Claim(
                case_id=case.id, account_id=person.id, slot=slot, taken_at=moment, until=moment + self._hold
            )
        )


def _not_waiting() -> Refused:
    return Refused("not_waiting", "This case is not waiting for a label of yours.")


def _free_slot(session: Session, case: Case) -> int:
    used = queries.used_slots(session, case.id)
    return next(slot for slot in range(1, len(used) + 2) if slot not in used)


def require_claim(session: Session, person: Person, public_id: str) -> Claim:
    """The person's claim on a case. Raises Refused: claim_lost where it has expired or never was."""
    claim = queries.claim_of_account(session, person.id)
    if claim is None or claim.case.public_id != public_id or claim.until <= now():
        raise Refused("claim_lost", "You no longer hold this case. Take the next one.")
    return claim
