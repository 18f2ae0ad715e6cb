"""Queries that decide whether an analysis opens a case. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_, select, text
from sqlalchemy.orm import Session, selectinload

from webapp.db.case_queries import lock_cases
from webapp.db.near_duplicates import near_analyses
from webapp.db.tables import Analysis, Case, CaseItem, Consent, Feedback, Gold
from webapp.domain.enums import CaseState

# Analyses per query.
_BATCH = 500
# Any number that all processes of this application share and no other advisory lock uses.
_LOCK = 0x43415345


def lock_case_creation(session: Session) -> None:
    """Serialise transactions that open cases, so that concurrent near-duplicates share one case."""
    lock_cases(session)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def lock_analysis_with_media(session: Session, receipt_hash: str) -> Analysis | None:
    """Return and lock an analysis that can become a case, with faces, fingerprints and consent; else None.

    It needs a stored file, and a verdict or a conflict. The lock makes a concurrent deletion wait.
    """
    query = (
        select(Analysis)
        .join(Analysis.consent)
        .where(Analysis.receipt_hash == receipt_hash, *_is_triageable())
    )
    loaded = query.options(
        selectinload(Analysis.faces), selectinload(Analysis.fingerprints), selectinload(Analysis.consent)
    )
    return session.scalar(loaded.with_for_update(key_share=True, of=Analysis))


def untriaged_receipt_hashes(session: Session, *, limit: int) -> Sequence[str]:
    """Return receipt hashes of analyses that triage missed, because a process ended early.

    These were never triaged, or not since their last vote.
    """
    has_newer_vote = exists().where(
        Feedback.analysis_id == Analysis.id, Feedback.created_at > Analysis.triaged_at
    )
    query = (
        select(Analysis.receipt_hash)
        .join(Analysis.consent)
        .where(*_is_triageable(), or_(Analysis.triaged_at.is_(None), has_newer_vote))
    )
    return session.scalars(query.order_by(Analysis.id).limit(limit)).all()


def open_cases(session: Session, *, after: int, limit: int) -> Sequence[Case]:
    """Return open cases with an id above `after`, in order of ids."""
    query = select(Case).where(Case.state == CaseState.OPEN, Case.id > after).order_by(Case.id).limit(limit)
    return session.scalars(query).all()


def last_votes(session: Session, analysis_id: int) -> dict[int, str]:
    """Return the last vote by subject."""
    last = select(func.max(Feedback.id)).where(Feedback.analysis_id == analysis_id).group_by(Feedback.subject)
    rows = session.execute(select(Feedback.subject, Feedback.vote).where(Feedback.id.in_(last)))
    return dict(rows.all())


def item_of_same_file(session: Session, analysis: Analysis, subject: int) -> CaseItem | None:
    """Return the newest case item of the same subject of the same stored file, from another analysis.

    Its case may be in any state, but is no gold case.
    """
    assert analysis.consent is not None
    query = (
        select(CaseItem)
        .join(Consent, Consent.analysis_id == CaseItem.analysis_id)
        .join(CaseItem.case)
        .where(
            Consent.media_id == analysis.consent.media_id,
            CaseItem.subject == subject,
            CaseItem.analysis_id != analysis.id,
            ~_is_gold(),
        )
        .order_by(CaseItem.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def has_triaged_copy(session: Session, analysis: Analysis) -> bool:
    """Return True if triage has considered another analysis of the same stored file by the same model."""
    assert analysis.consent is not None
    query = (
        select(Analysis.id)
        .join(Analysis.consent)
        .where(
            Consent.media_id == analysis.consent.media_id,
            Analysis.id != analysis.id,
            Analysis.model_sha256 == analysis.model_sha256,
            Analysis.triaged_at.is_not(None),
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def triaged_near_duplicates(session: Session, analysis: Analysis, *, limit: int) -> list[Analysis]:
    """Return at most `limit` near-duplicates by the same model that triage has considered, nearest first."""
    distances = near_analyses(session, analysis)
    found: list[Analysis] = []
    ids = sorted(distances, key=lambda analysis_id: (distances[analysis_id], analysis_id))
    for start in range(0, len(ids), _BATCH):
        query = select(Analysis).where(
            Analysis.id.in_(ids[start : start + _BATCH]),
            Analysis.model_sha256 == analysis.model_sha256,
            Analysis.triaged_at.is_not(None),
        )
        batch = session.scalars(query.options(selectinload(Analysis.faces))).all()
        found += sorted(batch, key=lambda near: (distances[near.id], near.id))
        if len(found) >= limit:
            break
    return found[:limit]


def near_duplicate_cases(session: Session, analysis: Analysis, *, limit: int) -> list[int]:
    """Return ids of at most `limit` undecided cases of near-duplicates, nearest first."""
    distances = near_analyses(session, analysis)
    nearest_first = sorted(distances, key=lambda analysis_id: (distances[analysis_id], analysis_id))
    query = (
        select(CaseItem.analysis_id, CaseItem.case_id)
        .join(CaseItem.case)
        .where(Case.state != CaseState.DECIDED, ~_is_gold())
    )
    case_distances: dict[int, int] = {}
    # Most near-duplicates belong to no case, so they are queried in batches until there are enough cases.
    for start in range(0, len(nearest_first), _BATCH):
        if len(case_distances) >= limit:
            break
        batch = nearest_first[start : start + _BATCH]
        for analysis_id, case_id in session.execute(query.where(CaseItem.analysis_id.in_(batch))):
            distance = distances[analysis_id]
            case_distances[case_id] = min(distance, case_distances.get(case_id, distance))
    nearest_cases = sorted(case_distances, key=lambda case_id: (case_distances[case_id], case_id))
    return nearest_cases[:limit]


def _is_triageable() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for an analysis that can become a case.

    A file without a verdict has nothing to decide on, unless it contradicts its own statements.
    """
    has_question = or_(Analysis.outcome == "verdict", Analysis.conflict.is_not(None))
    return has_question, Consent.media_id.is_not(None)


def _is_gold() -> ColumnElement[bool]:
    """Return the condition on Case that its answer is known."""
    return exists().where(Gold.case_id == Case.id)
