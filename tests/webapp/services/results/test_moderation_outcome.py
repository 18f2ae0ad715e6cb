"""What the holder of a receipt learns, and when; how often such scores were fake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from laanet_core.evaluation.metrics import wilson_interval
from laanet_core.results import AnalysisResult, FaceResult, ModelInfo
from tests.webapp.receipt_services import receipt_service
from tests.webapp.services.conftest import Decides, Kept, picture
from webapp.db.session import Sessions
from webapp.db.tables import Case, CaseItem, Decision, Label
from webapp.domain.clock import now
from webapp.domain.enums import LabelValue, Reason
from webapp.domain.ids import new_id
from webapp.security.tokens import receipt_hash
from webapp.services.accounts import Person
from webapp.services.label_quality.score_reliability import ScoreReliabilityService
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.claims import ClaimService
from webapp.services.moderation.labelling import LabelInput, LabellingService
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage
from webapp.texts import LANGUAGES
from webapp.ui.render.stored_result import stored_result

pytestmark = pytest.mark.both_databases

DELAY = timedelta(minutes=10)


@pytest.fixture
def triage(log: CaseEvents) -> Triage:
    return Triage(log, TriageRules(), draw=lambda: 1.0)


def later(sessions: Sessions) -> None:
    """The time in which a decision can be undone has passed."""
    with sessions.begin() as session:
        session.execute(update(Decision).values(decided_at=now() - 2 * DELAY))
        session.execute(update(Label).values(created_at=now() - 2 * DELAY))


def test_a_decision_is_told_once_it_can_no_longer_be_undone(
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
    assert (receipts.result(mine).document()["decision"], receipts.result(mine).document()["waiting"]) == (
        None,
        [1],
    )
    case = decides("fake")
    # Not yet.
    assert (receipts.result(mine).document()["decision"], receipts.result(mine).document()["waiting"]) == (
        None,
        [1],
    )
    labelling.undo(people[2], case)
    assert claims.take(people[2]) == case
    labelling.submit_final(people[2], case, LabelInput("real", 2))
    decides("real", people[3:4])
    later(sessions)
    found = receipts.result(mine).document()
    (face,) = found["decision"]["faces"]
    assert (face["face"], face["value"], face["how"], face["exact"], found["waiting"]) == (
        1,
        "real",
        "majority",
        True,
        [],
    )
    assert receipts.result(copy).document()["decision"]["faces"][0]["exact"] is False
    assert receipts.result(other).document()["decision"] is None


def test_the_page_says_it_in_every_language(
    sessions: Sessions, kept: Kept, triage: Triage, decides: Decides
) -> None:
    receipts = receipt_service(sessions, undo_period=DELAY)
    mine, copy, unkept = kept.add(0.5, bits=1), kept.add(0.5, bits=1), kept.add(0.5, kept=False)
    for receipt in (mine, copy, unkept):
        triage.process(receipt_hash(receipt))
    waiting = receipts.result(mine).document()
    decides("fake")
    later(sessions)
    for texts in LANGUAGES.values():
        assert texts.decision_waiting.format(faces=texts.face_number.format(number=1)) in stored_result(
            waiting, texts
        )
        assert texts.decision_impossible in stored_result(receipts.result(unkept).document(), texts)
        assert texts.labels["fake"] in stored_result(receipts.result(mine).document(), texts)
        assert texts.decision_of_copy not in stored_result(receipts.result(mine).document(), texts)
        assert texts.decision_of_copy in stored_result(receipts.result(copy).document(), texts)
        assert set(texts.labels) == set(LabelValue)


def audited(
    sessions: Sessions,
    values: list[str],
    fake_prob: float = 0.3,
    reason: Reason = Reason.AUDIT,
    model: str = "f" * 64,
) -> None:
    """Decided cases, each on a picture of its own."""
    with sessions.begin() as session:
        for value in values:
            analysis = picture(fake_prob)
            analysis.model_sha256 = model
            case = Case(
                public_id=new_id(),
                opened_at=now(),
                state="decided",
                wanted=2,
                rank=0,
                audited=reason == Reason.AUDIT,
            )
            case.items = [
                CaseItem(analysis=analysis, subject=1, reason=reason, created_at=now(), fake_prob=fake_prob)
            ]
            case.decisions = [Decision(value=value, how="agreement", decided_at=now() - 2 * DELAY)]
            session.add(case)


def result_of(*probs: float | None) -> AnalysisResult:
    faces = tuple(FaceResult((0, 0, 9, 9), 1, 0.0, prob, "real") for prob in probs)
    return AnalysisResult("image", "verdict", "real", probs[0], faces, ModelInfo("m", "1", "f" * 64), 1)


def test_reliability_is_measured_on_what_was_drawn_and_decided(sessions: Sessions, kept: Kept) -> None:
    service = ScoreReliabilityService(sessions, delay=DELAY)
    audited(sessions, ["fake"] * 6 + ["real"] * 23 + ["cannot_tell"] * 9 + ["unusable"])
    audited(sessions, ["fake"] * 40, reason=Reason.DISAGREEMENT)
    audited(sessions, ["fake"] * 40, fake_prob=0.4)
    audited(sessions, ["fake"] * 40, model="e" * 64)
    # 29 are too few.
    assert service.of(result_of(0.3, None)) == [None, None]
    audited(sessions, ["real"], fake_prob=0.34)
    found, none = service.for_result(result_of(0.3, None))
    assert none is None
    assert found is not None
    assert (found.count, found.fakes, found.share) == (30, 6, 0.2)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0951, 0.3731)
    receipt = kept.add(0.3)
    (told,) = receipt_service(sessions, undo_period=DELAY).result(receipt).document()["reliability"]
    assert told == {
        "face": 1,
        "count": 30,
        "fakes": 6,
        "share": 0.2,
        "interval": [0.0951, 0.3731],
        "scores": [0.25, 0.35],
    }
    words = stored_result(
        receipt_service(sessions, undo_period=DELAY).result(receipt).document(), LANGUAGES["en"]
    )
    assert (
        "Of 30 faces that moderators decided and that had been scored like this, 20% were fake (95 % interval 10% to 37%)."
        in words
    )
    with sessions.begin() as session:
        session.execute(
            update(Decision)
            .where(Decision.id == session.scalar(select(Decision.id).limit(1)))
            .values(undone_at=now())
        )
    assert service.for_result(result_of(0.3)) == [None]


def test_an_answer_does_without_it_where_the_database_fails(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE decision RENAME TO elsewhere"))
    assert ScoreReliabilityService(sessions, delay=DELAY).for_result(result_of(0.3)) == [None]


def test_wilson_as_worked_by_hand() -> None:
    """z = 1.95996: of 0 in 10 the upper end is z^2 / (10 + z^2) = 3.84146 / 13.84146."""
    none = wilson_interval(0, 10)
    assert (round(none.low, 9), round(none.high, 5)) == (0.0, 0.27753)
    half = wilson_interval(5, 10)
    assert (round(half.low, 4), round(half.high, 4)) == (0.2366, 0.7634)
    for wrong in ((1, 0), (-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="no share"):
            wilson_interval(*wrong)
