from __future__ import annotations

import dataclasses
import threading

import pytest
from sqlalchemy import Engine, text

from webapp.db.session import Sessions
from webapp.db.tables import Feedback
from webapp.domain import MAX_NOTE, Refused, new_key
from webapp.services.analysis import Analysed
from webapp.services.feedback import FeedbackService, Submission


@pytest.fixture
def vote(analysed: Analysed) -> Submission:
    assert analysed.receipt is not None
    return Submission(analysed.receipt, 1, "disagree", "  This is me. 🙂  ", new_key())


def test_a_vote_is_stored_once_per_key(feedback: FeedbackService, sessions: Sessions, vote: Submission) -> None:
    assert feedback.submit(vote) is True
    assert feedback.submit(vote) is False
    assert feedback.submit(dataclasses.replace(vote, subject=2, idempotency_key=new_key())) is True
    with sessions() as session:
        rows = session.query(Feedback).order_by(Feedback.id).all()
        assert [(row.subject, row.vote, row.note) for row in rows] == [(1, "disagree", "This is me. 🙂"), (2, "disagree", "This is me. 🙂")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"receipt": "guess"}, "unknown_receipt"),
        ({"subject": 3}, "unknown_face"),
        ({"subject": -1}, "unknown_face"),
        ({"vote": "yes"}, "invalid_vote"),
        ({"note": "x" * (MAX_NOTE + 1)}, "note_too_long"),
        ({"note": "a\x00b"}, "invalid_note"),
        ({"note": "\ud800"}, "invalid_note"),
        ({"idempotency_key": "short"}, "invalid_key"),
        ({"idempotency_key": "k" * 129}, "invalid_key"),
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
    for changes in ({"vote": "agree"}, {"note": "other"}, {"subject": 0}):
        with pytest.raises(Refused) as refused:
            feedback.submit(dataclasses.replace(vote, **changes))  # type: ignore[arg-type]
        assert refused.value.code == "key_reused"


def test_the_same_vote_from_many_threads_is_stored_once(feedback: FeedbackService, sessions: Sessions, vote: Submission) -> None:
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
        connection.execute(text("DROP TABLE feedback"))
    with pytest.raises(Refused) as refused:
        feedback.submit(vote)
    assert refused.value.code == "not_saved"
