"""Three months of labels by three moderators, with known statistics."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.webapp.services.conftest import picture
from webapp.db.session import Sessions
from webapp.db.tables import Account, Case, Gold, Label, RegionAgreement
from webapp.domain.clock import now
from webapp.domain.enums import LabelValue, Reason, Role, Stage
from webapp.services.accounts import Person
from webapp.services.audit.log import AuditService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules, open_case

CASES = 36
# Gold cases of the first month.
GOLD = (1, 3)
# Of the cases that the second moderator labels unlike the first: those where they switch, one that a third
# label settles, and one that stays disputed.
CHANGED = (0, 18)
SETTLED = 9
DISPUTED = 27
REGIONS = {"1.2": 12, "<2>": 4}


def work(sessions: Sessions) -> str:
    """Label all cases as mia, noah and olga; return the public id of the one that stays disputed."""
    ids = [_case(sessions, number) for number in range(CASES)]
    with sessions.begin() as session:
        for number, case in enumerate(ids):
            row = session.scalars(select(Case).where(Case.public_id == case)).one()
            then = datetime(2026, 7 + number // 12, 15, tzinfo=UTC)
            session.execute(
                update(Label).where(Label.case_id == row.id).values(created_at=then, seconds=20.0 + number)
            )
            if number in GOLD:
                session.add(Gold(case_id=row.id, value=LabelValue.FAKE, created_at=now()))
        _compare(session)
    return ids[DISPUTED]


def _case(sessions: Sessions, number: int) -> str:
    with sessions.begin() as session:
        analysis = picture(0.5)
        session.add(analysis)
        session.flush()
        case = open_case(session, analysis, 1, Reason.UNCERTAINTY, TriageRules()).public_id
    first, other = ("fake", "real") if number % 2 else ("real", "fake")
    _says(sessions, "mia", first)
    if number % 9:
        _says(sessions, "noah", first)
    else:
        _says(sessions, "noah", other, first if number in CHANGED else None)
    if number == SETTLED:
        _says(sessions, "olga", first)
    elif number == DISPUTED:
        _says(sessions, "olga", "cannot_tell")
    return case


def _says(sessions: Sessions, name: str, blind: str, final: str | None = None) -> None:
    with sessions() as session:
        account = session.scalars(select(Account).where(Account.name == name)).one()
    person = Person(account.id, name, Role(account.role))
    labelling = LabellingService(CaseEvents(AuditService(sessions, None)))
    case = ClaimService(sessions).take(person)
    assert case is not None
    labelling.submit_blind(person, case, LabelInput(blind, 2))
    labelling.submit_final(person, case, None if final is None else LabelInput(final, 2))


def _compare(session: Session) -> None:
    """Store region agreements; the heatmap's peak misses every fourth region."""
    labels = session.scalars(
        select(Label.id).where(Label.stage == Stage.FINAL, Label.value == LabelValue.FAKE).order_by(Label.id)
    ).all()
    for version, count in REGIONS.items():
        for number, label in enumerate(labels[:count]):
            found = {"hit": number % 4 > 0, "iou": 0.25 if number % 2 else 0.5}
            named = {"model_version": version, "model_sha256": version[:1].encode().hex() * 32}
            session.add(RegionAgreement(label_id=label, created_at=now(), **named, **found))
