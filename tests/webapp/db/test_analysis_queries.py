"""Queries of analyses, media and votes, on a database with a decided case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.db import analysis_queries as queries
from webapp.db.tables import Analysis, Media
from webapp.domain.clock import now
from webapp.security.tokens import receipt_hash


def test_analysis_and_consent_by_receipt(session: Session, stored_results: dict[str, Any]) -> None:
    for receipt, result in stored_results.items():
        analysis = queries.analysis_by_receipt(session, receipt_hash(receipt))
        assert analysis is not None
        assert analysis.outcome == result["outcome"]
        consent = queries.consent_by_receipt(session, receipt_hash(receipt))
        assert (consent is None) == (result["media"]["consent"] is None)
        subjects = queries.count_subjects(session, analysis)
        assert subjects == len(
            {face["track"] or 0 for face in result["faces"]} if analysis.kind == "video" else result["faces"]
        )


def test_stability_is_stored_by_face(session: Session, stored_results: dict[str, Any]) -> None:
    receipt = receipt_hash(next(iter(stored_results)))
    queries.set_stability(session, receipt, False, {1: False})
    analysis = session.scalars(select(Analysis).where(Analysis.receipt_hash == receipt)).one()
    session.refresh(analysis)
    assert (analysis.is_stable, [face.is_stable for face in analysis.faces]) == (False, [False])
    queries.set_stability(session, "0" * 64, True, {})


def test_media_without_consent_is_deleted(session: Session, stored_results: dict[str, Any]) -> None:
    assert queries.stored_bytes(session) == sum(media.bytes for media in session.scalars(select(Media)))
    assert queries.delete_unreferenced_media(session) == []
    receipt = receipt_hash(next(iter(stored_results)))
    consent = queries.consent_by_receipt(session, receipt)
    assert consent is not None
    assert consent.media is not None
    name = consent.media.name
    assert name in queries.media_names(session)
    assert queries.delete_analysis(session, receipt) is not None
    assert queries.delete_analysis(session, receipt) is None
    session.expire_all()
    assert queries.delete_unreferenced_media(session) == [name]


def test_old_analyses_are_deleted_in_batches(session: Session) -> None:
    later = now() + timedelta(days=1)
    assert [queries.delete_analyses(session, queries.ids_before(later, limit=3)) for _ in range(3)] == [
        3,
        2,
        0,
    ]


def test_analyses_to_rescore_need_a_file_and_another_model(session: Session) -> None:
    other_model = queries.consents_to_rescore(session, "e" * 64, None)
    assert len(other_model) == 2
    same_model = session.scalars(select(Analysis.model_sha256)).first()
    assert same_model is not None
    assert queries.consents_to_rescore(session, same_model, None) == []
