from __future__ import annotations

import base64
import dataclasses
import json
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select, text, update

from laanet_core.documents import AnalysisDocument
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.results import Stability
from tests.core.clips import cut_clip, write_clip, write_pages
from tests.webapp.db.test_migrate import OLD
from tests.webapp.naughty import MANY, NOTES
from tests.webapp.painted_regions import mask, png
from tests.webapp.receipt_services import receipt_service
from webapp.db.migrate import newest_version
from webapp.db.session import Sessions, make_sessions, open_database
from webapp.db.tables import Analysis, Base, Rescore
from webapp.domain.clock import now
from webapp.domain.errors import Refused
from webapp.security.tokens import new_key, receipt_hash
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.services.results.receipts import ReceiptService

pytestmark = pytest.mark.both_databases
OLD_RECEIPT = "receipt-of-two-people-before-migrations-01"


@pytest.fixture
def receipt(analysed: StoredAnalysis) -> str:
    assert analysed.receipt is not None
    return analysed.receipt


def everything(sessions: Sessions) -> bytes:
    """All that the database holds: of SQLite every file's bytes, of PostgreSQL every row's values."""
    with sessions() as session:
        database = session.get_bind().engine.url.database
        if session.get_bind().dialect.name == "sqlite":
            return b"".join(
                path.read_bytes() for path in Path(str(database)).parent.iterdir() if path.is_file()
            )
        rows = [row for table in Base.metadata.sorted_tables for row in session.execute(select(table)).all()]
    return b"\n".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
    )


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def test_a_result_comes_back_as_it_was_answered(
    receipts: ReceiptService, analysed: StoredAnalysis, receipt: str, detector: Detector
) -> None:
    record = receipts.result(receipt).to_json()
    assert json.loads(json.dumps(record)) == record
    answered = AnalysisDocument.from_result(analysed.result).to_json()
    assert answered.pop("runtime")["precision"] == "float32"  # what carried it out is said, and not stored
    assert {key: record[key] for key in answered} == answered
    decision = detector.decision
    assert record["thresholds"] == {
        "temperature": decision.temperature,
        "real_below": decision.real_below,
        "fake_above": decision.fake_above,
    }
    assert record["size"] == list(analysed.result.size or ())
    assert (record["feedback"], record["later_scores"], record["decision"], record["notify"]) == (
        [],
        [],
        None,
        False,
    )
    assert record["created_at"].endswith("+00:00")
    assert '"path"' not in json.dumps(record)


def test_clips_and_rejections_come_back_too(
    receipts: ReceiptService, analysis: AnalysisService, samples: Path, tmp_path: Path, detector: Detector
) -> None:
    from PIL import Image

    with Image.open(samples / "astronaut.png") as image:
        frames = [np.asarray(image.convert("RGB").resize((256, 256)).rotate(number)) for number in range(6)]
    (tmp_path / "words.jpg").write_text("no picture")
    for path in (write_clip(tmp_path / "clip.mp4", frames), tmp_path / "words.jpg"):
        analysed = analysis.analyse(path)
        assert analysed.receipt is not None
        record, answered = (
            receipts.result(analysed.receipt).to_json(),
            AnalysisDocument.from_result(analysed.result).to_json(),
        )
        # The runtime is not stored.
        answered.pop("runtime", None)
        assert {key: record[key] for key in answered} == answered


def test_feedback_and_later_scores_are_part_of_it(
    receipts: ReceiptService, feedback: FeedbackService, sessions: Sessions, receipt: str
) -> None:
    feedback.submit(Submission(receipt, 0, "agree", "", new_key()))
    feedback.submit(Submission(receipt, 2, "disagree", " why? ", new_key(), ("teeth", "eyes"), png(mask())))
    with sessions.begin() as session:
        row = Rescore(
            analysis_id=1,
            created_at=now(),
            model_name="m",
            model_version="2",
            model_sha256="2" * 64,
            fake_prob=0.25,
            verdict="real",
        )
        session.add(row)
    record = receipts.result(receipt).to_json()
    first, second = record["feedback"]
    assert {**first, "created_at": None} == {
        "created_at": None,
        "face": 0,
        "vote": "agree",
        "note": "",
        "tags": [],
        "region": None,
    }
    assert (second["face"], second["note"], second["tags"]) == (2, " why? ", ["teeth", "eyes"])
    assert base64.b64decode(second["region"]).startswith(b"\x89PNG")
    (later,) = record["later_scores"]
    assert (later["model"], later["fake_prob"], later["verdict"]) == (
        {"name": "m", "version": "2", "sha256": "2" * 64},
        0.25,
        "real",
    )


