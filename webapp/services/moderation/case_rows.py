"""Rows of a list of cases, with what the person who looks at it may know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from webapp.db import case_list_queries as queries
from webapp.db.case_visibility import Viewer
from webapp.db.tables import Case
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Role, Stage
from webapp.services.accounts import Person


class CaseRow(BaseModel):
    """Case of a list. Fields are None if there is no value, or if the person may not know it yet.

    `state` is that of `Viewer.shown_state`. `verdict`, `reason`, `conflict` and `model` come with the model's
    answer, `decision` and `decided_at` with the settled case. `own` is the person's latest label, given first
    at `labelled_at`. `distance` is that of a near copy in bits; None for other rows. `can_label`: the person
    may try to take the case.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str | None
    state: str
    opened_at: datetime | None
    verdict: str | None = None
    reason: str | None = None
    conflict: bool | None = None
    model: str | None = None
    decision: str | None = None
    decided_at: datetime | None = None
    own: str | None = None
    labelled_at: datetime | None = None
    distance: int | None = None
    can_label: bool = False


def viewer_of(person: Person, undo_period: timedelta) -> Viewer:
    """Return what a person may know now. `undo_period`: time for which a decision can be undone."""
    return Viewer(
        account_id=person.id,
        is_admin=person.role == Role.ADMIN,
        settled_before=now() - undo_period,
    )


def rows_of(session: Session, viewer: Viewer, cases: Sequence[Case]) -> list[CaseRow]:
    """Return the rows of cases in the same order."""
    own_labels = queries.own_labels(session, viewer.account_id, [case.id for case in cases])
    rows = []
    for case in cases:
        labels = own_labels.get(case.id, [])
        row = _blind_row(viewer, case)
        if viewer.knows_answer(case, has_label=bool(labels)):
            row = row.model_copy(update=_answer_fields(case))
        if viewer.is_settled(case):
            row = row.model_copy(update={"decision": case.decided_value, "decided_at": case.decided_at})
        if labels:
            given = {"own": labels[-1].value, "labelled_at": labels[0].created_at}
            row = row.model_copy(update=given)
        has_final_label = any(label.stage != Stage.BLIND for label in labels)
        can_label = row.state == CaseState.OPEN and not has_final_label
        rows.append(row.model_copy(update={"can_label": can_label}))
    return rows


def _blind_row(viewer: Viewer, case: Case) -> CaseRow:
    """Return the row without any opinion.

    The time of the opening and the model would tell a moderator which cases are gold: those wait for years.
    """
    is_told = viewer.is_admin or viewer.is_settled(case)
    return CaseRow(
        id=case.public_id,
        kind=case.kind,
        state=viewer.shown_state(case),
        opened_at=case.opened_at if is_told else None,
        model=case.model_version if viewer.is_admin else None,
    )


def _answer_fields(case: Case) -> dict[str, object]:
    return {
        "verdict": case.verdict,
        "reason": case.reason,
        "conflict": case.has_conflict,
        "model": case.model_version,
    }
