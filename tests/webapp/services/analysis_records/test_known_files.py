"""Tests of earlier decisions: the very same file, near copies, and what visitors must not learn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.webapp.services.conftest import Decides, Kept
from webapp.db.session import Sessions
from webapp.db.tables import Decision
from webapp.domain.clock import now
from webapp.security.tokens import receipt_hash
from webapp.services.analysis_records.known_files import KnownFace, KnownFileRules, KnownFiles
from webapp.services.moderation.case_events import CaseEvents
from webapp.services.moderation.ranking import TriageRules
from webapp.services.moderation.triage import Triage

pytestmark = pytest.mark.both_databases

DELAY = timedelta(minutes=10)
SHA256 = "5" * 64
BITS = 0x0123456789ABCDEF


class Visitors:
    """Visitors who bring one file, or near copies of it, on different days."""

    def __init__(self, kept: Kept, triage: Triage, decides: Decides, sessions: Sessions) -> None:
        self._kept, self._triage, self._decides, self._sessions = kept, triage, decides, sessions

    def bring(
        self, *, days_ago: float = 0, sha256: str = SHA256, fake_prob: float = 0.5, **changes: object
    ) -> str:
        """Store a result without keeping its file, and return the receipt."""
        created = now() - timedelta(days=days_ago)
        row = {"media_sha256": sha256, "created_at": created, "bits": BITS, "kept": False, **changes}
        return self._kept.add(fake_prob, **row)  # type: ignore[arg-type]

    def keep_and_decide(
        self, value: str = "real", *, days_ago: float = 9, ended: bool = True, **options: object
    ) -> str:
        """Store a result whose file is kept and decided on."""
        receipt = self.bring(days_ago=days_ago, kept=True, file="e" * 64, **options)  # type: ignore[arg-type]
        self._triage.process(receipt_hash(receipt))
        self._decides(value)
        if ended:
            with self._sessions.begin() as session:
                session.execute(update(Decision).values(decided_at=now() - 2 * DELAY))
        return receipt


@pytest.fixture
def visitors(sessions: Sessions, kept: Kept, log: CaseEvents, decides: Decides) -> Visitors:
    return Visitors(kept, Triage(log, TriageRules(), draw=lambda: 1.0), decides, sessions)


@pytest.fixture
def known(sessions: Sessions) -> KnownFiles:
    return KnownFiles(sessions, KnownFileRules(days=3, undo_period=DELAY))


def faces(known: KnownFiles, receipt: str) -> list[KnownFace]:
    found = known.find(receipt)
    return [] if found is None else found.faces


def test_the_same_file_is_known_after_receipts_of_three_other_days(
    visitors: Visitors, known: KnownFiles
) -> None:
    visitors.keep_and_decide("real")
    visitors.bring(days_ago=5)
    second = visitors.bring()
    assert faces(known, second) == []
    visitors.bring(days_ago=2)
    (face,) = faces(known, visitors.bring())
    assert (face.face, face.value, face.moderators, face.exact) == (1, "real", 2, True)
    assert face.decided_on == (now() - 2 * DELAY).date()


def test_many_receipts_of_one_visitor_within_a_day_tell_nothing(
    visitors: Visitors, known: KnownFiles
) -> None:
    visitors.keep_and_decide()
    for _ in range(20):
        assert faces(known, visitors.bring()) == []
    for _ in range(20):
        assert faces(known, visitors.bring(days_ago=1)) == []


def test_without_a_decision_nothing_is_known(visitors: Visitors, known: KnownFiles) -> None:
    for days_ago in range(10):
        visitors.bring(days_ago=days_ago)
    assert known.find(visitors.bring()) is None
    assert known.find("unknown") is None


def test_a_decision_is_hidden_while_it_can_be_undone(
    visitors: Visitors, known: KnownFiles, sessions: Sessions
) -> None:
    visitors.keep_and_decide(ended=False)
    for days_ago in (1, 2, 3, 4):
        visitors.bring(days_ago=days_ago)
    asked = visitors.bring()
    assert faces(known, asked) == []
    with sessions.begin() as session:
        session.execute(update(Decision).values(decided_at=now() - 2 * DELAY))
    assert [face.value for face in faces(known, asked)] == ["real"]
    with sessions.begin() as session:
        session.execute(update(Decision).values(undone_at=now()))
    assert faces(known, asked) == []


def test_a_near_copy_counts_only_if_the_model_scores_it_alike(visitors: Visitors, known: KnownFiles) -> None:
    visitors.keep_and_decide("real")
    for days_ago in (1, 2, 3):
        visitors.bring(days_ago=days_ago, sha256="6" * 64, bits=BITS ^ 1)
    (face,) = faces(known, visitors.bring(sha256="7" * 64, bits=BITS ^ 3))
    assert (face.value, face.exact) == ("real", False)
    # A manipulated copy looks alike, but its score is another.
    assert faces(known, visitors.bring(sha256="8" * 64, bits=BITS ^ 3, fake_prob=0.95)) == []
    # So is a file that does not look alike, and one that another model judged.
    assert faces(known, visitors.bring(sha256="9" * 64, bits=BITS ^ 0xFFFFFF)) == []
    assert faces(known, visitors.bring(sha256="7" * 64, bits=BITS, model_sha256="a" * 64)) == []


def test_the_very_same_file_needs_receipts_of_itself(visitors: Visitors, known: KnownFiles) -> None:
    visitors.keep_and_decide("fake")
    for days_ago in (1, 2):
        visitors.bring(days_ago=days_ago)
    # Another model, so that near copies do not count.
    asked = visitors.bring(model_sha256="a" * 64)
    assert [face.exact for face in faces(known, asked)] == [True]


def test_a_deleted_result_is_no_longer_known(
    visitors: Visitors, known: KnownFiles, sessions: Sessions
) -> None:
    from tests.webapp.receipt_services import receipt_service

    decided = visitors.keep_and_decide()
    for days_ago in (1, 2, 3):
        visitors.bring(days_ago=days_ago)
    asked = visitors.bring()
    assert faces(known, asked)
    receipt_service(sessions).delete(decided)
    assert faces(known, asked) == []


def test_a_receipt_of_the_decided_case_is_answered_by_its_decision_alone(
    visitors: Visitors, known: KnownFiles
) -> None:
    decided = visitors.keep_and_decide()
    for days_ago in (1, 2, 3):
        visitors.bring(days_ago=days_ago)
    assert faces(known, decided) == []