@pytest.mark.parametrize(
    "wrong", ["", "guess", "\x00", "\ud800", "é" * 50, "x" * 1_000_000, "' OR 1=1 --", "../..", "%"]
)
def test_wrong_receipts_of_any_shape_are_answered_alike(
    receipts: ReceiptService, receipt: str, wrong: str
) -> None:
    answers = set()
    for ask in (receipts.result, receipts.delete, lambda wrong: receipts.set_notice_request(wrong, True)):
        with pytest.raises(Refused) as refused:
            ask(wrong)
        answers.add((refused.value.code, refused.value.message))
    with pytest.raises(Refused):
        receipts.result(receipt_hash(receipt)).to_json()  # what is stored opens nothing
    assert answers == {("unknown_receipt", "There is no result under this receipt.")}


def test_that_only_a_part_was_judged_is_kept(
    analysis: AnalysisService, receipts: ReceiptService, samples: Path, tmp_path: Path
) -> None:
    frame = read_image(samples / "astronaut.png")[:256, 100:356]
    files = {
        "first_picture_only": write_pages(tmp_path / "a.tif", [frame, frame[::-1]]),
        "cut_short": cut_clip(
            write_clip(tmp_path / "a.mkv", [np.roll(frame, 9 * n, 1) for n in range(20)]), 0.5
        ),
        None: samples / "astronaut.png",
    }
    for caution, file in files.items():
        analysed = analysis.analyse(file)
        assert analysed.receipt is not None
        wanted = [caution] if caution else []
        assert (
            analysed.document().to_json()["cautions"],
            receipts.result(analysed.receipt).to_json()["cautions"],
        ) == (
            wanted,
            wanted,
        )


def test_an_answer_from_before_cautions_were_kept_has_none(
    receipts: ReceiptService, sessions: Sessions, receipt: str
) -> None:
    with sessions.begin() as session:
        session.execute(update(Analysis).values(cautions=None))
    assert receipts.result(receipt).to_json()["cautions"] == []


def test_it_is_kept_whether_the_verdicts_held(
    receipts: ReceiptService, analysed: StoredAnalysis, receipt: str
) -> None:
    record = receipts.result(receipt).to_json()
    assert (record["held"], record["unstable_faces"]) == (None, [])  # not tried
    faces = tuple(dataclasses.replace(face, verdict="real") for face in analysed.result.faces)
    result = dataclasses.replace(analysed.result, verdict="real", faces=faces)
    holds, falls = Stability((), True, "real"), Stability((), False, "inconclusive")
    cases: list[tuple[list[Stability | None], bool, list[int]]] = [
        ([holds, holds], True, []),
        ([holds, falls], False, [2]),
    ]
    for found, held, unstable in cases:
        receipts.remember_stability(
            receipt, dataclasses.replace(result, kind="video"), [falls]
        )  # of a clip nothing is kept
        receipts.remember_stability(receipt, result, found)
        record = receipts.result(receipt).to_json()
        assert (record["held"], record["unstable_faces"], record["verdict"]) == (
            held,
            unstable,
            analysed.result.verdict,
        )
    receipts.delete(receipt)
    receipts.remember_stability(receipt, result, [holds, holds])  # nothing happens
    with pytest.raises(Refused, match="There is no result under this receipt"):
        receipts.result(receipt).to_json()


def test_the_wish_for_a_notice_is_kept(receipts: ReceiptService, receipt: str) -> None:
    for wanted in (True, True, False):
        receipts.set_notice_request(receipt, wanted)
        assert receipts.result(receipt).to_json()["notify"] is wanted


