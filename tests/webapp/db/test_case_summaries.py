"""Tests of the summary of a case: kept up by services, equal to that of the migration."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.orm import Session

from tests.webapp.services.conftest import picture
from webapp.db import case_queries, case_summaries
from webapp.db.migrations.versions import r0016_case_list as migration
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Case, CaseItem, Decision, Face
from webapp.domain.clock import now
from webapp.domain.enums import Reason
from webapp.services.analysis_records.subjects import subject_of
from webapp.services.moderation.ranking import TriageRules, add_item

pytestmark = pytest.mark.both_databases
SUMMARY = (
    Case.kind,
    Case.reason,
    Case.model_version,
    Case.verdict,
    Case.has_conflict,
    Case.decided_at,
    Case.decided_value,
)


def summaries(session: Session) -> list[Row[tuple[object, ...]]]:
    return list(session.execute(select(*SUMMARY).order_by(Case.id)))


def clip(fake_prob: float) -> Analysis:
    """Return a clip with one person, whose track has this score."""
    analysis = picture(0.95)
    analysis.kind = "video"
    analysis.temperature, analysis.real_below, analysis.fake_above = 1.0, 0.2, 0.8
    analysis.faces = [
        Face(number=1, x1=0, y1=0, x2=9, y2=9, detection_prob=1, fake_logit=0.0, fake_prob=fake_prob, track=0)
    ]
    return analysis


@pytest.fixture
def open_case(sessions: Sessions) -> Callable[..., int]:
    """Return a function that opens a case on an unsaved analysis, or adds it to one; it returns the id."""

    def opened(
        analysis: Analysis, subject: int = 1, case_id: int | None = None, reason: Reason = Reason.REPORT
    ) -> int:
        with sessions.begin() as session:
            session.add(analysis)
            session.flush()
            known = None if case_id is None else session.get(Case, case_id)
            return add_item(session, known, analysis, subject, reason=reason, rules=TriageRules()).id

    return opened


def test_verdict_is_that_of_the_subject(sessions: Sessions, open_case: Callable[..., int]) -> None:
    face, whole = picture(0.95), picture(0.95)
    face.faces[0].verdict = whole.faces[0].verdict = "real"
    unscored = clip(0.5)
    unscored.real_below = None
    for analysis, subject in ((face, 1), (whole, 0), (clip(0.5), 1), (unscored, 1)):
        open_case(analysis, subject)
    with sessions() as session:
        verdicts = list(session.scalars(select(Case.verdict).order_by(Case.id)))
        assert verdicts == ["real", "fake", "inconclusive", "fake"]
        for item in session.scalars(select(CaseItem).order_by(CaseItem.id)):
            subject = subject_of(item.analysis, item.subject)
            judged = item.analysis if subject is None else subject
            assert judged.verdict == item.case.verdict


def test_first_item_counts_for_all_but_a_conflict(sessions: Sessions, open_case: Callable[..., int]) -> None:
    later = picture(0.05)
    later.model_version, later.conflict = "2", "camera_but_fake"
    first = picture(0.95)
    case_id = open_case(first, reason=Reason.AUDIT)
    open_case(later, case_id=case_id)
    with sessions.begin() as session:
        assert summaries(session) == [("image", "audit", "1", "fake", True, None, None)]
        analyses = select(Analysis.id).where(Analysis.id == first.id)
        case_ids = case_queries.case_ids_of(session, analyses)
        assert case_ids == [case_id]
        session.execute(delete(Analysis).where(Analysis.id == first.id))
        case_summaries.refresh(session, case_ids)
        assert summaries(session) == [("image", "report", "2", "real", True, None, None)]


def test_last_decision_that_was_not_undone_counts(sessions: Sessions, open_case: Callable[..., int]) -> None:
    case_id, moment = open_case(picture(0.5)), now()
    with sessions.begin() as session:
        case = session.get_one(Case, case_id)
        for value, undone_at in (("real", None), ("fake", None), ("unusable", moment)):
            decision = Decision(value=value, how="agreement", decided_at=moment, undone_at=undone_at)
            case.decisions.append(decision)
        case_summaries.refresh(session, [case_id])
        # The loaded object has the new values too.
        assert (case.decided_value, case.decided_at) == ("fake", moment)
        session.execute(update(Decision).values(undone_at=moment))
        case_summaries.refresh_all(session)
        assert (case.decided_value, case.decided_at) == (None, None)


def test_migration_writes_the_same_summaries(sessions: Sessions, open_case: Callable[..., int]) -> None:
    conflicting = picture(0.5)
    conflicting.conflict = "camera_but_fake"
    for analysis, subject in ((picture(0.95), 0), (conflicting, 1), (clip(0.1), 1), (clip(0.9), 0)):
        case_id = open_case(analysis, subject)
    with sessions.begin() as session:
        session.add(Decision(case_id=case_id, value="fake", how="agreement", decided_at=now()))
        case_summaries.refresh_all(session)
        by_query = summaries(session)
        session.execute(update(Case).values(kind=None, verdict=None, reason=None, decided_value=None))
        session.execute(text(migration.SUMMARY))
        assert summaries(session) == by_query
