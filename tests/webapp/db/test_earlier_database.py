"""A database of the version before opens, and every receipt answers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.webapp.receipt_services import receipt_service
from webapp.db import audit_chain
from webapp.db.session import Sessions
from webapp.db.tables import Label


def test_every_receipt_answers_as_before(
    earlier_sessions: Sessions, stored_results: dict[str, Any], tmp_path: Path
) -> None:
    receipts = receipt_service(earlier_sessions, undo_period=timedelta(0))
    assert len(stored_results) == 5
    for receipt, before in stored_results.items():
        result = receipts.result(receipt).to_json()
        for name in (
            "kind",
            "outcome",
            "verdict",
            "fake_prob",
            "model",
            "error",
            "feedback",
            "decision",
        ):
            assert result[name] == before[name], name
        for face, earlier_face in zip(result["faces"], before["faces"], strict=True):
            assert {name: face[name] for name in earlier_face} == earlier_face
            is_judged = earlier_face["fake_logit"] is not None
            assert face["judged"] == is_judged
            assert face["not_judged"] == (None if is_judged else "too_small")


def test_labels_and_audit_log_are_intact(earlier_sessions: Sessions) -> None:
    with earlier_sessions() as session:
        labels = session.scalars(select(Label)).all()
        assert [label.value for label in labels] == ["real"] * 4
        assert audit_chain.verify(session.connection()).number > 0
