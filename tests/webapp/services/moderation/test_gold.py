"""Gold cases among others."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.webapp.receipt_services import receipt_service
from tests.webapp.services.conftest import Kept, Opens
from webapp.db.session import Sessions
from webapp.db.tables import Case, Decision, Gold
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
    """Return a function that labels the next case blind, then finally; it returns the case's state."""

    def label(person: Person, blind: str, final: str | None = None, service: ClaimService = claims) -> str:
        case = service.take(person)
        assert case is not None
        labelling.submit_blind(person, case, LabelInput(blind, 2))
        return labelling.submit_final(person, case, None if final is None else LabelInput(final, 2))

    return label


def test_gold_cases_look_like_others_and_are_never_settled(
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
    # Alone a gold case would stand out.
    assert mixing.take(one) is None
    Triage(log, TriageRules(), draw=lambda: 1.0).process(receipt_hash(kept.add(0.5)))
    assert mixing.take(one) == known
    # A gold case has a slot for every moderator.
    assert mixing.take(two) == known
    assert labelling.submit_blind(one, known, LabelInput("fake", 3)).verdict == "inconclusive"
    # The first of two labels never settles a case.
    assert labelling.submit_final(one, known) == CaseState.OPEN
    assert says(two, "real", service=mixing) == CaseState.DECIDED
    assert mixing.take(one) != known
    labelling.undo(two, known)
    # The undo period of a gold case is that of any other.
    mixing.take_case(two, known)
    with pytest.raises(Refused):
        mixing.take_case(three, known)
    with sessions() as session:
        case = session.scalars(select(Case).where(Case.public_id == known)).one()
        assert (case.state, session.scalars(select(Decision)).all()) == (CaseState.DECIDED, [])
    found = LabelQualityService(sessions).report(people[0])
    assert found.people[0].gold_right == Proportion(1, 1)
    # Gold cases do not count as cases of the agreement.
    assert found.agreement.cases == 0
    record = receipt_service(sessions).result(receipt).to_json()
    assert (record["decision"], record["waiting"]) == (None, [])


def test_unsuitable_faces_are_refused(
    sessions: Sessions, kept: Kept, gold: GoldService, log: CaseEvents, people: list[Person], says: Says
) -> None:
    def code(receipt: str, subject: int = 1, value: str = "fake") -> str:
        with pytest.raises(Unable) as error:
            gold.mark(receipt, subject, value)
        return error.value.code

    receipt = kept.add(0.5)
    Triage(log, TriageRules(), draw=lambda: 1.0).process(receipt_hash(receipt))
    assert code("unknown receipt") == "no_kept_file"
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


def test_the_share_of_gold_cases_is_as_configured(
    sessions: Sessions, kept: Kept, gold: GoldService, opens: Opens, people: list[Person]
) -> None:
    golden = {gold.mark(kept.add(0.5), 1, "fake") for _ in range(3)}
    for _ in range(8):
        opens(0.5)
    chance = random.Random(4)
    service = ClaimService(sessions, gold_share=0.5, draw=chance.random)
    taken = [service.take(person) for person in people[1:17]]
    assert 4 <= sum(case in golden for case in taken) <= 12
    # Different gold cases are drawn.
    assert len({case for case in taken if case in golden}) > 1
