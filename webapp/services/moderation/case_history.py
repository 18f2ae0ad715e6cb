"""A case's page: its file, the model's answer and its history, as far as the person may know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from webapp.db import case_history_queries as queries
from webapp.db import case_queries
from webapp.db.case_visibility import Viewer
from webapp.db.import_queries import imports_of_case
from webapp.db.session import Sessions
from webapp.db.tables import Case, CaseItem, Decision, Label
from webapp.domain.enums import Role, Stage
from webapp.services.accounts import Person, require
from webapp.services.moderation.case_rows import CaseRow, rows_of, viewer_of
from webapp.services.moderation.case_views import (
    CaseView,
    LabelView,
    ModelAnswer,
    case_view,
    label_view,
    model_answer,
    unknown_case,
)
from webapp.services.moderation.decision_rule import UNDO_PERIOD

# Files whose arrival is listed. A case may have thousands of copies.
MAX_COPIES = 20

OPENED = "opened"
COPY = "copy"
LABELLED = "labelled"
WITHDRAWN = "withdrawn"
DECIDED = "decided"
UNDONE = "undone"


class _HistoryModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class HistoryEvent(_HistoryModel):
    """Event of a case.

    `kind`: opened; copy (another copy of the file arrived); labelled; withdrawn (a label); decided; undone (a
    decision). `moderator` is the name of the label's author for admins, else None; `number` counts the
    authors from 1; `is_own` is true for the person's own labels. `reason` is set for opened and copy,
    `value` for labels and decisions, `how` for decisions, `label` for labelled.
    """

    time: datetime
    kind: str
    reason: str | None = None
    value: str | None = None
    stage: str | None = None
    how: str | None = None
    number: int | None = None
    moderator: str | None = None
    is_own: bool = False
    label: LabelView | None = None


class ImportStatement(_HistoryModel):
    """Where an imported file comes from, and the stated right to use it."""

    source: str
    rights: str


class CaseHistory(_HistoryModel):
    """Page of a case.

    `file` is None if the person may not see the file here: they may still label the case, and see it then.
    `answer` and `is_settled` follow the rules of `case_visibility`. `copies` is the number of other files of
    the case, None before it is settled. `imports` are the statements on the first file, and once the case is
    settled on its copies, each once; a source such as "known fakes" is no more to be known than the answer.
    `can_decide`: the case waits for this admin's decision.
    """

    case: CaseRow
    file: CaseView | None
    answer: ModelAnswer | None
    events: list[HistoryEvent]
    is_settled: bool
    copies: int | None
    imports: tuple[ImportStatement, ...]
    can_decide: bool


class CaseHistoryService:
    """Shows cases. `undo` is the time for which a decision can be undone; until then it is not shown."""

    def __init__(self, sessions: Sessions, *, undo: timedelta = UNDO_PERIOD) -> None:
        self._sessions = sessions
        self._undo_period = undo

    def history(self, person: Person | None, public_id: str) -> CaseHistory:
        """Return the page of a case. Raises Refused: not_signed_in, not_allowed, unknown_case."""
        moderator = require(person, Role.MODERATOR)
        viewer = viewer_of(moderator, self._undo_period)
        with self._sessions() as session:
            case = case_queries.case_by_public_id(session, public_id)
            if case is None:
                raise unknown_case()
            own_labels = case_queries.labels_of(session, case.id, account_id=moderator.id)
            (row,) = rows_of(session, viewer, [case])
            knows_answer = viewer.knows_answer(case, has_label=bool(own_labels))
            is_settled = viewer.is_settled(case)
            is_disputed = row.state == "disputed"
            return CaseHistory(
                case=row,
                file=case_view(session, case) if knows_answer else None,
                answer=model_answer(session, case) if knows_answer else None,
                events=sorted(_events(session, viewer, case), key=lambda event: event.time),
                is_settled=is_settled,
                copies=queries.count_items(session, case.id) - 1 if is_settled else None,
                imports=_imports(session, case, is_settled=is_settled) if knows_answer else (),
                can_decide=viewer.is_admin and is_disputed and not own_labels,
            )


def _imports(session: Session, case: Case, *, is_settled: bool) -> tuple[ImportStatement, ...]:
    """Return the different statements on the first file, or on all listed files of a settled case."""
    files = imports_of_case(session, case, limit=MAX_COPIES + 1 if is_settled else 1)
    statements = [ImportStatement(source=file.source, rights=file.rights) for file in files]
    return tuple(dict.fromkeys(statements))


def _events(session: Session, viewer: Viewer, case: Case) -> Iterator[HistoryEvent]:
    """Yield the events that the person may know: all of a settled case, else their own labels."""
    if viewer.is_settled(case):
        yield from _arrivals(queries.first_items(session, case.id, limit=MAX_COPIES + 1), case)
        yield from _label_events(queries.all_labels(session, case.id), viewer)
        yield from _decision_events(queries.all_decisions(session, case.id))
        return
    if viewer.is_admin:
        yield HistoryEvent(time=case.opened_at, kind=OPENED)
    own_labels = queries.all_labels(session, case.id, account_id=viewer.account_id)
    yield from _label_events(own_labels, viewer)


def _arrivals(items: Sequence[CaseItem], case: Case) -> Iterator[HistoryEvent]:
    yield HistoryEvent(time=case.opened_at, kind=OPENED, reason=case.reason)
    for item in items[1:]:
        yield HistoryEvent(time=item.created_at, kind=COPY, reason=item.reason)


def _label_events(labels: Sequence[Label], viewer: Viewer) -> Iterator[HistoryEvent]:
    """Yield each label and each withdrawal. Authors are numbered in the order of their first label."""
    numbers: dict[int, int] = {}
    for label in labels:
        number = numbers.setdefault(label.account_id, len(numbers) + 1)
        event = HistoryEvent(
            time=label.created_at,
            kind=LABELLED,
            value=label.value,
            stage=Stage(label.stage),
            number=number,
            moderator=label.account.name if viewer.is_admin else None,
            is_own=label.account_id == viewer.account_id,
            label=label_view(label, moderator=number),
        )
        yield event
        if label.withdrawn_at is not None:
            withdrawal = {"time": label.withdrawn_at, "kind": WITHDRAWN, "label": None}
            yield event.model_copy(update=withdrawal)


def _decision_events(decisions: Sequence[Decision]) -> Iterator[HistoryEvent]:
    for decision in decisions:
        event = HistoryEvent(time=decision.decided_at, kind=DECIDED, value=decision.value, how=decision.how)
        yield event
        if decision.undone_at is not None:
            yield event.model_copy(update={"time": decision.undone_at, "kind": UNDONE})
