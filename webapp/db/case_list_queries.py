"""Queries of the list of cases. Each takes a session first and never commits.

A filter by an opinion finds only cases of which the viewer may know that opinion, see
`webapp.db.case_visibility`. The order never depends on an opinion: it is that of time, and of the random
public id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from webapp.db.case_visibility import Viewer
from webapp.db.tables import Account, Case, Label
from webapp.domain.enums import Stage

# A moderator's last word on a case, beside which their blind label does not count.
_COUNTED = (Stage.FINAL, Stage.ADJUDICATION)
# A moderator has exactly one of these labels on each case that they labelled.
_FIRST = (Stage.BLIND, Stage.ADJUDICATION)


@dataclass(frozen=True)
class CaseFilter:
    """Conditions on cases; None stands for any.

    `since` (included) and `before` (excluded) limit the time by which the list is sorted. `label` and
    `moderator_id` are about one label: its value, and the account that gave it.
    """

    state: str | None = None
    kind: str | None = None
    verdict: str | None = None
    reason: str | None = None
    has_conflict: bool | None = None
    model_version: str | None = None
    decision: str | None = None
    label: str | None = None
    moderator_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Position:
    """Place in a list that is sorted by time and public id."""

    time: datetime
    public_id: str


@dataclass(frozen=True)
class ListedCase:
    """Case of a list, with the time by which the list is sorted."""

    case: Case
    time: datetime


@dataclass(frozen=True)
class Page:
    """Part of a list: at most `limit` cases after a position, or from the start."""

    limit: int
    after: Position | None = None
    newest_first: bool = True


def all_cases(session: Session, viewer: Viewer, wanted: CaseFilter, page: Page) -> list[ListedCase]:
    """Return cases by the time of their opening: to an admin all, to a moderator the settled ones."""
    query = select(Case).where(
        true() if viewer.is_admin else viewer.settled(),
        *_facts(wanted),
        *_opinions(wanted, viewer, viewer.answer_known()),
        *_labels_of_others(wanted, viewer),
    )
    ordered = query.where(*_limits(wanted, page, Case.opened_at)).order_by(*_order(page, Case.opened_at))
    return [ListedCase(case, case.opened_at) for case in session.scalars(ordered.limit(page.limit))]


def own_cases(session: Session, viewer: Viewer, wanted: CaseFilter, page: Page) -> list[ListedCase]:
    """Return the cases that the viewer labelled, by the time of their first label."""
    first = aliased(Label)
    query = (
        select(Case, first.created_at)
        .join(first, first.case_id == Case.id)
        .where(
            first.account_id == viewer.account_id,
            first.stage.in_(_FIRST),
            first.withdrawn_at.is_(None),
            *_facts(wanted),
            *_opinions(wanted, viewer, true()),
        )
    )
    if wanted.label is not None:
        is_counted = select(Label.id).where(
            Label.case_id == Case.id,
            Label.account_id == viewer.account_id,
            Label.stage.in_(_COUNTED),
            Label.withdrawn_at.is_(None),
        )
        has_value = is_counted.where(Label.value == wanted.label).exists()
        query = query.where(or_(has_value, and_(first.value == wanted.label, ~is_counted.exists())))
    time = first.created_at
    ordered = query.where(*_limits(wanted, page, time)).order_by(*_order(page, time))
    return [ListedCase(case, moment) for case, moment in session.execute(ordered.limit(page.limit))]


def own_labels(session: Session, account_id: int, case_ids: Collection[int]) -> dict[int, list[Label]]:
    """Return the labels of an account that were not withdrawn, oldest first, by case id."""
    query = select(Label).where(
        Label.account_id == account_id, Label.case_id.in_(case_ids), Label.withdrawn_at.is_(None)
    )
    labels: dict[int, list[Label]] = {}
    for label in session.scalars(query.order_by(Label.id)):
        labels.setdefault(label.case_id, []).append(label)
    return labels


def model_versions(session: Session) -> Sequence[str]:
    """Return the versions of the models that judged the files of cases, in alphabetical order."""
    query = select(Case.model_version).where(Case.model_version.is_not(None)).distinct()
    return sorted(version for version in session.scalars(query) if version is not None)


def moderator_names(session: Session) -> Sequence[str]:
    """Return the names of the accounts that labelled cases, in alphabetical order."""
    query = select(Account.name).where(select(Label.id).where(Label.account_id == Account.id).exists())
    return sorted(session.scalars(query))


def account_id_of(session: Session, name: str) -> int | None:
    """Return the id of the account with this name."""
    return session.scalar(select(Account.id).where(Account.name == name))


def _facts(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """Return the conditions that say nothing about anybody's opinion."""
    columns = ((Case.kind, wanted.kind), (Case.model_version, wanted.model_version))
    return [column == value for column, value in columns if value is not None]


def _opinions(wanted: CaseFilter, viewer: Viewer, is_known: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Return the conditions on what the model, the visitors or the moderators think.

    `is_known` is the condition that the viewer knows the model's verdict. The reason of a case and a conflict
    tell of the verdict: a case may be opened because the model is uncertain.
    """
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(viewer.shows_state(wanted.state))
    columns = (
        (Case.verdict, wanted.verdict),
        (Case.reason, wanted.reason),
        (Case.has_conflict, wanted.has_conflict),
    )
    opinions = [column == value for column, value in columns if value is not None]
    if opinions:
        conditions += [*opinions, is_known]
    if wanted.decision is not None:
        conditions += [Case.decided_value == wanted.decision, viewer.settled()]
    return conditions


def _labels_of_others(wanted: CaseFilter, viewer: Viewer) -> list[ColumnElement[bool]]:
    """Return the conditions on the labels of settled cases."""
    if wanted.label is None and wanted.moderator_id is None:
        return []
    label = select(Label.id).where(
        Label.case_id == Case.id, Label.stage.in_(_COUNTED), Label.withdrawn_at.is_(None)
    )
    if wanted.label is not None:
        label = label.where(Label.value == wanted.label)
    if wanted.moderator_id is not None:
        label = label.where(Label.account_id == wanted.moderator_id)
    return [viewer.settled(), label.exists()]


def _limits(
    wanted: CaseFilter, page: Page, time: InstrumentedAttribute[datetime]
) -> list[ColumnElement[bool]]:
    """Return the conditions on the time by which a list is sorted, and on the place after a position."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(time >= wanted.since)
    if wanted.before is not None:
        conditions.append(time < wanted.before)
    if page.after is not None:
        place = tuple_(time, Case.public_id)
        after = (page.after.time, page.after.public_id)
        conditions.append(place < after if page.newest_first else place > after)
    return conditions


def _order(page: Page, time: InstrumentedAttribute[datetime]) -> list[ColumnElement[Any]]:
    """Return the order of a list. Ids are random, so they tell nothing about cases of the same time."""
    columns = (time, Case.public_id)
    return [column.desc() if page.newest_first else column.asc() for column in columns]