def test_deleting_leaves_nothing(
    receipts: ReceiptService,
    feedback: FeedbackService,
    analysis: AnalysisService,
    sessions: Sessions,
    samples: Path,
    analysed: StoredAnalysis,
    receipt: str,
) -> None:
    other = analysis.analyse(samples / "astronaut.png").receipt
    assert other is not None
    region = png(mask())
    vote = Submission(
        receipt,
        1,
        "disagree",
        "words of the deleted one " * 60,
        "key-of-the-deleted-vote",
        ("teeth",),
        region,
    )
    feedback.submit(vote)
    feedback.submit(
        dataclasses.replace(vote, receipt=other, note="words that stay", idempotency_key=new_key())
    )
    with sessions.begin() as session:
        session.add(
            Rescore(
                analysis_id=1,
                created_at=now(),
                model_name="m",
                model_version="of-the-deleted",
                model_sha256="2" * 64,
                fake_prob=0,
                verdict="real",
            )
        )
    traces = (
        b"words of the deleted one",
        b"key-of-the-deleted-vote",
        b"of-the-deleted",
        receipt_hash(receipt).encode(),
    )
    assert all(trace in everything(sessions) for trace in traces)
    receipts.delete(receipt)
    left = everything(sessions)
    assert not any(trace in left for trace in (*traces, receipt.encode(), analysed.media_sha256.encode()))
    assert left.count(b"IDAT") == 1
    with sessions() as session:
        counts = {
            table.name: session.execute(text(f"SELECT count(*) FROM {table.name}")).scalar()
            for table in Base.metadata.sorted_tables
        }
    held = {name: count for name, count in counts.items() if count}
    assert held == {
        "analysis": 1,
        "fingerprint": 1,
        "face": 1,
        "feedback": 1,
        "feedback_tag": 1,
        "region": 1,
        "audit": 2,
        "audit_head": 1,
    }
    for ask in (receipts.delete, receipts.result):
        with pytest.raises(Refused) as refused:
            ask(receipt)
        assert code_of(refused) == "unknown_receipt"
    assert receipts.result(other).to_json()["feedback"][0]["note"] == "words that stay"


def test_of_many_deletions_at_once_one_succeeds(receipts: ReceiptService, receipt: str) -> None:
    codes: list[str] = []

    def delete() -> None:
        try:
            receipts.delete(receipt)
            codes.append("deleted")
        except Refused as refusal:
            codes.append(refusal.code)

    threads = [threading.Thread(target=delete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["deleted"] + ["unknown_receipt"] * 7


def test_results_from_before_the_migrations_can_be_seen_and_deleted_from_the_copy_too(tmp_path: Path) -> None:
    file = tmp_path / "lens.sqlite3"
    shutil.copy(OLD, file)
    engine = open_database(f"sqlite:///{file}")
    receipts = receipt_service(make_sessions(engine))
    record = receipts.result(OLD_RECEIPT).to_json()
    assert (record["thresholds"], len(record["faces"]), record["notify"]) == (None, 2, False)
    assert [vote["note"] for vote in record["feedback"]] == ["This is me. 🙂", ""]
    copy = tmp_path / f"lens.sqlite3.before-{newest_version()}"
    assert b"This is me." in copy.read_bytes()
    receipts.delete(OLD_RECEIPT)
    engine.dispose()
    assert b"This is me." not in file.read_bytes() + copy.read_bytes()
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM analysis").fetchone() == (2,)


def test_a_failing_database_is_said(
    receipts: ReceiptService, engine: Engine, analysed: StoredAnalysis, receipt: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE analysis RENAME TO elsewhere"))
    for ask, code in (
        (receipts.result, "unavailable"),
        (receipts.delete, "not_deleted"),
        (lambda receipt: receipts.set_notice_request(receipt, True), "not_saved"),
        (lambda receipt: receipts.remember_stability(receipt, analysed.result, [None, None]), "not_saved"),
    ):
        with pytest.raises(Refused) as refused:
            ask(receipt)
        assert code_of(refused) == code


def test_notes_come_back_byte_for_byte(
    receipts: ReceiptService, feedback: FeedbackService, receipt: str
) -> None:
    assert len(set(NOTES)) == 40
    assert len(MANY) > 400
    notes = [*NOTES, *MANY]
    for note in notes:
        feedback.submit(Submission(receipt, 0, "not_sure", note, new_key()))
    assert [vote["note"] for vote in receipts.result(receipt).to_json()["feedback"]] == notes
