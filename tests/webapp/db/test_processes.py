"""Two processes on one SQLite file."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

from sqlalchemy import text

from tests.webapp.db.test_migrate import OLD
from webapp.db.session import make_sessions, open_database
from webapp.services.results.feedback import FeedbackService, Submission

RECEIPT = "receipt-of-two-people-before-migrations-01"
COUNT = 20


def _vote(path: Path, name: str, barrier: object, answers: object) -> None:
    engine = open_database(f"sqlite:///{path}")
    feedback = FeedbackService(make_sessions(engine))
    barrier.wait()  # type: ignore[attr-defined]
    for number in range(COUNT):
        own = Submission(RECEIPT, 1, "agree", f"{name} {number}", f"key-{name}-{number}", ("eyes", "teeth"))
        shared = Submission(RECEIPT, 2, "disagree", "", f"key-of-both-{number}", ("other",))
        answers.put((feedback.submit(own), feedback.submit(shared)))  # type: ignore[attr-defined]
    engine.dispose()


def test_two_processes_write_at_once_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    path = tmp_path / "lens.sqlite3"
    shutil.copy(OLD, path)
    engine = open_database(f"sqlite:///{path}")
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(2), context.Queue()
    processes = [
        context.Process(target=_vote, args=(path, name, barrier, answers)) for name in ("first", "second")
    ]
    for process in processes:
        process.start()
    given = [answers.get(timeout=200) for _ in range(2 * COUNT)]
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert all(own for own, _ in given)
    assert sum(shared for _, shared in given) == COUNT
    with engine.connect() as connection:
        votes = connection.execute(
            text("SELECT count(*) FROM feedback WHERE idempotency_key LIKE 'key-%-%'")
        ).scalar()
        tags = dict(connection.execute(text("SELECT tag, count(*) FROM feedback_tag GROUP BY tag")).all())
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    engine.dispose()
    assert votes == 3 * COUNT + 3  # three were there before
    assert tags == {"eyes": 2 * COUNT, "teeth": 2 * COUNT, "other": COUNT}
