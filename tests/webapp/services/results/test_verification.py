"""Tests of verification with a database: what the holder of a report learns, and what they never learn."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.webapp.receipt_services import receipt_service
from tests.webapp.services.conftest import Decides, Kept
from tests.webapp.services.reports.pdf import SHA256
from tests.webapp.services.reports.signed import KEYS, signed_json, signed_pdf
from webapp.db.session import Sessions
from webapp.db.tables import Decision, Rescore
from webapp.domain.clock import now
from webapp.domain.errors import Refused
from webapp.security.signing_keys import InvalidKeys, new_keys
from webapp.security.tokens import receipt_hash, report_number
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.services.results.receipts import ReceiptService
from webapp.services.results.verification import VerificationService

pytestmark = pytest.mark.both_databases

DELAY = timedelta(minutes=10)


@pytest.fixture
def verification(sessions: Sessions) -> VerificationService:
    return VerificationService(sessions, lambda: KEYS.public, undo_period=DELAY)


def test_the_answer_follows_the_result_until_it_is_deleted(
    sessions: Sessions, kept: Kept, verification: VerificationService
) -> None:
    receipt = kept.add(0.9)
    for report in (signed_json(receipt=receipt), signed_pdf(receipt=receipt)):
        answer = verification.verify(report, SHA256)
        assert (answer.authentic, answer.finding, answer.from_this_site) == (True, "authentic", True)
        assert (answer.receipt, answer.media is not None and answer.media.matches) == ("stands", True)
        assert answer.later is not None
        assert (answer.later.scores, answer.later.decision) == ([], None)
        other = verification.verify(report, "0" * 64)
        assert other.authentic
        assert other.media is not None
        assert not other.media.matches
        assert verification.verify(report).media is None
    receipt_service(sessions).delete(receipt)
    gone = verification.verify(signed_json(receipt=receipt))
    assert (gone.authentic, gone.receipt, gone.later) == (True, "gone", None)
    assert verification.state(report_number(receipt)).stands is False
    unstored = verification.verify(signed_json(receipt=None))
    assert (unstored.authentic, unstored.receipt) == (True, "not_stored")


def test_an_altered_report_learns_nothing(kept: Kept, verification: VerificationService) -> None:
    report = signed_json(receipt=kept.add(0.9)).replace(b'"verdict": "fake"', b'"verdict": "real"', 1)
    answer = verification.verify(report, SHA256)
    assert (answer.authentic, answer.finding, answer.from_this_site) == (False, "altered", False)
    assert (answer.report, answer.media, answer.receipt, answer.later) == (None, None, "unknown", None)


def test_decisions_appear_after_the_undo_period_and_later_models_at_once(
    sessions: Sessions, kept: Kept, verification: VerificationService, log: CaseEvents, decides: Decides
) -> None:
    receipt = kept.add(0.5)
    number = report_number(receipt)
    Triage(log, TriageRules(), draw=lambda: 1.0).process(receipt_hash(receipt))
    with sessions.begin() as session:
        session.add(
            Rescore(
                analysis_id=1,
                created_at=now(),
                model_name="m",
                model_version="2",
                model_sha256="e" * 64,
                fake_prob=0.25,
                verdict="real",
            )
        )
    waiting = verification.state(number).later
    assert waiting is not None
    assert ([score.model.version for score in waiting.scores], waiting.waiting) == (["2"], [1])
    decides("fake")
    undoable = verification.state(number).later
    assert undoable is not None
    assert undoable.decision is None
    with sessions.begin() as session:
        session.execute(update(Decision).values(decided_at=now() - 2 * DELAY))
    decided = verification.state(number).later
    assert decided is not None
    assert decided.decision is not None
    assert [face.value for face in decided.decision.faces] == ["fake"]


def test_the_state_has_no_receipt_vote_or_consent(
    sessions: Sessions, kept: Kept, verification: VerificationService
) -> None:
    receipt = kept.add(0.9)
    state = verification.state(report_number(receipt))
    assert state.result is not None
    assert (state.result.verdict, state.result.fake_prob) == ("fake", 0.9)
    text = json.dumps(state.to_json())
    for secret in (receipt, receipt_hash(receipt), "consent", "kept", "feedback", "notify", "fingerprint"):
        assert secret not in text
    # The receipt itself and its hash are no numbers of reports.
    for other in (receipt, receipt_hash(receipt)[:32], "", "\x00" * 32, "\ud800", "0" * 32, "%" * 32):
        assert verification.state(other).stands is False
    receipts: ReceiptService = receipt_service(sessions)
    assert not receipts.exists(report_number(receipt))


def test_unreadable_keys_are_refused(sessions: Sessions) -> None:
    def unreadable() -> object:
        raise InvalidKeys("it is damaged")

    service = VerificationService(sessions, unreadable)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refusal:
        service.verify(signed_json())
    assert refusal.value.code == "no_report_keys"


def test_another_host_is_named_as_unknown(sessions: Sessions) -> None:
    service = VerificationService(sessions, lambda: new_keys(now()).public)
    answer = service.verify(signed_pdf())
    assert (answer.finding, answer.from_this_site, answer.report) == ("unknown_key", False, None)
    assert answer.key is not None
    assert (answer.key.kid, answer.key.status) == (KEYS.public.keys[0].kid, "unknown")
