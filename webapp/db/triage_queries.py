"""Questions on the way from a result to a case; each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_, select, text
from sqlalchemy.orm import Session, selectinload

from webapp.db.case_queries import lock_cases
from webapp.db.near_duplicates import fingerprint_bits, near
from webapp.db.tables import Analysis, Case, CaseItem, Consent, Feedback, Gold
from webapp.domain.enums import CaseState

_AT_ONCE = 500  # analyses asked for in one question
_LOCK = 0x43415345  # of PostgreSQL: any number that all processes of this application share, and that no other lock of it has


def lock_case_creation(session: Session) -> None:
    """Whoever opens cases does so alone, so that near copies that come at once make one case."""
    lock_cases(session)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def lock_analysis_with_media(session: Session, receipt_hash: str) -> Analysis | None:
    """One with a verdict whose file is kept, with all that is needed to open cases; None for others.

    It is locked: a deletion waits, or has come first.
    """
    query = select(Analysis).join(Analysis.consent).where(Analysis.receipt_hash == receipt_hash, *_lookable())
    loaded = query.options(
        selectinload(Analysis.faces), selectinload(Analysis.fingerprints), selectinload(Analysis.consent)
    )
    return session.scalar(loaded.with_for_update(key_share=True, of=Analysis))


def untriaged_receipt_hashes(session: Session, *, limit: int) -> Sequence[str]:
    """Receipts' hashes of results that were not looked at, or not since a vote came: the process ended in between."""
    newer = exists().where(Feedback.analysis_id == Analysis.id, Feedback.created_at > Analysis.triaged_at)
    query = (
        select(Analysis.receipt_hash)
        .join(Analysis.consent)
        .where(*_lookable(), or_(Analysis.triaged_at.is_(None), newer))
    )
    return session.scalars(query.order_by(Analysis.id).limit(limit)).all()


def open_cases(session: Session, *, after: int, limit: int) -> Sequence[Case]:
    """By their ids, which are greater than `after`."""
    found = select(Case).where(Case.state == CaseState.OPEN, Case.id > after).order_by(Case.id).limit(limit)
    return session.scalars(found).all()


def last_votes(session: Session, analysis_id: int) -> dict[int, str]:
    """By subject, the one that counts."""
    last = select(func.max(Feedback.id)).where(Feedback.analysis_id == analysis_id).group_by(Feedback.subject)
    rows = session.execute(select(Feedback.subject, Feedback.vote).where(Feedback.id.in_(last)))
    return {subject: vote for subject, vote in rows}  # noqa: C416  # of mere tuples


def item_of_same_file(session: Session, analysis: Analysis, subject: int) -> CaseItem | None:
    """The newest item of the very same kept file, whatever became of its case, unless that one tests the moderators."""
    assert analysis.consent is not None
    same = Consent.media_id == analysis.consent.media_id
    query = select(CaseItem).join(Consent, Consent.analysis_id == CaseItem.analysis_id).join(CaseItem.case)
    others = query.where(same, CaseItem.subject == subject, CaseItem.analysis_id != analysis.id, ~_is_gold())
    return session.scalar(others.order_by(CaseItem.id.desc()).limit(1))


def near_duplicate_cases(session: Session, analysis: Analysis, *, limit: int) -> list[int]:
    """Cases that are not decided, of nearly the same picture, nearest first: `limit` or some more."""
    nearest: dict[int, int] = {}
    for found in analysis.fingerprints:
        for other in near(session, fingerprint_bits(found)):
            nearest[other.analysis_id] = min(other.distance, nearest.get(other.analysis_id, other.distance))
    nearest.pop(analysis.id, None)
    order = sorted(nearest, key=lambda number: (nearest[number], number))
    query = (
        select(CaseItem.analysis_id, CaseItem.case_id)
        .join(CaseItem.case)
        .where(Case.state != CaseState.DECIDED, ~_is_gold())
    )
    cases: dict[int, int] = {}  # and how near
    for start in range(0, len(order), _AT_ONCE):  # most near copies need not be of any case
        if len(cases) < limit:
            for number, case in session.execute(
                query.where(CaseItem.analysis_id.in_(order[start : start + _AT_ONCE]))
            ):
                cases[case] = min(nearest[number], cases.get(case, nearest[number]))
    return sorted(cases, key=lambda case: (cases[case], case))


def _lookable() -> tuple[ColumnElement[bool], ...]:
    return Analysis.outcome == "verdict", Consent.media_id.is_not(None)


def _is_gold() -> ColumnElement[bool]:
    """A condition on Case."""
    return exists().where(Gold.case_id == Case.id)
