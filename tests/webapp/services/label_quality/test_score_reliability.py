"""Reliability of scores, measured on the random audit sample."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from laanet_core.evaluation.metrics import wilson_interval
from laanet_core.results import AnalysisResult, FaceResult, ModelInfo
from tests.webapp.receipt_services import receipt_service
from tests.webapp.sample_results import stored_page
from tests.webapp.services.conftest import Kept, picture
from webapp.db.session import Sessions
from webapp.db.tables import Case, CaseItem, Decision
from webapp.domain.clock import now
from webapp.domain.enums import Reason
from webapp.domain.ids import new_id
from webapp.services.label_quality.score_reliability import ScoreReliabilityService
from webapp.texts import LANGUAGES
from webapp.texts.sentences import reliability_sentence

pytestmark = pytest.mark.both_databases

DELAY = timedelta(minutes=10)


def audited(
    sessions: Sessions,
    values: list[str],
    fake_prob: float = 0.3,
    reason: Reason = Reason.AUDIT,
    model: str = "f" * 64,
) -> None:
    """Store decided cases, each on its own picture."""
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


def test_only_decided_faces_of_the_audit_sample_count(sessions: Sessions, kept: Kept) -> None:
    service = ScoreReliabilityService(sessions, delay=DELAY)
    audited(sessions, ["fake"] * 6 + ["real"] * 23 + ["cannot_tell"] * 9 + ["unusable"])
    audited(sessions, ["fake"] * 40, reason=Reason.DISAGREEMENT)
    audited(sessions, ["fake"] * 40, fake_prob=0.4)
    audited(sessions, ["fake"] * 40, model="e" * 64)
    # 29 are too few.
    assert service.for_result(result_of(0.3, None)) == [None, None]
    audited(sessions, ["real"], fake_prob=0.34)
    found, none = service.for_result(result_of(0.3, None))
    assert none is None
    assert found is not None
    assert (found.count, found.fakes, found.share) == (30, 6, 0.2)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0951, 0.3731)
    receipt = kept.add(0.3)
    (entry,) = receipt_service(sessions, undo_period=DELAY).result(receipt).to_json()["reliability"]
    assert entry == {
        "face": 1,
        "count": 30,
        "fakes": 6,
        "share": 0.2,
        "interval": [0.0951, 0.3731],
        "scores": [0.25, 0.35],
    }
    page = stored_page(receipt_service(sessions, undo_period=DELAY).result(receipt), LANGUAGES["en"])
    assert reliability_sentence(30, 0.2, (0.0951, 0.3731), "image", LANGUAGES["en"]) in page
    with sessions.begin() as session:
        session.execute(
            update(Decision)
            .where(Decision.id == session.scalar(select(Decision.id).limit(1)))
            .values(undone_at=now())
        )
    assert service.for_result(result_of(0.3)) == [None]


def test_a_database_error_gives_no_reliability(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE decision RENAME TO elsewhere"))
    assert ScoreReliabilityService(sessions, delay=DELAY).for_result(result_of(0.3)) == [None]


def test_wilson_intervals_match_hand_worked_ones() -> None:
    """z = 1.95996: of 0 in 10 the upper end is z^2 / (10 + z^2) = 3.84146 / 13.84146."""
    none = wilson_interval(0, 10)
    assert (round(none.low, 9), round(none.high, 5)) == (0.0, 0.27753)
    half = wilson_interval(5, 10)
    assert (round(half.low, 4), round(half.high, 4)) == (0.2366, 0.7634)
    for wrong in ((1, 0), (-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="no share"):
            wilson_interval(*wrong)
