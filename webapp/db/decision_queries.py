"""Queries of decisions. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, selectinload

from webapp.db.tables import Analysis, Case, CaseItem, Consent, Decision, Gold, Label
from webapp.domain.enums import LabelValue, Reason


@dataclass(frozen=True)
class ScoreRange:
    """Range of scores, both ends included, of one model for images or clips."""

    kind: str
    model_sha256: str
    lowest: float
    highest: float


def items_with_decisions(
    session: Session, analysis_id: int, before: datetime
) -> Sequence[tuple[CaseItem, Decision | None]]:
    """Return the case items of an analysis by subject, each with its decision made at or before a time.

    The decision is None if there is none yet. Gold cases are left out.
    """
    is_current_decision = (
        (Decision.case_id == CaseItem.case_id)
        & Decision.undone_at.is_(None)
        & (Decision.decided_at <= before)
    )
    is_gold = exists().where(Gold.case_id == Case.id)
    query = (
        select(CaseItem, Decision)
        .join(Decision, is_current_decision, isouter=True)
        .join(CaseItem.case)
        .where(CaseItem.analysis_id == analysis_id, ~is_gold)
        .order_by(CaseItem.subject)
    )
    return [(item, decision) for item, decision in session.execute(query)]


def decided_cases(session: Session, before: datetime) -> Sequence[Decision]:
    """Return decisions made at or before a time and not undone, oldest first, with analyses and labels."""
    query = select(Decision).where(Decision.undone_at.is_(None), Decision.decided_at <= before)
    analysis = selectinload(Decision.case).selectinload(Case.items).selectinload(CaseItem.analysis)
    label = selectinload(Decision.case).selectinload(Case.labels)
    loaded = query.options(
        analysis.selectinload(Analysis.faces),
        analysis.selectinload(Analysis.consent).selectinload(Consent.media),
        label.selectinload(Label.tags),
        label.selectinload(Label.region),
        label.selectinload(Label.account),
    )
    return session.scalars(loaded.order_by(Decision.id)).all()


def count_audit_sample(session: Session, scored: ScoreRange, before: datetime) -> tuple[int, int]:
    """Return two numbers of audit-sample cases: those decided real or fake, and those decided fake.

    Only cases with a score in the range `scored` and a decision made at or before a time count. Each case
    counts once.
    """
    first_items = (
        select(func.min(CaseItem.id)).where(CaseItem.reason == Reason.AUDIT).group_by(CaseItem.case_id)
    )
    is_gold = exists().where(Gold.case_id == CaseItem.case_id)
    query = (
        select(Decision.value, func.count())
        .select_from(CaseItem)
        .join(Decision, Decision.case_id == CaseItem.case_id)
        .join(Analysis, Analysis.id == CaseItem.analysis_id)
        .where(
            CaseItem.id.in_(first_items),
            CaseItem.fake_prob.between(scored.lowest, scored.highest),
            Analysis.kind == scored.kind,
            Analysis.model_sha256 == scored.model_sha256,
            Decision.undone_at.is_(None),
            Decision.decided_at <= before,
            Decision.value.in_((LabelValue.REAL, LabelValue.FAKE)),
            ~is_gold,
        )
        .group_by(Decision.value)
    )
    counts = dict(session.execute(query).all())
    return sum(counts.values()), counts.get(LabelValue.FAKE, 0)
