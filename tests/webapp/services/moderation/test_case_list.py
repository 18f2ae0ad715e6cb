"""Tests of the list of cases: what it must not tell, and refused requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.webapp.services.conftest import Decides, Opens, refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Case, CaseItem, Gold
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, LabelValue, Reason, Vote
from webapp.services.accounts import Person
from webapp.services.moderation.case_list import CaseListService, ListRequest
from webapp.services.moderation.case_rows import CaseRow
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules

Labels = Callable[..., None]
FILTERS: dict[str, tuple[object, ...]] = {
    "state": tuple(CaseState),
    "kind": ("image", "video"),
    "verdict": ("real", "fake", "inconclusive"),
    "reason": tuple(Reason),
    "conflict": (True, False),
    "model": ("1",),
    "decision": tuple(LabelValue),
    "label": tuple(LabelValue),
    "min_days": (0, 1),
    "max_days": (0, 1),
}


@pytest.fixture
def listing(sessions: Sessions) -> CaseListService:
    return CaseListService(sessions)


@pytest.fixture
def settled_listing(sessions: Sessions) -> CaseListService:
    """Return the list of a desk where decisions cannot be undone."""
    return CaseListService(sessions, undo=timedelta(0))


@pytest.fixture
def label(claims: ClaimService, labelling: LabellingService) -> Labels:
    """Return a function by which a person labels a case."""

    def labelled(person: Person, case: str, value: str, *, final: bool = True) -> None:
        claims.take_case(person, case)
        labelling.submit_blind(person, case, LabelInput(value, 2))
        if final:
            labelling.submit_final(person, case)
        claims.release(person)

    return labelled


def requests() -> Iterator[ListRequest]:
    """Yield a request for each value of each filter, of the whole list and of the own cases."""
    for own in (False, True):
        yield ListRequest(own=own, newest_first=False)
        for name, values in FILTERS.items():
            yield from (ListRequest(own=own, **{name: value}) for value in values)  # type: ignore[arg-type]


def blank(row: CaseRow) -> CaseRow:
    """Return a row without what tells any two cases apart."""
    return row.model_copy(update={"id": "", "opened_at": None, "labelled_at": None})


def test_no_filter_tells_an_opinion_about_an_open_case(
    sessions: Sessions, listing: CaseListService, opens: Opens, people: list[Person], label: Labels
) -> None:
    """Two open cases on which model, visitors and two moderators disagree look alike in every list."""
    admin, mia, noah, olga = people[:4]
    twins = (
        opens(0.95, votes=(Vote.DISAGREE,), reason=Reason.DISAGREEMENT, rules=TriageRules(wanted=3)),
        opens(0.05, reason=Reason.AUDIT, rules=TriageRules(wanted=3)),
    )
    with sessions.begin() as session:
        item = select(CaseItem.analysis_id).join(CaseItem.case).where(Case.public_id == twins[0])
        session.execute(update(Analysis).where(Analysis.id.in_(item)).values(conflict="camera_but_fake"))
        session.execute(update(Case).where(Case.public_id == twins[0]).values(has_conflict=True))
    for person, values in ((noah, ("fake", "real")), (olga, ("fake", "cannot_tell"))):
        for case, value in zip(twins, values, strict=True):
            label(person, case, value)
    for viewer in (admin, mia):
        seen = 0
        for request in requests():
            rows = {row.id: row for row in listing.page(viewer, request).cases}
            assert (twins[0] in rows) == (twins[1] in rows), request
            if twins[0] in rows:
                assert blank(rows[twins[0]]) == blank(rows[twins[1]])
                assert (rows[twins[0]].verdict, rows[twins[0]].reason) == (None, None)
                seen += 1
        # To an admin the open cases are listed, blind.
        assert (seen > 4) == (viewer is admin)
        assert listing.page(viewer, ListRequest(own=True)).cases == []
    for moderator in (noah.name, olga.name):
        for value in (None, *LabelValue):
            assert listing.page(admin, ListRequest(moderator=moderator, label=value)).cases == []


def test_an_own_label_reveals_the_model_but_no_other_label(
    listing: CaseListService, opens: Opens, people: list[Person], label: Labels
) -> None:
    case, mia, noah = opens(0.95, rules=TriageRules(wanted=3)), people[1], people[2]
    label(noah, case, "real")
    label(mia, case, "fake", final=False)
    (row,) = listing.page(mia, ListRequest(own=True)).cases
    shown = (row.verdict, row.reason, row.own, row.state, row.decision)
    assert shown == ("fake", "uncertainty", "fake", "open", None)
    # The time of the opening would tell which cases are gold.
    assert row.opened_at is None
    assert row.can_label
    label_of_noah = ListRequest(own=True, label="real")
    assert listing.page(mia, label_of_noah).cases == []
    assert listing.page(mia, ListRequest()).cases == []


def test_a_decision_is_shown_once_it_cannot_be_undone(
    listing: CaseListService,
    settled_listing: CaseListService,
    opens: Opens,
    decides: Decides,
    people: list[Person],
) -> None:
    opens(0.95)
    case = decides("real", people[1:3])
    stranger, admin = people[3], people[0]
    for person in (stranger, people[1]):
        assert listing.page(person, ListRequest()).cases == []
    (own,) = listing.page(people[1], ListRequest(own=True)).cases
    assert (own.state, own.decision, own.can_label) == ("open", None, False)
    (undoable,) = listing.page(admin, ListRequest()).cases
    assert (undoable.state, undoable.verdict, undoable.decision) == ("decided", None, None)
    assert listing.page(admin, ListRequest(decision="real")).cases == []
    (row,) = settled_listing.page(stranger, ListRequest(decision="real", verdict="fake", label="real")).cases
    assert (row.id, row.state, row.verdict, row.decision) == (case, "decided", "fake", "real")
    assert row.opened_at is not None
    assert settled_listing.page(stranger, ListRequest(label="fake")).cases == []
    by_author = settled_listing.page(admin, ListRequest(moderator=people[1].name, label="real")).cases
    assert [row.id for row in by_author] == [case]


def test_gold_cases_look_open(
    sessions: Sessions, settled_listing: CaseListService, opens: Opens, people: list[Person]
) -> None:
    gold, ordinary = opens(0.95), opens(0.95)
    with sessions.begin() as session:
        case = session.scalars(select(Case).where(Case.public_id == gold)).one()
        case.state, case.gold = CaseState.DECIDED, Gold(value="fake", created_at=now())
    for viewer in people[:2]:
        for request in requests():
            rows = {row.id: row for row in settled_listing.page(viewer, request).cases}
            assert (gold in rows) == (ordinary in rows), request
            if gold in rows:
                assert blank(rows[gold]) == blank(rows[ordinary])


def test_disputes_are_known_to_admins_only(
    settled_listing: CaseListService, opens: Opens, people: list[Person], label: Labels
) -> None:
    case = opens(0.95)
    for person, value in zip(people[1:4], ("fake", "real", "cannot_tell"), strict=True):
        label(person, case, value)
    (row,) = settled_listing.page(people[0], ListRequest(state="disputed", verdict="fake")).cases
    assert (row.id, row.verdict, row.own) == (case, "fake", None)
    assert settled_listing.page(people[0], ListRequest(label="fake")).cases == []
    (own,) = settled_listing.page(people[1], ListRequest(own=True)).cases
    assert own.state == "open"
    for own_cases in (True, False):
        disputed = ListRequest(own=own_cases, state="disputed")
        assert settled_listing.page(people[1], disputed).cases == []


def test_pages_follow_each_other(sessions: Sessions, opens: Opens, people: list[Person]) -> None:
    listing = CaseListService(sessions, page_size=2)
    cases = [opens() for _ in range(4)]
    first = listing.page(people[0], ListRequest(newest_first=False))
    assert len(first.cases) == 2
    second = listing.page(people[0], ListRequest(newest_first=False, cursor=first.next))
    assert second.next is None
    assert [row.id for row in (*first.cases, *second.cases)] == cases


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (ListRequest(state="lost"), "invalid_filter"),
        (ListRequest(label="' OR 1=1"), "invalid_filter"),
        (ListRequest(min_days=-1), "invalid_filter"),
        (ListRequest(max_days=10**9), "invalid_filter"),
        (ListRequest(own=True, moderator="moderator1"), "invalid_filter"),
        (ListRequest(cursor=""), "invalid_cursor"),
        (ListRequest(cursor="2026-01-01T00:00:00~" + "a" * 32), "invalid_cursor"),
        (ListRequest(cursor="2026-01-01T00:00:00+00:00~'; --"), "invalid_cursor"),
    ],
)
def test_invalid_requests_are_refused(
    listing: CaseListService, people: list[Person], request_: ListRequest, code: str
) -> None:
    assert refusal_code(listing.page, people[0], request_) == code


def test_names_are_for_admins(
    listing: CaseListService, opens: Opens, decides: Decides, people: list[Person]
) -> None:
    opens()
    decides("real", people[1:3])
    admin, moderator = people[:2]
    assert listing.choices(admin).model_dump() == {
        "models": ["1"],
        "moderators": [people[1].name, people[2].name],
    }
    assert listing.choices(moderator).model_dump() == {"models": ["1"], "moderators": []}
    assert refusal_code(listing.page, moderator, ListRequest(moderator=people[2].name)) == "not_allowed"
    assert listing.page(admin, ListRequest(moderator="nobody")).cases == []
    assert refusal_code(listing.page, None, ListRequest()) == "not_signed_in"
    assert refusal_code(listing.choices, None) == "not_signed_in"
