"""Queries of a case's history. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from webapp.db.tables import CaseItem, Decision, Label


def first_items(session: Session, case_id: int, *, limit: int) -> Sequence[CaseItem]:
    """Return the first items of a case, oldest first."""
    query = select(CaseItem).where(CaseItem.case_id == case_id).order_by(CaseItem.id).limit(limit)
    return session.scalars(query).all()


def count_items(session: Session, case_id: int) -> int:
    """Return the number of items of a case."""
    return session.scalar(select(func.count()).where(CaseItem.case_id == case_id)) or 0


def all_labels(session: Session, case_id: int, *, account_id: int | None = None) -> Sequence[Label]:
    """Return the labels of a case, withdrawn ones included, oldest first: all, or those of one account."""
    query = select(Label).where(Label.case_id == case_id).order_by(Label.id)
    if account_id is not None:
        query = query.where(Label.account_id == account_id)
    return session.scalars(query.options(selectinload(Label.tags), selectinload(Label.region))).all()


def all_decisions(session: Session, case_id: int) -> Sequence[Decision]:
    """Return the decisions of a case, undone ones included, oldest first."""
    return session.scalars(select(Decision).where(Decision.case_id == case_id).order_by(Decision.id)).all()
