"""List of cases with filters: all cases for admins, settled ones for moderators, and a person's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from webapp.db import case_list_queries as queries
from webapp.db.case_list_queries import CaseFilter, ListedCase, Page, Position
from webapp.db.case_visibility import Viewer
from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, LabelValue, Reason, Role
from webapp.domain.errors import Refused
from webapp.services.accounts import Person, require
from webapp.services.moderation.case_rows import CaseRow, rows_of, viewer_of
from webapp.services.moderation.decision_rule import UNDO_PERIOD

# Cases of one page.
PAGE_SIZE = 50
# Separates time and id in a cursor; neither contains it.
_SEPARATOR = "~"
# Longest age in days that a filter may name: a century.
_MAX_DAYS = 36_500
# Values that a filter may have; a filter by a version or a moderator may have any value.
_CHOICES: dict[str, tuple[str, ...]] = {
    "state": tuple(CaseState),
    "kind": ("image", "video"),
    "verdict": ("real", "fake", "inconclusive"),
    "reason": tuple(Reason),
    "decision": tuple(LabelValue),
    "label": tuple(LabelValue),
}


@dataclass(frozen=True)
class ListRequest:
    """Filters of the list; None stands for any.

    `own`: the person's own labelled cases, by the time of their label, instead of all by the time of opening.
    `min_days` and `max_days` are the age in days by that time. `moderator` is an account's name. `cursor` is
    `CaseList.next` of the page before.
    """

    own: bool = False
    state: str | None = None
    kind: str | None = None
    verdict: str | None = None
    reason: str | None = None
    conflict: bool | None = None
    model: str | None = None
    decision: str | None = None
    label: str | None = None
    moderator: str | None = None
    min_days: int | None = None
    max_days: int | None = None
    newest_first: bool = True
    cursor: str | None = None


class CaseList(BaseModel):
    """Page of the list. `next` is the cursor of the following page, None on the last one."""

    model_config = ConfigDict(frozen=True)

    cases: list[CaseRow]
    next: str | None


class FilterChoices(BaseModel):
    """Values of filters that depend on the database. Moderators are named to admins only."""

    model_config = ConfigDict(frozen=True)

    models: list[str]
    moderators: list[str]


class CaseListService:
    """Lists cases, `page_size` at a time.

    `undo` is the time for which a decision can be undone; until then it is not shown. Every method raises
    Refused with not_signed_in or not_allowed.
    """

    def __init__(
        self, sessions: Sessions, *, undo: timedelta = UNDO_PERIOD, page_size: int = PAGE_SIZE
    ) -> None:
        self._sessions = sessions
        self._undo_period = undo
        self._page_size = page_size

    def page(self, person: Person | None, request: ListRequest) -> CaseList:
        """Return a page of the list. Raises Refused also with invalid_filter or invalid_cursor."""
        moderator = require(person, Role.MODERATOR)
        if request.moderator is not None:
            require(person, Role.ADMIN)
        viewer = viewer_of(moderator, self._undo_period)
        after = None if request.cursor is None else _parse_cursor(request.cursor)
        # One case more tells whether another page follows.
        page = Page(limit=self._page_size + 1, after=after, newest_first=request.newest_first)
        with self._sessions() as session:
            wanted = _filter_of(session, request)
            listed = self._listed(session, viewer, wanted, page, own=request.own)
            rows = rows_of(session, viewer, [one.case for one in listed[: self._page_size]])
        has_more = len(listed) > self._page_size
        return CaseList(cases=rows, next=_cursor_after(listed[self._page_size - 1]) if has_more else None)

    def choices(self, person: Person | None) -> FilterChoices:
        """Return the values of the filters by model and moderator."""
        moderator = require(person, Role.MODERATOR)
        with self._sessions() as session:
            names = queries.moderator_names(session) if moderator.role == Role.ADMIN else []
            return FilterChoices(models=list(queries.model_versions(session)), moderators=list(names))

    def _listed(
        self, session: Session, viewer: Viewer, wanted: CaseFilter | None, page: Page, *, own: bool
    ) -> list[ListedCase]:
        if wanted is None:
            return []
        if own:
            return queries.own_cases(session, viewer, wanted, page)
        return queries.all_cases(session, viewer, wanted, page)


def _filter_of(session: Session, request: ListRequest) -> CaseFilter | None:
    """Return the filter of a request, None if nothing can match. Raises Refused: invalid_filter."""
    for name, choices in _CHOICES.items():
        value = getattr(request, name)
        if value is not None and value not in choices:
            raise Refused("invalid_filter", f"{name} must be one of {', '.join(choices)}.")
    moderator_id = None
    if request.moderator is not None:
        if request.own:
            raise Refused("invalid_filter", "Your own cases cannot be those of another moderator.")
        moderator_id = queries.account_id_of(session, request.moderator)
        if moderator_id is None:
            return None
    return CaseFilter(
        state=request.state,
        kind=request.kind,
        verdict=request.verdict,
        reason=request.reason,
        has_conflict=request.conflict,
        model_version=request.model,
        decision=request.decision,
        label=request.label,
        moderator_id=moderator_id,
        since=_days_ago("max_days", request.max_days),
        before=_days_ago("min_days", request.min_days),
    )


def _days_ago(name: str, days: int | None) -> datetime | None:
    """Return the time of so many days ago. Raises Refused: invalid_filter."""
    if days is None:
        return None
    if not 0 <= days <= _MAX_DAYS:
        raise Refused("invalid_filter", f"{name} must be from 0 to {_MAX_DAYS}.")
    return now() - timedelta(days=days)


def _cursor_after(last: ListedCase) -> str:
    return f"{last.time.isoformat()}{_SEPARATOR}{last.case.public_id}"


def _parse_cursor(cursor: str) -> Position:
    """Return the position of a cursor. Raises Refused: invalid_cursor."""
    time, _, public_id = cursor.partition(_SEPARATOR)
    try:
        position = Position(datetime.fromisoformat(time), public_id)
    except ValueError:
        position = None
    if position is None or position.time.tzinfo is None or not public_id.isalnum():
        raise Refused("invalid_cursor", "There is no such page. Start from the first one.")
    return position
