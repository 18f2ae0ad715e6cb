"""Queries of triage, on a database with a decided case."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.db import triage_queries as queries
from webapp.db.tables import Analysis, Case
from webapp.domain.clock import now
from webapp.domain.enums import CaseState
from webapp.security.tokens import receipt_hash


def test_only_analyses_with_verdict_and_file_are_triaged(
    session: Session, stored_results: dict[str, Any]
) -> None:
    triageable = {
        receipt_hash(receipt) for receipt, result in stored_results.items() if result["media"]["kept"]
    }
    assert len(triageable) == 2
    assert set(queries.untriaged_receipt_hashes(session, limit=10)) == triageable
    for receipt in stored_results:
        analysis = queries.lock_analysis_with_media(session, receipt_hash(receipt))
        assert (analysis is not None) == (receipt_hash(receipt) in triageable)
    for analysis in session.scalars(select(Analysis)):
        analysis.triaged_at = now()
    session.flush()
    assert queries.untriaged_receipt_hashes(session, limit=10) == []


def test_near_duplicates_share_an_undecided_case(session: Session) -> None:
    case = session.scalars(select(Case)).one()
    first = case.items[0].analysis
    assert queries.last_votes(session, first.id) == {1: "disagree"}
    blend = session.scalars(select(Analysis).where(Analysis.id != first.id, Analysis.kind == "image")).first()
    assert blend is not None
    assert queries.near_duplicate_cases(session, blend, limit=5) == []
    case.state = CaseState.OPEN
    session.flush()
    assert [one.id for one in queries.open_cases(session, after=0, limit=5)] == [case.id]
    assert queries.near_duplicate_cases(session, blend, limit=5) == [case.id]
    assert queries.item_of_same_file(session, first, 1) is None
