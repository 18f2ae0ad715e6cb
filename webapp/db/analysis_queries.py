"""Questions to the database; each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from webapp.db.tables import Analysis, Consent, Face, Feedback, Media, Rescore


def analysis_by_receipt(session: Session, receipt_hash: str) -> Analysis | None:
    return session.scalar(select(Analysis).where(Analysis.receipt_hash == receipt_hash))


def delete_analysis(session: Session, receipt_hash: str) -> int | None:
    """Delete one with all that refers to it (the database follows); its id, None where there was none."""
    gone = session.execute(
        delete(Analysis).where(Analysis.receipt_hash == receipt_hash).returning(Analysis.id)
    ).all()
    return gone[0].id if gone else None


def set_stability(session: Session, receipt_hash: str, is_stable: bool, faces: Mapping[int, bool]) -> None:
    """Store whether the verdicts of an analysis and, by number, of its faces are stable. A deleted analysis is ignored."""
    changed = (
        update(Analysis)
        .where(Analysis.receipt_hash == receipt_hash)
        .values(is_stable=is_stable)
        .returning(Analysis.id)
        .execution_options(synchronize_session=False)
    )
    analysis_id = session.scalar(changed)
    if analysis_id is None:
        return
    for value in (True, False):
        numbers = [number for number, stable in faces.items() if stable is value]
        if numbers:
            session.execute(
                update(Face)
                .where(Face.analysis_id == analysis_id, Face.number.in_(numbers))
                .values(is_stable=value)
                .execution_options(synchronize_session=False)
            )


def delete_analyses_before(session: Session, before: datetime, *, limit: int) -> int:
    """Delete at most `limit` analyses of before a time, the oldest first, with all that refers to them; how many."""
    oldest = (
        select(Analysis.id)
        .where(Analysis.created_at < before)
        .order_by(Analysis.created_at, Analysis.id)
        .limit(limit)
    )
    return len(session.execute(delete(Analysis).where(Analysis.id.in_(oldest)).returning(Analysis.id)).all())


def consent_by_receipt(session: Session, receipt_hash: str) -> Consent | None:
    """With its media, to be used after the session's end."""
    held = select(Consent).join(Consent.analysis).where(Analysis.receipt_hash == receipt_hash)
    return session.scalar(held.options(joinedload(Consent.media)))


def media_by_sha256(session: Session, sha256: str) -> Media | None:
    return session.scalar(select(Media).where(Media.sha256 == sha256))


def media_names(session: Session) -> set[str]:
    """What the store's files are called."""
    return set(session.scalars(select(Media.name)))


def stored_bytes(session: Session) -> int:
    """How much room all kept media takes."""
    return session.scalar(select(func.coalesce(func.sum(Media.bytes), 0))) or 0


def delete_unreferenced_media(session: Session) -> list[str]:
    """Delete the rows of media that nobody's consent keeps any more; the names of their files, to be removed after the commit.

    Where writers go on side by side (PostgreSQL), locking waits for whoever is about to hold a row, and the second look sees it held.
    """
    kept = select(Consent.analysis_id).where(Consent.media_id == Media.id).exists()
    loose = list(session.scalars(select(Media.id).where(~kept).with_for_update()))
    gone = delete(Media).where(Media.id.in_(loose), ~kept).returning(Media.name)
    return list(session.scalars(gone.execution_options(synchronize_session=False))) if loose else []


def consents_to_rescore(session: Session, model_sha256: str, limit: int | None) -> list[tuple[int, Consent]]:
    """Analyses (ids) with a verdict and a kept file that this model has not judged, the newest first, with the consent and its media."""
    judged = (
        select(Rescore.id)
        .where(Rescore.analysis_id == Analysis.id, Rescore.model_sha256 == model_sha256)
        .exists()
    )
    wanted = (
        Analysis.verdict.is_not(None),
        Analysis.model_sha256 != model_sha256,
        Consent.media_id.is_not(None),
        ~judged,
    )
    query = select(Consent).join(Consent.analysis).where(*wanted).order_by(Analysis.id.desc()).limit(limit)
    return [
        (consent.analysis_id, consent)
        for consent in session.scalars(query.options(joinedload(Consent.media)))
    ]


def feedback_by_key(session: Session, key: str) -> Feedback | None:
    return session.scalar(select(Feedback).where(Feedback.idempotency_key == key))


def count_subjects(session: Session, analysis: Analysis) -> int:
    """How many faces (of a picture) or persons (of a clip) can be voted on."""
    if analysis.kind == "image":
        return (
            session.scalar(select(func.count()).select_from(Face).where(Face.analysis_id == analysis.id)) or 0
        )
    last = session.scalar(select(func.max(Face.track)).where(Face.analysis_id == analysis.id))
    return 0 if last is None else last + 1
