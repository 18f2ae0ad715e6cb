"""Queries of analyses, media and votes. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from webapp.db.tables import Analysis, Consent, Face, Feedback, Media, Rescore


def analysis_by_receipt(session: Session, receipt_hash: str) -> Analysis | None:
    """Return the analysis of this receipt."""
    return session.scalar(select(Analysis).where(Analysis.receipt_hash == receipt_hash))


def analysis_by_report(session: Session, report_number: str) -> Analysis | None:
    """Return the analysis whose reports have this number."""
    return session.scalar(select(Analysis).where(Analysis.report_number == report_number))


def delete_analysis(session: Session, receipt_hash: str) -> int | None:
    """Delete an analysis with all rows that refer to it. Return its id; None if there was none."""
    deletion = delete(Analysis).where(Analysis.receipt_hash == receipt_hash).returning(Analysis.id)
    row = session.execute(deletion).first()
    return None if row is None else row.id


def set_stability(session: Session, receipt_hash: str, is_stable: bool, faces: Mapping[int, bool]) -> None:
    """Store the stability of the verdicts of an analysis and of its faces.

    `faces`: True for a stable verdict, by the number of the face. A deleted analysis is ignored.
    """
    change = (
        update(Analysis)
        .where(Analysis.receipt_hash == receipt_hash)
        .values(is_stable=is_stable)
        .returning(Analysis.id)
        .execution_options(synchronize_session=False)
    )
    analysis_id = session.scalar(change)
    if analysis_id is None:
        return
    # One statement for all stable faces, and one for all unstable faces.
    for stability in (True, False):
        numbers = [number for number, is_face_stable in faces.items() if is_face_stable is stability]
        if numbers:
            session.execute(
                update(Face)
                .where(Face.analysis_id == analysis_id, Face.number.in_(numbers))
                .values(is_stable=stability)
                .execution_options(synchronize_session=False)
            )


def ids_of_receipt(receipt_hash: str) -> Select[int]:
    """Return the query of the id of the analysis with this receipt."""
    return select(Analysis.id).where(Analysis.receipt_hash == receipt_hash)


def ids_before(before: datetime, *, limit: int) -> Select[int]:
    """Return the query of the ids of at most `limit` analyses created before a time, oldest first."""
    return (
        select(Analysis.id)
        .where(Analysis.created_at < before)
        .order_by(Analysis.created_at, Analysis.id)
        .limit(limit)
    )


def delete_analyses(session: Session, ids: Select[int]) -> int:
    """Delete the analyses of a query of ids, with all rows that refer to them. Return their number."""
    deletion = delete(Analysis).where(Analysis.id.in_(ids)).returning(Analysis.id)
    return len(session.execute(deletion).all())


def consent_by_receipt(session: Session, receipt_hash: str) -> Consent | None:
    """Return the consent with its media, usable after the session ends."""
    query = select(Consent).join(Consent.analysis).where(Analysis.receipt_hash == receipt_hash)
    return session.scalar(query.options(joinedload(Consent.media)))


def media_by_sha256(session: Session, sha256: str) -> Media | None:
    """Return the stored file with this hash."""
    return session.scalar(select(Media).where(Media.sha256 == sha256))


def media_names(session: Session) -> set[str]:
    """Return the names of all files of the media store."""
    return set(session.scalars(select(Media.name)))


def stored_bytes(session: Session) -> int:
    """Return the size of all stored media in bytes."""
    return session.scalar(select(func.coalesce(func.sum(Media.bytes), 0))) or 0


def delete_unreferenced_media(session: Session) -> list[str]:
    """Delete media without a consent and return the names of their files.

    The caller deletes the files after the commit. On PostgreSQL the row lock waits for a transaction that
    adds a consent, and the second query then finds it.
    """
    has_consent = select(Consent.analysis_id).where(Consent.media_id == Media.id).exists()
    candidate_ids = list(session.scalars(select(Media.id).where(~has_consent).with_for_update()))
    if not candidate_ids:
        return []
    deletion = delete(Media).where(Media.id.in_(candidate_ids), ~has_consent).returning(Media.name)
    return list(session.scalars(deletion.execution_options(synchronize_session=False)))


def consents_to_rescore(session: Session, model_sha256: str, limit: int | None) -> list[tuple[int, Consent]]:
    """Return ids and consents of analyses with a stored file that this model has not scored, newest first."""
    has_rescore = (
        select(Rescore.id)
        .where(Rescore.analysis_id == Analysis.id, Rescore.model_sha256 == model_sha256)
        .exists()
    )
    query = (
        select(Consent)
        .join(Consent.analysis)
        .where(
            Analysis.verdict.is_not(None),
            Analysis.model_sha256 != model_sha256,
            Consent.media_id.is_not(None),
            ~has_rescore,
        )
        .order_by(Analysis.id.desc())
        .limit(limit)
        .options(joinedload(Consent.media))
    )
    return [(consent.analysis_id, consent) for consent in session.scalars(query)]


def feedback_by_key(session: Session, key: str) -> Feedback | None:
    """Return the vote with this idempotency key."""
    return session.scalar(select(Feedback).where(Feedback.idempotency_key == key))


def count_subjects(session: Session, analysis: Analysis) -> int:
    """Return the number of subjects: faces of an image or tracks of a clip."""
    if analysis.kind == "image":
        faces = select(func.count()).select_from(Face).where(Face.analysis_id == analysis.id)
        return session.scalar(faces) or 0
    last_track = session.scalar(select(func.max(Face.track)).where(Face.analysis_id == analysis.id))
    return 0 if last_track is None else last_track + 1
