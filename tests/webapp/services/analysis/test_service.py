"""Analyses and what is stored of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from laanet_core.errors import Cancelled
from webapp.db.session import Sessions
from webapp.db.tables import Analysis
from webapp.media.store import MediaStore
from webapp.security.tokens import new_receipt, receipt_hash
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis.progress import VisitProgress
from webapp.services.analysis.service import AnalysisService, Client


def test_the_result_is_stored_to_the_last_digit_and_the_photo_is_not(
    analysed: StoredAnalysis, sessions: Sessions, samples: Path, tmp_path: Path
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
    analysed = analysis.analyse(tmp_path / "words.jpg")
    assert analysed.result.outcome == "rejected"
    with sessions() as session:
        row = session.query(Analysis).one()
        assert (row.outcome, row.error_code, row.faces) == ("rejected", "unsupported_type", [])


def test_a_stopped_analysis_leaves_nothing(
    analysis: AnalysisService, sessions: Sessions, samples: Path
) -> None:
    analysis.jobs.stop("mine")
    with pytest.raises(Cancelled):
        analysis.analyse(samples / "astronaut.png", job="mine")

    def stop_late(progress: VisitProgress) -> None:
        if progress.phase == "storing":
            analysis.jobs.stop("late")

    with pytest.raises(Cancelled):
        analysis.analyse(samples / "astronaut.png", job="late", progress=stop_late)
    with sessions() as session:
        assert session.query(Analysis).count() == 0
    assert analysis.jobs.running == 0


def test_nothing_is_stored_for_a_client_that_left(
    analysis: AnalysisService, sessions: Sessions, store: MediaStore, samples: Path
) -> None:
    """The client leaves while the file is judged; its kept file is removed again."""
    present = [True]

    def leave(progress: VisitProgress) -> None:
        present[0] = progress.phase != "storing"

    with pytest.raises(Cancelled):
        analysis.analyse(
            samples / "astronaut.png",
            consent=True,
            progress=leave,
            client=Client(is_present=lambda: present[0]),
        )
    with sessions() as session:
        assert session.query(Analysis).count() == 0
    assert not store.listed()


@pytest.mark.parametrize("has_ticket", [False, True])
def test_the_queue_admits_the_next_file_while_a_result_is_stored(
    analysis: AnalysisService, engine: Engine, samples: Path, has_ticket: bool
) -> None:
    counts: list[tuple[int, int]] = []

    def count(*_: object) -> None:
        counts.append((analysis.queue.running, analysis.jobs.running))

    event.listen(engine, "before_cursor_execute", count)
    picture = samples / "astronaut.png"
    assert analysis.analyse(picture, ticket=analysis.queue.join() if has_ticket else None).receipt is not None
    # a server that stops waits for the job
    assert set(counts) == {(0, 1)}


def test_a_clients_own_receipt_names_one_result(
    analysis: AnalysisService, sessions: Sessions, samples: Path
) -> None:
    """A repeated analysis stores nothing twice; the receipt of another file's result is not shared."""
    client = Client(receipt=new_receipt())
    first = analysis.analyse(samples / "astronaut.png", client=client)
    again = analysis.analyse(samples / "astronaut.png", client=client)
    other = analysis.analyse(samples / "two_people.jpg", client=client)
    assert first.receipt == again.receipt == client.receipt
    assert (again.created, again.result.fake_prob) == (first.created, first.result.fake_prob)
    assert other.receipt not in (None, client.receipt)
    with sessions() as session:
        assert session.query(Analysis).count() == 2


def test_a_repeated_analysis_keeps_the_file_once(
    analysis: AnalysisService, store: MediaStore, samples: Path
) -> None:
    client = Client(receipt=new_receipt())
    for _ in range(2):
        assert analysis.analyse(samples / "astronaut.png", consent=True, client=client).is_kept
    assert len(store.listed()) == 1
