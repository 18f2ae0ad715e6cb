"""Tests of a case's page: what it tells before and after the blindness ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.webapp.services.conftest import Decides, Opens, refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Case, Gold, ImportedFile
from webapp.domain.clock import now
from webapp.domain.enums import CaseState, Reason, Vote
from webapp.domain.ids import new_id
from webapp.services.accounts import Person
from webapp.services.moderation.case_history import CaseHistory, CaseHistoryService, ImportStatement
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules


@pytest.fixture
def histories(sessions: Sessions) -> CaseHistoryService:
    return CaseHistoryService(sessions)


@pytest.fixture
def settled_histories(sessions: Sessions) -> CaseHistoryService:
    """Return the pages of a desk where decisions cannot be undone."""
    return CaseHistoryService(sessions, undo=timedelta(0))


def kinds(history: CaseHistory) -> list[str]:
    return [event.kind for event in history.events]


def without_id(history: CaseHistory) -> str:
    """Return the page as text, without the id of the case and its time of opening."""
    text = history.model_dump_json().replace(history.case.id, "ID")
    return text if history.case.opened_at is None else text.replace(_json_time(history), "TIME")


def _json_time(history: CaseHistory) -> str:
    assert history.case.opened_at is not None
    return history.case.opened_at.isoformat().replace("+00:00", "Z")


def test_an_open_case_tells_nothing(
    sessions: Sessions,
    histories: CaseHistoryService,
    opens: Opens,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
) -> None:
    """Pages of cases with opposite opinions, and of a gold case, are equal."""
    rules = TriageRules(wanted=3)
    fake = opens(0.95, votes=(Vote.DISAGREE,), reason=Reason.DISAGREEMENT, rules=rules)
    real, gold = opens(0.05, reason=Reason.AUDIT, rules=rules), opens(0.5)
    claims.take_case(people[2], fake)
    labelling.submit_blind(people[2], fake, LabelInput("fake", 3))
    labelling.submit_final(people[2], fake)
    with sessions.begin() as session:
        case = session.scalars(select(Case).where(Case.public_id == gold)).one()
        case.state, case.gold = CaseState.DECIDED, Gold(value="fake", created_at=now())
    for viewer in people[:2]:
        pages = [histories.history(viewer, public_id) for public_id in (fake, real, gold)]
        assert len({without_id(page) for page in pages}) == 1
        assert (pages[0].file, pages[0].answer, pages[0].is_settled) == (None, None, False)
    assert kinds(histories.history(people[0], fake)) == ["opened"]
    assert kinds(histories.history(people[1], fake)) == []


def test_the_source_of_an_imported_file_is_shown_with_the_answer(
    sessions: Sessions,
    histories: CaseHistoryService,
    settled_histories: CaseHistoryService,
    opens: Opens,
    decides: Decides,
    people: list[Person],
) -> None:
    """Before that, a source such as "known fakes" would tell moderators the answer."""
    case = opens(0.95, reason=Reason.IMPORT)
    with sessions.begin() as session:
        (analysis,) = session.scalars(select(Analysis))
        analysis.imported = ImportedFile(sha256="a" * 64, source="known fakes", rights="CC0", rule="all")
    for person in people[:2]:
        assert histories.history(person, case).imports == ()
    assert decides("fake", people[1:3]) == case
    statement = ImportStatement(source="known fakes", rights="CC0")
    assert histories.history(people[1], case).imports == (statement,)
    assert histories.history(people[3], case).imports == ()
    assert settled_histories.history(people[3], case).imports == (statement,)


def test_own_labels_and_their_withdrawal_are_shown_at_once(
    histories: CaseHistoryService,
    opens: Opens,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
) -> None:
    case, mia, noah = opens(0.95), people[1], people[2]
    for person, value in ((noah, "real"), (mia, "fake")):
        claims.take_case(person, case)
        labelling.submit_blind(person, case, LabelInput(value, 3, f"note of {person.name}"))
        labelling.submit_final(person, case)
    labelling.undo(mia, case)
    page = histories.history(mia, case)
    assert kinds(page) == ["labelled", "labelled", "withdrawn"]
    assert {(event.value, event.is_own, event.moderator) for event in page.events} == {("fake", True, None)}
    assert noah.name not in page.model_dump_json()
    assert page.file is not None
    assert page.answer is not None
    assert (page.answer.verdict, page.copies) == ("fake", None)


def test_a_settled_case_tells_all(
    histories: CaseHistoryService,
    settled_histories: CaseHistoryService,
    opens: Opens,
    decides: Decides,
    labelling: LabellingService,
    claims: ClaimService,
    people: list[Person],
) -> None:
    opens(0.95)
    case = decides("real", people[1:3], note="the ear")
    labelling.undo(people[2], case)
    claims.take_case(people[2], case)
    labelling.submit_final(people[2], case, LabelInput("real", 1, "again"))
    admin, stranger = people[0], people[3]
    assert kinds(histories.history(stranger, case)) == []
    assert kinds(histories.history(admin, case)) == ["opened"]
    page = settled_histories.history(stranger, case)
    # Two labels of the first, three of the second moderator, one of them withdrawn.
    expected = ["opened", *["labelled"] * 4, "decided", "withdrawn", "undone", "labelled", "decided"]
    assert sorted(kinds(page)) == sorted(expected)
    assert [event.time for event in page.events] == sorted(event.time for event in page.events)
    assert {event.number for event in page.events if event.label} == {1, 2}
    assert {event.moderator for event in page.events} == {None}
    assert (page.copies, page.case.decision, page.events[0].reason) == (0, "real", "uncertainty")
    named = settled_histories.history(admin, case)
    assert {event.moderator for event in named.events if event.label} == {people[1].name, people[2].name}
    notes = [event.label.note for event in named.events if event.label is not None]
    assert notes.count("the ear") == 4


def test_an_admin_without_a_label_may_decide_a_dispute(
    histories: CaseHistoryService,
    opens: Opens,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
) -> None:
    case = opens(0.95)
    for person, value in zip(people[1:4], ("fake", "real", "unusable"), strict=True):
        claims.take_case(person, case)
        labelling.submit_blind(person, case, LabelInput(value, 3))
        labelling.submit_final(person, case)
    page = histories.history(people[0], case)
    assert (page.can_decide, page.case.state, kinds(page)) == (True, "disputed", ["opened"])
    assert page.answer is not None
    assert not histories.history(people[1], case).can_decide


def test_unknown_cases_and_strangers_are_refused(histories: CaseHistoryService, people: list[Person]) -> None:
    assert refusal_code(histories.history, people[0], new_id()) == "unknown_case"
    assert refusal_code(histories.history, None, new_id()) == "not_signed_in"
