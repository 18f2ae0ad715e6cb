"""Provenance of decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.webapp.services.conftest import Decides
from tests.webapp.services.moderation.export.conftest import region
from webapp.db.decision_queries import decided_cases
from webapp.db.session import Sessions
from webapp.domain.clock import now
from webapp.services.moderation.export.provenance import ExportedDecision, provenance

pytestmark = pytest.mark.usefixtures("receipt")


def exported(sessions: Sessions) -> list[ExportedDecision | None]:
    with sessions() as session:
        return [provenance(decision) for decision in decided_cases(session, now() + timedelta(seconds=1))]


def test_a_decision_holds_its_labels_score_and_face(sessions: Sessions, decides: Decides) -> None:
    case = decides("fake", note="words of a moderator", tags=("boundary",), region=region())
    (decision,) = exported(sessions)
    assert decision is not None
    assert (decision.case, decision.value, decision.how, decision.audited) == (
        case,
        "fake",
        "agreement",
        True,
    )
    assert [label.stage for label in decision.labels] == ["blind", "final"] * 2
    assert [label.stage for label in decision.deciding_labels] == ["final"] * 2
    ((time, box),) = decision.boxes
    assert time is None
    assert box[0] < box[2]
    document = decision.document().model_dump(mode="json")
    assert document["labels"][0]["tags"] == ["boundary"]
    assert document["labels"][0]["painted"] is True
    assert document["label_ids"] == list(decision.deciding_ids)
    assert "words of a moderator" not in str(document)


def test_a_decision_without_its_file_has_no_provenance(sessions: Sessions, decides: Decides) -> None:
    decides("fake")
    with sessions.begin() as session:
        (decision,) = decided_cases(session, now() + timedelta(seconds=1))
        decision.media_sha256 = "0" * 64
    assert exported(sessions) == [None]
