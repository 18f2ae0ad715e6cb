"""Queries of decisions, on a database with a decided case."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.db.decision_queries import ScoreRange, count_audit_sample, decided_cases, items_with_decisions
from webapp.db.tables import CaseItem, Decision
from webapp.domain.clock import now
from webapp.domain.enums import Reason


def test_decisions_before_a_time(session: Session) -> None:
    (decision,) = decided_cases(session, now())
    assert [label.value for label in decision.case.labels] == ["real"] * 4
    assert decided_cases(session, decision.decided_at - timedelta(seconds=1)) == []
    item = decision.case.items[0]
    assert items_with_decisions(session, item.analysis_id, now()) == [(item, decision)]
    earlier = items_with_decisions(session, item.analysis_id, decision.decided_at - timedelta(seconds=1))
    assert earlier == [(item, None)]
    decision.undone_at = now()
    session.flush()
    assert decided_cases(session, now()) == []


def test_audit_sample_counts_random_cases_only(session: Session) -> None:
    item, decision = session.scalars(select(CaseItem)).one(), session.scalars(select(Decision)).one()
    scores = ScoreRange("image", item.analysis.model_sha256, 0.0, 1.0)
    assert count_audit_sample(session, scores, now()) == (0, 0)
    item.reason = Reason.AUDIT
    session.flush()
    assert count_audit_sample(session, scores, now()) == (1, 0)
    decision.value = "fake"
    session.flush()
    assert count_audit_sample(session, scores, now()) == (1, 1)
