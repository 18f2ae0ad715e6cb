from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from laanet_core.errors import Cancelled
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.security.tokens import receipt_hash
from webapp.services.analysis.service import Analysed, AnalysisService


def test_the_answer_is_stored_to_the_last_digit_and_the_picture_is_not(
    analysed: Analysed, sessions: Sessions, samples: Path, tmp_path: Path
) -> None:
    result = analysed.result
    assert analysed.receipt is not None
    with sessions() as session:
        row = session.query(Analysis).one()
        assert row.receipt_hash == receipt_hash(analysed.receipt)
        assert row.media_sha256 == hashlib.sha256((samples / "two_people.jpg").read_bytes()).hexdigest()
        assert (row.verdict, row.fake_prob, row.model_sha256) == (
            result.verdict,
            result.fake_prob,
            result.model.sha256,
        )
        assert [(face.fake_logit, face.x1) for face in row.faces] == [
            (face.fake_logit, face.box[0]) for face in result.faces
        ]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["lens.sqlite3"]
    assert analysed.receipt.encode() not in (tmp_path / "deep" / "lens.sqlite3").read_bytes()
    assert b"two_people" not in (tmp_path / "deep" / "lens.sqlite3").read_bytes()


def test_rejections_are_stored_with_their_code(
    analysis: AnalysisService, sessions: Sessions, tmp_path: Path
) -> None:
    (tmp_path / "words.jpg").write_text("no picture")
    answer = analysis.analyse(tmp_path / "words.jpg")
    assert answer.result.outcome == "rejected"
    with sessions() as session:
        row = session.query(Analysis).one()
        assert (row.outcome, row.error_code, row.faces) == ("rejected", "unsupported_type", [])


def test_receipts_are_unguessable_and_differ(analysis: AnalysisService, samples: Path) -> None:
    receipts = {analysis.analyse(samples / "astronaut.png").receipt for _ in range(3)}
    assert len(receipts) == 3
    assert all(receipt is not None and len(receipt) >= 43 for receipt in receipts)


def test_a_stopped_analysis_leaves_nothing(
    analysis: AnalysisService, sessions: Sessions, samples: Path
) -> None:
    analysis.jobs.stop("mine")
    with pytest.raises(Cancelled):
        analysis.analyse(samples / "astronaut.png", job="mine")

    def stop_late(share: float, phase: str) -> None:
        if phase == "storing":
            analysis.jobs.stop("late")

    analysis.analyse(
        samples / "astronaut.png", job="late", progress=stop_late
    )  # too late: the answer was already on its way
    with sessions() as session:
        assert session.query(Analysis).count() == 1
    assert analysis.jobs.running == 0


@pytest.mark.parametrize("in_line", [False, True])
def test_a_turn_is_free_for_the_next_one_while_an_answer_is_stored(
    analysis: AnalysisService, engine: Engine, samples: Path, in_line: bool
) -> None:
    seen: list[tuple[int, int]] = []

    def look(*_: object) -> None:
        seen.append((analysis.turns.running, analysis.jobs.running))

    event.listen(engine, "before_cursor_execute", look)
    picture = samples / "astronaut.png"
    assert (
        analysis.analyse(picture, turn=analysis.stand_in_line(picture) if in_line else None).receipt
        is not None
    )
    assert set(seen) == {(0, 1)}  # a server that is told to stop waits for the job


def test_an_answer_that_cannot_be_stored_has_no_receipt(
    analysis: AnalysisService, engine: Engine, samples: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE face"))
    answer = analysis.analyse(samples / "astronaut.png")
    assert answer.result.outcome == "verdict"
    assert answer.receipt is None
    assert answer.to_json()["receipt"] is None
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM analysis")).scalar() == 0
