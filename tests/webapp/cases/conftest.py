"""Cases over a real database; analyses are rows, for what is tested here is what moderators do with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import insert

from webapp.db.session import Sessions
from webapp.db.tables import Account, Analysis, Face, Feedback
from webapp.domain import Reason, Role, Vote, new_key, new_receipt, now, receipt_hash
from webapp.services.accounts import Person
from webapp.services.cases.claims import ClaimService
from webapp.services.cases.labelling import LabellingService
from webapp.services.cases.opening import Rules, open_case

Opens = Callable[..., str]


@pytest.fixture
def opens(sessions: Sessions) -> Opens:
    """Opens a case on a picture of its own with one face; gives the case's public id."""

    def opened(
        fake_prob: float = 0.5, *, votes: tuple[Vote, ...] = (), reason: Reason = Reason.UNCERTAINTY, rules: Rules | None = None
    ) -> str:
        with sessions.begin() as session:
            analysis = picture(fake_prob, votes)
            session.add(analysis)
            session.flush()
            return open_case(session, analysis, 1, reason, rules or Rules()).public_id

    return opened


def picture(fake_prob: float, votes: tuple[Vote, ...] = ()) -> Analysis:
    verdict = "real" if fake_prob < 0.2 else "fake" if fake_prob > 0.8 else "inconclusive"
    face = Face(number=1, x1=0, y1=0, x2=99, y2=99, detection_prob=1, fake_logit=0, fake_prob=fake_prob, verdict=verdict)
    said = [Feedback(created_at=now(), subject=1, vote=vote, note="", idempotency_key=new_key()) for vote in votes]
    return Analysis(
        receipt_hash=receipt_hash(new_receipt()), created_at=now(), media_sha256="0" * 64, kind="image", outcome="verdict", verdict=verdict,
        fake_prob=fake_prob, seconds=1, model_name="m", model_version="1", model_sha256="f" * 64, faces=[face], feedback=said,
    )  # fmt: skip


@pytest.fixture
def people(sessions: Sessions) -> list[Person]:
    """An admin and sixty moderators."""
    names = ["admin", *(f"moderator{number}" for number in range(60))]
    roles = [Role.ADMIN, *[Role.MODERATOR] * 60]
    rows = [{"name": name, "role": role, "created_at": now()} for name, role in zip(names, roles, strict=True)]
    with sessions.begin() as session:
        ids = session.scalars(insert(Account).returning(Account.id, sort_by_parameter_order=True), rows).all()
    return [Person(number, name, role) for number, name, role in zip(ids, names, roles, strict=True)]


@pytest.fixture
def claims(sessions: Sessions) -> ClaimService:
    return ClaimService(sessions)


@pytest.fixture
def labelling(sessions: Sessions) -> LabellingService:
    return LabellingService(sessions)
