"""Moderators measured: by each other, by what was decided, and by cases with a known answer that nothing tells apart."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.webapp.receipt_services import receipt_service
from tests.webapp.services.conftest import Kept, Opens
from webapp.db.session import Sessions
from webapp.db.tables import Case, Decision, Gold, Label
from webapp.domain.clock import now
from webapp.domain.enums import CaseState
from webapp.domain.errors import Refused, Unable
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person
from webapp.services.label_quality.report import Proportion
from webapp.services.label_quality.service import LabelQualityService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.gold import GoldService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage

pytestmark = pytest.mark.both_databases
Says = Callable[..., str]


@pytest.fixture
def gold(log: CaseEvents) -> GoldService:
    return GoldService(log, TriageRules())


@pytest.fixture
def says(claims: ClaimService, labelling: LabellingService) -> Says:
    """Take the next case, label it blind, then confirm or change; gives the state that the moderator is told."""

    def said(person: Person, blind: str, final: str | None = None, service: ClaimService = claims) -> str:
        case = service.take(person)
        assert case is not None
        labelling.submit_blind(person, case, LabelInput(blind, 2))
        return labelling.submit_final(person, case, None if final is None else LabelInput(final, 2))

    return said


def test_a_small_desk_measured_by_hand(
    sessions: Sessions, opens: Opens, people: list[Person], says: Says
) -> None:
    """Three cases: two agreed, one in which the second thought better of it; and one that waits for a third voice."""
    one, two, *_ = people[1:]
    for blind, other, final in (
        ("fake", "fake", None),
        ("real", "real", None),
        ("fake", "real", "fake"),
        ("fake", "real", None),
    ):
        opens(0.5)
        says(one, blind)
        says(two, other, final)
    with sessions.begin() as session:
        session.execute(update(Label).values(seconds=Label.id * 10.0))
        first = session.scalars(select(Label.case_id).limit(1)).one()
        session.execute(
            update(Label).where(Label.case_id == first).values(created_at=now() - timedelta(days=40))
        )
    found = LabelQualityService(sessions).report(people[0])
    assert found.overall.cases == 4
    # two of four pairs disagree, and four of eight labels are fake: 1 - 7 x 4 / (2 x 4 x 4)
    assert found.overall.alpha == pytest.approx(1 - 7 * 4 / 32)
    assert found.overall.interval is not None
    assert found.overall.interval.low <= found.overall.alpha <= found.overall.interval.high
    assert [month.cases for month in found.months] == [1, 3]
    first_one, second = found.people
    assert (first_one.name, first_one.cases, first_one.decided_alike, first_one.switched) == (
        one.name,
        4,
        Proportion(3, 3),
        Proportion(0, 4),
    )
    assert (second.decided_alike, second.switched) == (Proportion(2, 3), Proportion(1, 4))
    assert (found.switched, first_one.gold_right) == (Proportion(1, 8), Proportion(0, 0))
    # The finals' are labels 2, 6, 10 and 14, in tens of seconds.
    assert first_one.median_seconds == pytest.approx(80)
    # Who sees them may have to label the open case yet.
    assert found.suggestions == {}
    says(people[3], "cannot_tell")
    (suggested,) = LabelQualityService(sessions).report(people[0]).suggestions.values()
    assert set(suggested) == {"fake", "real", "cannot_tell"}
    for stranger, code in ((None, "not_signed_in"), (one, "not_allowed")):
        with pytest.raises(Refused) as refusal:
            LabelQualityService(sessions).report(stranger)
        assert refusal.value.code == code


def test_nothing_labelled_is_nothing_measured(sessions: Sessions, people: list[Person]) -> None:
    found = LabelQualityService(sessions).report(people[0])
    assert (found.overall.alpha, found.months, found.people, found.heatmaps, found.median_seconds) == (
        None,
        (),
        (),
        (),
        None,
    )


def test_gold_cases_come_among_the_others_and_are_never_settled(
    sessions: Sessions,
    kept: Kept,
    gold: GoldService,
    labelling: LabellingService,
    people: list[Person],
    says: Says,
    log: CaseEvents,
) -> None:
    receipt = kept.add(0.5)
    known = gold.mark(receipt, 1, "fake")
    mixing = ClaimService(sessions, gold_share=1.0, draw=lambda: 0.0)
    one, two, three = people[1:4]
    # Alone they would be told apart.
    assert mixing.take(one) is None
    Triage(log, TriageRules(), draw=lambda: 1.0).process(receipt_hash(kept.add(0.5)))
    assert mixing.take(one) == known
    # As many as there are people.
    assert mixing.take(two) == known
    assert labelling.submit_blind(one, known, LabelInput("fake", 3)).verdict == "inconclusive"
    # As for the first of two.
    assert labelling.submit_final(one, known) == CaseState.OPEN
    assert says(two, "real", service=mixing) == CaseState.DECIDED
    assert mixing.take(one) != known
    labelling.undo(two, known)
    # As with any other case.
    mixing.take_case(two, known)
    with pytest.raises(Refused):
        mixing.take_case(three, known)
    with sessions() as session:
        case = session.scalars(select(Case).where(Case.public_id == known)).one()
        assert (case.state, session.scalars(select(Decision)).all()) == (CaseState.DECIDED, [])
    found = LabelQualityService(sessions).report(people[0])
    assert found.people[0].gold_right == Proportion(1, 1)
    # Of true cases only.
    assert found.overall.cases == 0
    record = receipt_service(sessions).result(receipt).document()
    assert (record["decision"], record["waiting"]) == (None, [])


def test_what_cannot_be_gold_is_refused(
    sessions: Sessions, kept: Kept, gold: GoldService, log: CaseEvents, people: list[Person], says: Says
) -> None:
    def code(receipt: str, subject: int = 1, value: str = "fake") -> str:
        with pytest.raises(Unable) as error:
            gold.mark(receipt, subject, value)
        return error.value.code

    receipt = kept.add(0.5)
    Triage(log, TriageRules(), draw=lambda: 1.0).process(receipt_hash(receipt))
    assert code("nobody's") == "no_kept_file"
    assert code(kept.add(0.5, kept=False)) == "no_kept_file"
    assert code(receipt, 2) == "unknown_face"
    assert code(receipt, value="cannot_tell") == "invalid_answer"
    says(people[1], "fake")
    assert code(receipt) == "labelled_already"
    fresh = kept.add(0.5)
    gold.mark(fresh, 1, "real")
    assert code(fresh) == "labelled_already"
    with sessions() as session:
        assert session.query(Gold).count() == 1


def test_the_share_of_gold_is_what_was_set(
    sessions: Sessions, kept: Kept, gold: GoldService, opens: Opens, people: list[Person]
) -> None:
    golden = {gold.mark(kept.add(0.5), 1, "fake") for _ in range(3)}
    for _ in range(8):
        opens(0.5)
    chance = random.Random(4)
    service = ClaimService(sessions, gold_share=0.5, draw=chance.random)
    taken = [service.take(person) for person in people[1:17]]
    assert 4 <= sum(case in golden for case in taken) <= 12
    # Not always the same one.
    assert len({case for case in taken if case in golden}) > 1
