"""Moderators' work on a result, as its receipt shows it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from webapp.db.decision_queries import items_with_decisions
from webapp.db.tables import Analysis, CaseItem, Decision
from webapp.domain.clock import now
from webapp.services.analysis_records.subjects import Subject, subjects_of
from webapp.services.label_quality.score_reliability import reliability_of
from webapp.services.results.documents import (
    DecidedFace,
    DecisionDocument,
    FaceReliability,
    ModerationOutcome,
)


def moderation_outcome(session: Session, analysis: Analysis, undo_period: timedelta) -> ModerationOutcome:
    """Return decisions, waiting faces and score reliability of a result.

    A decision appears after `undo_period`, in which moderators may undo it.
    """
    decisions: list[DecidedFace] = []
    waiting: list[int] = []
    for item, decision in items_with_decisions(session, analysis.id, now() - undo_period):
        if decision is None:
            waiting.append(item.subject)
        else:
            decisions.append(_decided_face(analysis, item, decision))
    reliabilities = [
        _face_reliability(session, analysis, subject, undo_period) for subject in subjects_of(analysis)
    ]
    return ModerationOutcome(
        decision=DecisionDocument(faces=decisions) if decisions else None,
        waiting=waiting,
        reliability=[reliability for reliability in reliabilities if reliability is not None],
    )


def _face_reliability(
    session: Session, analysis: Analysis, subject: Subject, undo_period: timedelta
) -> FaceReliability | None:
    if subject.fake_prob is None:
        return None
    reliability = reliability_of(
        session,
        kind=analysis.kind,
        model_sha256=analysis.model_sha256,
        fake_prob=subject.fake_prob,
        delay=undo_period,
    )
    if reliability is None:
        return None
    return FaceReliability(face=subject.number, **reliability.figures().model_dump())


def _decided_face(analysis: Analysis, item: CaseItem, decision: Decision) -> DecidedFace:
    media = None if analysis.consent is None else analysis.consent.media
    return DecidedFace(
        face=item.subject,
        value=decision.value,
        how=decision.how,
        decided_at=decision.decided_at,
        exact=media is not None and media.sha256 == decision.media_sha256,
    )
