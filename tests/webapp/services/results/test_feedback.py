"""Feedback on stored results."""

from __future__ import annotations

import dataclasses
import io
import random
import struct
import threading
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import Engine, func, text

from tests.webapp.painted_regions import mask, png
from webapp.db.session import Sessions
from webapp.db.tables import Feedback, FeedbackRegion, FeedbackTag
from webapp.domain.enums import Tag
from webapp.domain.errors import Refused
from webapp.domain.limits import MAX_NOTE, MAX_REGION_BYTES, MAX_REGION_SIDE
from webapp.security.tokens import new_key
from webapp.services.analysis.analysis_store import StoredAnalysis
from webapp.services.analysis.service import AnalysisService
from webapp.services.results.feedback import FeedbackService, Submission

pytestmark = pytest.mark.both_databases


@pytest.fixture
def vote(analysed: StoredAnalysis) -> Submission:
    assert analysed.receipt is not None
    return Submission(analysed.receipt, 1, "disagree", "  This is me. 🙂  ", new_key())


def test_a_vote_is_stored_once_per_key(
    feedback: FeedbackService, sessions: Sessions, vote: Submission
) -> None:
    assert feedback.submit(vote) is True
    assert feedback.submit(vote) is False
    assert feedback.submit(dataclasses.replace(vote, subject=2, idempotency_key=new_key())) is True
    with sessions() as session:
        rows = session.query(Feedback).order_by(Feedback.id).all()
        kept = [(row.subject, row.vote, row.note, row.tags, row.region) for row in rows]
        assert kept == [
            (subject, "disagree", "  This is me. 🙂  ", [], None) for subject in (1, 2)
        ]  # the note as it was typed


def test_reasons_can_be_counted(feedback: FeedbackService, sessions: Sessions, vote: Submission) -> None:
    for tags in (("eyes", "boundary", "eyes"), ("eyes", "other"), (), list(Tag)):
        assert feedback.submit(dataclasses.replace(vote, tags=tags, idempotency_key=new_key())) is True
    with sessions() as session:
        counted = session.query(FeedbackTag.tag, func.count()).group_by(FeedbackTag.tag).all()
        expected = {**dict.fromkeys(Tag, 1), "eyes": 3, "boundary": 2, "other": 2}
        assert dict(counted) == expected


def test_a_painted_region_is_kept_as_pixels_only(
    feedback: FeedbackService, sessions: Sessions, vote: Submission
) -> None:
    notes = PngInfo()
    notes.add_text("Comment", "gps 52.5 13.4")
    painted = png(mask(), pnginfo=notes)
    assert b"gps" in painted
    assert feedback.submit(dataclasses.replace(vote, region=painted)) is True
    assert feedback.submit(dataclasses.replace(vote, region=painted)) is False
    with sessions() as session:
        kept = session.query(FeedbackRegion).one()
        assert (kept.width, kept.height, kept.feedback.subject) == (64, 48, 1)
        with Image.open(io.BytesIO(kept.png)) as image:
            assert (image.format, image.mode, image.tobytes()) == ("PNG", "L", mask().tobytes())
        assert b"gps" not in kept.png


def test_regions_of_two_colours_are_masks_too(feedback: FeedbackService, vote: Submission) -> None:
    assert feedback.submit(dataclasses.replace(vote, region=png(mask().convert("1")))) is True


def noise(side: int) -> bytes:
    return png(Image.frombytes("L", (side, side), random.Random(1).randbytes(side * side)))


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header says more than it holds."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        png(mask())[:8]
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
        + png(mask())[33:]
    )


@pytest.mark.parametrize(
    "region",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<svg/>",
        png(mask())[:-30],
        png(mask()).replace(b"IDAT", b"IDAX"),
        png(mask().convert("RGB")),
        png(mask().convert("LA")),
        png(mask().convert("P")),
        png(mask().convert("I;16")),
        png(Image.new("L", (64, 48))),
        png(Image.new("L", (MAX_REGION_SIDE + 1, 1), 255)),
        png(mask(), kind="BMP"),
        png(mask()) + b"x" * MAX_REGION_BYTES,
        noise(300),
        claiming(60_000, 60_000),
    ],
    ids=range(15),
)
def test_what_is_no_mask_is_refused(
    feedback: FeedbackService, sessions: Sessions, vote: Submission, region: bytes
) -> None:
    with pytest.raises(Refused) as refused:
        feedback.submit(dataclasses.replace(vote, region=region))
    assert refused.value.code == "invalid_region"
    with sessions() as session:
        assert session.query(Feedback).count() == session.query(FeedbackRegion).count() == 0


def test_regions_need_a_picture(
    feedback: FeedbackService, analysis: AnalysisService, vote: Submission, tmp_path: Path
) -> None:
    (tmp_path / "words.jpg").write_text("no picture")
    receipt = analysis.analyse(tmp_path / "words.jpg").receipt
    assert receipt is not None
    with pytest.raises(Refused) as refused:
        feedback.submit(dataclasses.replace(vote, receipt=receipt, subject=0, region=png(mask())))
    assert refused.value.code == "invalid_region"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"receipt": "guess"}, "unknown_receipt"),
        ({"subject": 3}, "unknown_face"),
        ({"subject": -1}, "unknown_face"),
        ({"receipt": "\ud800\x00"}, "unknown_receipt"),
        ({"vote": "yes"}, "invalid_vote"),
        ({"tags": ("eyes", "ears")}, "invalid_tag"),
        ({"tags": "eyes"}, "invalid_tag"),
        ({"tags": ([],)}, "invalid_tag"),
        ({"note": "x" * (MAX_NOTE + 1)}, "note_too_long"),
        ({"note": "a\x00b"}, "invalid_note"),
        ({"note": "\ud800"}, "invalid_note"),
        ({"idempotency_key": "short"}, "invalid_key"),
        ({"idempotency_key": "k" * 129}, "invalid_key"),
        ({"idempotency_key": "k" * 8 + "\ud800"}, "invalid_key"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_code(
    feedback: FeedbackService, sessions: Sessions, vote: Submission, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        feedback.submit(dataclasses.replace(vote, **changes))  # type: ignore[arg-type]
    assert refused.value.code == code
    assert refused.value.message.endswith(".")
    with sessions() as session:
        assert session.query(Feedback).count() == 0


def test_a_key_stands_for_one_vote(feedback: FeedbackService, vote: Submission) -> None:
    feedback.submit(vote)
    for changes in (
        {"vote": "agree"},
        {"note": "other"},
        {"note": vote.note.strip()},
        {"subject": 0},
        {"tags": ("eyes",)},
        {"region": png(mask())},
    ):
        with pytest.raises(Refused) as refused:
            feedback.submit(dataclasses.replace(vote, **changes))  # type: ignore[arg-type]
        assert refused.value.code == "key_reused"


def test_the_same_vote_from_many_threads_is_stored_once(
    feedback: FeedbackService, sessions: Sessions, vote: Submission
) -> None:
    stored: list[bool] = []
    threads = [threading.Thread(target=lambda: stored.append(feedback.submit(vote))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stored) == [False] * 11 + [True]
    with sessions() as session:
        assert session.query(Feedback).count() == 1


def test_what_is_not_saved_is_said(feedback: FeedbackService, engine: Engine, vote: Submission) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE feedback RENAME TO elsewhere"))
    with pytest.raises(Refused) as refused:
        feedback.submit(vote)
    assert refused.value.code == "not_saved"
