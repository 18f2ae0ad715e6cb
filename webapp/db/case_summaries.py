"""Summary of each case in its own row, by which the list of cases filters.

`refresh` must follow every change of a case's items or decisions. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, case, exists, func, select, true, update
from sqlalchemy.orm import Session, aliased

from webapp.db.tables import Analysis, Case, CaseItem, Decision, Face

# Cases per statement.
_BATCH = 500


def refresh(session: Session, case_ids: Collection[int]) -> None:
    """Write the summaries of these cases. Case objects of the session read them again when they are used."""
    ordered = sorted(case_ids)
    for start in range(0, len(ordered), _BATCH):
        _write(session, Case.id.in_(ordered[start : start + _BATCH]))


def refresh_all(session: Session) -> None:
    """Write the summaries of all cases."""
    _write(session, true())


def _write(session: Session, condition: ColumnElement[bool]) -> None:
    summary = _summary()
    session.flush()
    change = update(Case).where(condition).values(summary)
    session.execute(change.execution_options(synchronize_session=False))
    for row in session.identity_map.values():
        if isinstance(row, Case):
            session.expire(row, list(summary))


def _summary() -> dict[str, Any]:
    """Return the expression of each column of the summary, by its name."""
    conflict = exists().where(
        CaseItem.case_id == Case.id, CaseItem.analysis_id == Analysis.id, Analysis.conflict.is_not(None)
    )
    return {
        "kind": _of_first_item(Analysis.kind),
        "reason": _of_first_item(CaseItem.reason),
        "model_version": _of_first_item(Analysis.model_version),
        "verdict": _of_first_item(_verdict()),
        "has_conflict": conflict.correlate(Case),
        "decided_at": _of_decision(Decision.decided_at),
        "decided_value": _of_decision(Decision.value),
    }


def _of_first_item(value: ColumnElement[Any] | Any) -> ScalarSelect[Any]:
    """Return the query of a value of the case's first item, of its analysis or of its face."""
    other = aliased(CaseItem)
    first = select(func.min(other.id)).where(other.case_id == Case.id).correlate(Case).scalar_subquery()
    query = select(value).select_from(CaseItem).join(CaseItem.analysis).where(CaseItem.id == first)
    return query.correlate(Case).scalar_subquery()


def _verdict() -> ColumnElement[Any]:
    """Return the model's verdict on an item's subject, or on the file if the subject has no score.

    A face of an image has a verdict of its own. The verdict on a clip's track follows from its score.
    """
    face = (
        select(Face.verdict)
        .where(Face.analysis_id == CaseItem.analysis_id, Face.number == CaseItem.subject)
        .correlate(CaseItem)
        .scalar_subquery()
    )
    is_about_file = (CaseItem.subject == 0) | CaseItem.fake_prob.is_(None)
    return case(
        (is_about_file, Analysis.verdict),
        (Analysis.kind == "image", face),
        (Analysis.real_below.is_(None), Analysis.verdict),
        (CaseItem.fake_prob < Analysis.real_below, "real"),
        (CaseItem.fake_prob > Analysis.fake_above, "fake"),
        else_="inconclusive",
    )


def _of_decision(value: ColumnElement[Any] | Any) -> ScalarSelect[Any]:
    """Return the query of a value of the case's current decision."""
    query = (
        select(value)
        .where(Decision.case_id == Case.id, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    return query.correlate(Case).scalar_subquery()
