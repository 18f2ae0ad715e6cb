"""Queries of label quality, on a database with a decided case."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.db import label_quality_queries as queries
from webapp.db.tables import Case, Gold
from webapp.domain.clock import now


def test_labels_and_values_by_case(session: Session) -> None:
    case = session.scalars(select(Case)).one()
    labels = queries.counting_labels(session)
    assert [(label.name, label.stage) for label in labels] == [
        ("ada", "blind"),
        ("ada", "final"),
        ("bela", "blind"),
        ("bela", "final"),
    ]
    assert {label.case for label in labels} == {case.public_id}
    assert queries.decided_values(session) == {case.id: "real"}
    assert queries.gold_values(session) == {}
    session.add(Gold(case_id=case.id, value="fake", created_at=now()))
    session.flush()
    assert queries.gold_values(session) == {case.id: "fake"}


def test_without_painted_regions_nothing_is_compared(session: Session) -> None:
    assert queries.unmeasured_regions(session, "e" * 64, limit=10) == []
    assert queries.region_agreements(session) == []
