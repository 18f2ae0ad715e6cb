"""Queries of imported files. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp.db.tables import Case, CaseItem, ImportedFile


def imported_file(session: Session, sha256: str) -> ImportedFile | None:
    """Return the imported file of these bytes, with its analysis."""
    query = select(ImportedFile).where(ImportedFile.sha256 == sha256)
    return session.scalar(query.options(joinedload(ImportedFile.analysis)))


def imports_of_case(session: Session, case: Case, *, limit: int) -> Sequence[ImportedFile]:
    """Return the imported ones of the first `limit` files of a case, oldest first."""
    first_items = (
        select(CaseItem.id, CaseItem.analysis_id)
        .where(CaseItem.case_id == case.id)
        .order_by(CaseItem.id)
        .limit(limit)
        .subquery()
    )
    query = (
        select(ImportedFile)
        .join(first_items, first_items.c.analysis_id == ImportedFile.analysis_id)
        .order_by(first_items.c.id)
    )
    return session.scalars(query.options(joinedload(ImportedFile.analysis))).all()
