"""Receipts of stored results, and results that cannot be stored."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, text

from webapp.services.analysis.service import AnalysisService


def test_receipts_are_unguessable_and_differ(analysis: AnalysisService, samples: Path) -> None:
    receipts = {analysis.analyse(samples / "astronaut.png").receipt for _ in range(3)}
    assert len(receipts) == 3
    assert all(receipt is not None and len(receipt) >= 43 for receipt in receipts)


def test_a_result_that_cannot_be_stored_has_no_receipt(
    analysis: AnalysisService, engine: Engine, samples: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE face"))
    analysed = analysis.analyse(samples / "astronaut.png")
    assert analysed.result.outcome == "verdict"
    assert analysed.receipt is None
    assert analysed.document().to_json()["receipt"] is None
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM analysis")).scalar() == 0
