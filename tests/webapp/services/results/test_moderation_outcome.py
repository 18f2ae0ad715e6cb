"""Decisions as the holder of a receipt sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.webapp.receipt_services import receipt_service
from tests.webapp.sample_results import stored_page
from tests.webapp.services.conftest import Decides, Kept
from webapp.db.session import Sessions
from webapp.db.tables import Decision, Label
from webapp.domain.clock import now
from webapp.domain.enums import LabelValue
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.texts import LANGUAGES

pytestmark = pytest.mark.both_databases

DELAY = timedelta(minutes=10)


@pytest.fixture
def triage(log: CaseEvents) -> Triage:
    return Triage(log, TriageRules(), draw=lambda: 1.0)


def end_undo_period(sessions: Sessions) -> None:
    """Move all decisions and labels out of the undo period."""
    with sessions.begin() as session:
        session.execute(update(Decision).values(decided_at=now() - 2 * DELAY))
        session.execute(update(Label).values(created_at=now() - 2 * DELAY))


def test_a_decision_is_shown_when_it_can_no_longer_be_undone(
    sessions: Sessions,
    kept: Kept,
    triage: Triage,
    decides: Decides,
    claims: ClaimService,
    labelling: LabellingService,
    people: list[Person],
) -> None:
    receipts = receipt_service(sessions, undo_period=DELAY)
    mine, copy, other = (
        kept.add(0.5, file="a" * 64, bits=1),
        kept.add(0.5, bits=1),
        kept.add(0.01, kept=False),
    )
    for receipt in (mine, copy, other):
        triage.process(receipt_hash(receipt))
    assert (receipts.result(mine).to_json()["decision"], receipts.result(mine).to_json()["waiting"]) == (
        None,
        [1],
    )
    case = decides("fake")
    # Not yet.
    assert (receipts.result(mine).to_json()["decision"], receipts.result(mine).to_json()["waiting"]) == (
        None,
        [1],
    )
    labelling.undo(people[2], case)
    assert claims.take(people[2]) == case
    labelling.submit_final(people[2], case, LabelInput("real", 2))
    decides("real", people[3:4])
    end_undo_period(sessions)
    found = receipts.result(mine).to_json()
    (face,) = found["decision"]["faces"]
    assert (face["face"], face["value"], face["how"], face["exact"], found["waiting"]) == (
        1,
        "real",
        "majority",
        True,
        [],
    )
    assert receipts.result(copy).to_json()["decision"]["faces"][0]["exact"] is False
    assert receipts.result(other).to_json()["decision"] is None


def test_the_page_shows_the_outcome_in_every_language(
    sessions: Sessions, kept: Kept, triage: Triage, decides: Decides
) -> None:
    receipts = receipt_service(sessions, undo_period=DELAY)
    mine, copy, unkept = kept.add(0.5, bits=1), kept.add(0.5, bits=1), kept.add(0.5, kept=False)
    for receipt in (mine, copy, unkept):
        triage.process(receipt_hash(receipt))
    waiting = receipts.result(mine)
    decides("fake")
    end_undo_period(sessions)
    for texts in LANGUAGES.values():
        assert texts.decision_waiting.format(faces=texts.face_number.format(number=1)) in stored_page(
            waiting, texts
        )
        assert texts.decision_impossible in stored_page(receipts.result(unkept), texts)
        assert texts.labels["fake"] in stored_page(receipts.result(mine), texts)
        assert texts.decision_of_copy not in stored_page(receipts.result(mine), texts)
        assert texts.decision_of_copy in stored_page(receipts.result(copy), texts)
        assert set(texts.labels) == set(LabelValue)
