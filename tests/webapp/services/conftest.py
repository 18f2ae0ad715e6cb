"""Cases over a real database, whose analyses are rows without files."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp.db.near_duplicates import fingerprint_row
from webapp.db.session import Sessions
from webapp.db.tables import Account, Analysis, Consent, Face, Feedback, Media
from webapp.domain.clock import now
from webapp.domain.enums import Reason, Role, Vote
from webapp.domain.errors import Refused
from webapp.domain.ids import new_id
from webapp.security.tokens import new_key, new_receipt, receipt_hash, report_number
from webapp.services.accounts import Person
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules, open_case

Opens = Callable[..., str]


@pytest.fixture
def opens(sessions: Sessions) -> Opens:
    """Return a function that opens a case on a new picture with one face and returns its public id."""

    def opened(
        fake_prob: float = 0.5,
        *,
        votes: tuple[Vote, ...] = (),
        reason: Reason = Reason.UNCERTAINTY,
        rules: TriageRules | None = None,
    ) -> str:
        with sessions.begin() as session:
            analysis = picture(fake_prob, votes)
            session.add(analysis)
            session.flush()
            return open_case(session, analysis, 1, reason, rules or TriageRules()).public_id

    return opened


def picture(fake_prob: float, votes: tuple[Vote, ...] = ()) -> Analysis:
    """Return the unsaved result of a picture with one face and these votes."""
    verdict = "real" if fake_prob < 0.2 else "fake" if fake_prob > 0.8 else "inconclusive"
    face = Face(
        number=1,
        x1=0,
        y1=0,
        x2=99,
        y2=99,
        detection_prob=1,
        fake_logit=0,
        fake_prob=fake_prob,
        verdict=verdict,
    )
    feedback = [
        Feedback(created_at=now(), subject=1, vote=vote, note="", idempotency_key=new_key()) for vote in votes
    ]
    return Analysis(
        receipt_hash=receipt_hash(new_receipt()),
        created_at=now(),
        media_sha256="0" * 64,
        kind="image",
        outcome="verdict",
        verdict=verdict,
        fake_prob=fake_prob,
        seconds=1,
        model_name="m",
        model_version="1",
        model_sha256="f" * 64,
        faces=[face],
        feedback=feedback,
    )


class Kept:
    """Writer of results whose files are kept, as rows."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._chance = random.Random(1)

    def add(
        self,
        fake_prob: float = 0.5,
        *,
        file: str | None = None,
        bits: int | None = None,
        kept: bool = True,
        **changes: object,
    ) -> str:
        """One with a face of that score; gives the receipt.

        The same `file` is kept once; near `bits` are near copies.
        """
        receipt = new_receipt()
        with self._sessions.begin() as session:
            analysis = picture(fake_prob)
            analysis.receipt_hash, analysis.width, analysis.height = receipt_hash(receipt), 200, 200
            analysis.report_number = report_number(receipt)
            analysis.fingerprints = [
                fingerprint_row(0, self._chance.getrandbits(64) if bits is None else bits)
            ]
            for name, value in changes.items():
                setattr(analysis, name, value)
            session.add(analysis)
            if kept:
                analysis.consent = Consent(
                    given_at=now(), text_version="1", media=self._media(session, file or new_id() * 2)
                )
        return receipt

    def _media(self, session: Session, sha256: str) -> Media:
        found = session.scalar(select(Media).where(Media.sha256 == sha256))
        return found or Media(
            sha256=sha256, name=new_id(), kind="image", format="png", bytes=9, created_at=now()
        )


@pytest.fixture
def kept(sessions: Sessions) -> Kept:
    return Kept(sessions)


@pytest.fixture
def log(sessions: Sessions) -> CaseEvents:
    return CaseEvents(AuditService(sessions, None))


@pytest.fixture
def people(sessions: Sessions) -> list[Person]:
    """An admin and sixty moderators."""
    names = ["admin", *(f"moderator{number}" for number in range(60))]
    roles = [Role.ADMIN, *[Role.MODERATOR] * 60]
    rows = [
        {"name": name, "role": role, "created_at": now()} for name, role in zip(names, roles, strict=True)
    ]
    with sessions.begin() as session:
        ids = session.scalars(insert(Account).returning(Account.id, sort_by_parameter_order=True), rows).all()
    return [Person(number, name, role) for number, name, role in zip(ids, names, roles, strict=True)]


Decides = Callable[..., str]


@pytest.fixture
def decides(claims: ClaimService, labelling: LabellingService, people: list[Person]) -> Decides:
    """Return a function by which two moderators take the next case and agree; it returns the public id."""

    def decided(value: str, by: list[Person] | None = None, **said: object) -> str:
        cases = []
        for person in by or people[1:3]:
            case = claims.take(person)
            assert case is not None
            labelling.submit_blind(person, case, LabelInput(value, 2, **said))  # type: ignore[arg-type]
            labelling.submit_final(person, case)
            cases.append(case)
        assert len(set(cases)) == 1
        return cases[0]

    return decided


@pytest.fixture
def claims(sessions: Sessions) -> ClaimService:
    return ClaimService(sessions)


@pytest.fixture
def labelling(sessions: Sessions) -> LabellingService:
    return LabellingService(CaseEvents(AuditService(sessions, None)))


def refusal_code(call: Callable[..., object], *args: object, **options: object) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(Refused) as refusal:
        call(*args, **options)
    return refusal.value.code
