"""Crashes of processes, full or read-only disks, and locked databases.

Everything that was acknowledged stays. A refusal names what was not saved. No repair by hand is needed.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.webapp.conftest import Judged
from tests.webapp.db.test_migrate import OLD
from tests.webapp.receipt_services import receipt_service
from webapp.bootstrap import open_records
from webapp.db.audit_chain import Event
from webapp.db.session import connect, is_reachable, make_sessions, open_database
from webapp.db.tables import Analysis
from webapp.domain.enums import Action, Actor
from webapp.domain.errors import Refused, Unable
from webapp.security.tokens import new_key
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.audit.log import AuditService
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.settings import Settings

WRITERS = 4


def write(url: str, name: str, receipt: str, folder: Path) -> None:
    """Write votes and entries of the audit log until the process is killed.

    After each answer, append its key as a line to the file of acknowledged keys.
    """
    engine = open_database(url)
    feedback = FeedbackService(make_sessions(engine))
    audit = AuditService(make_sessions(engine), folder / "audit.head")
    with (folder / f"{name}.acknowledged").open("ab", buffering=0) as acknowledged:
        for number in range(1_000_000):
            key = f"key-{name}-{number}"
            if number % 4:
                feedback.submit(Submission(receipt, 0, "agree", f"note of {key}", key, ("eyes", "teeth")))
            else:
                audit.record(Event(Actor.SYSTEM, Action.PURGED, key))
            acknowledged.write(f"{key}\n".encode())


def kill_writers(url: str, receipt: str, folder: Path, kills: int) -> set[str]:
    """Run four writers, kill one again and again, and return the acknowledged keys."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    chance = random.Random(1)
    acknowledged: set[str] = set()

    def start(number: int) -> BaseProcess:
        process = context.Process(target=write, args=(url, f"w{number}", receipt, folder))
        process.start()
        return process

    def lines() -> set[str]:
        return {line for path in folder.glob("*.acknowledged") for line in path.read_text().splitlines()}

    running = [start(number) for number in range(WRITERS)]
    for number in range(WRITERS, WRITERS + kills):
        before, deadline = lines(), time.monotonic() + 60
        while len(lines()) < len(before) + 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.05)
        place = chance.randrange(WRITERS)
        _kill(running[place])
        running[place] = start(number)
    for process in running:
        _kill(process)
    acknowledged = lines()
    assert len(acknowledged) > 2 * kills
    return acknowledged


def _kill(process: BaseProcess) -> None:
    process.kill()
    process.join(timeout=60)
    # the process had not failed before
    assert process.exitcode == -signal.SIGKILL


def check_after_kills(engine: Engine, acknowledged: set[str], folder: Path) -> None:
    audit = AuditService(make_sessions(engine), folder / "audit.head")
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        votes = {
            key
            for (key,) in connection.execute(text("SELECT idempotency_key FROM feedback"))
            if key.startswith("key-w")
        }
        entries = {
            key for (key,) in connection.execute(text("SELECT subject FROM audit WHERE action = 'purged'"))
        }
        tags = connection.execute(
            text("SELECT count(*) FROM feedback_tag t JOIN feedback f ON f.id = t.feedback_id")
        ).scalar()
    assert acknowledged <= votes | entries
    # a vote is stored as a whole or not at all
    assert tags == 2 * len(votes)
    head = audit.verify().head
    # the log continues without a repair
    audit.record(Event(Actor.SYSTEM, Action.OPENED))
    assert audit.verify(head.hash).stored_head == audit.verify().head


@pytest.fixture
def judged_once(engine: Engine, judged: Judged) -> str:
    """Return the receipt of a stored result."""
    receipt = (
        AnalysisService(judged, AnalysisStore(make_sessions(engine)), Jobs(), frames=4)
        .analyse(judged.picture)
        .receipt
    )
    assert receipt is not None
    return receipt


def check_kills(engine: Engine, judged_once: str, tmp_path: Path, kills: int) -> None:
    url = engine.url.render_as_string(hide_password=False)
    acknowledged = kill_writers(url, judged_once, tmp_path, kills)
    check_after_kills(engine, acknowledged, tmp_path)
    print(f"{kills} kills, {len(acknowledged)} acknowledged")


@pytest.mark.both_databases
def test_killed_writers_lose_nothing_that_was_acknowledged(
    engine: Engine, judged_once: str, tmp_path: Path
) -> None:
    check_kills(engine, judged_once, tmp_path, kills=10)


@pytest.mark.proof
@pytest.mark.both_databases
def test_three_hundred_kills_lose_nothing(engine: Engine, judged_once: str, tmp_path: Path) -> None:
    check_kills(engine, judged_once, tmp_path, kills=300)


class DatabaseVisit:
    """Functions of a visit that use the database."""

    def __init__(self, url: str, judged: Judged) -> None:
        self.engine = open_database(url)
        sessions = make_sessions(self.engine)
        self.analysis = AnalysisService(judged, AnalysisStore(sessions), Jobs(), frames=4)
        self.feedback, self.receipts = FeedbackService(sessions), receipt_service(sessions)
        self.picture = judged.picture
        self.stored: list[str] = []
        self.votes: list[str] = []
        self.store()

    def store(self) -> bool:
        receipt = self.analysis.analyse(self.picture).receipt
        if receipt is not None:
            self.stored.append(receipt)
        return receipt is not None

    def vote(self, size: int = 500) -> str | None:
        """Vote, and return the code of the refusal; None if the vote is stored."""
        key = new_key()

        def submit() -> None:
            self.feedback.submit(Submission(self.stored[0], 0, "agree", "n" * size, key))

        code = self.code_of(submit)
        if code is None:
            self.votes.append(key)
        return code

    def code_of(self, operation: Callable[[], object]) -> str | None:
        try:
            operation()
        except Refused as refused:
            return refused.code
        return None

    def check(self) -> None:
        """Check that everything works again, and that all acknowledged rows are stored."""
        assert is_reachable(self.engine)
        assert self.vote() is None
        assert self.store()
        with self.engine.connect() as connection:
            assert sorted(connection.scalars(text("SELECT idempotency_key FROM feedback"))) == sorted(
                self.votes
            )
            if self.engine.dialect.name == "sqlite":
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert all(self.receipts.result(receipt).to_json()["outcome"] == "verdict" for receipt in self.stored)
        deleted = self.stored.pop()
        self.receipts.delete(deleted)
        assert self.code_of(lambda: self.receipts.result(deleted).to_json()) == "unknown_receipt"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a disk of 2 MB in memory. Mounting it needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def _fill(ballast: Path) -> None:
    """Write until no byte is left."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 512)
    assert shutil.disk_usage(ballast).free == 0


RUNS = pytest.mark.parametrize("runs", [1, pytest.param(100, marks=pytest.mark.proof)])


@RUNS
def test_a_full_disk_is_said_and_loses_nothing(disk: Path, judged: Judged, runs: int) -> None:
    for run in range(runs):
        _fill_and_recover(disk, judged, left=150_000 - 1000 * run)
        for path in disk.iterdir():
            path.unlink()


def _fill_and_recover(disk: Path, judged: Judged, left: int) -> None:
    """Fill the disk except for `left` bytes, write until it is full, and check the recovery."""
    visit = DatabaseVisit(f"sqlite:///{disk / 'lens.sqlite3'}", judged)
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (shutil.disk_usage(disk).free - left))
    codes = [visit.vote(size=2000) for _ in range(150)]
    assert set(codes) == {None, "not_saved"}
    assert not all(visit.store() for _ in range(30))
    _fill(ballast)
    assert visit.vote(size=2000) == "not_saved"
    assert not visit.store()
    assert visit.code_of(lambda: visit.receipts.delete(visit.stored[-1])) == "not_deleted"
    assert visit.receipts.result(visit.stored[-1]).to_json()["outcome"] == "verdict"
    ballast.unlink()
    visit.check()
    visit.engine.dispose()


def test_backup_that_does_not_fit_leaves_no_files(disk: Path) -> None:
    chosen = Settings(data=disk)
    with open_records(chosen) as records:
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * (shutil.disk_usage(disk).free - 50_000))
        with pytest.raises(Unable) as unable:
            records.backups.make()
        assert unable.value.code == "not_written"
        assert list(chosen.backups_folder.iterdir()) == []
        ballast.unlink()
        assert records.backups.make().restored
        assert records.audit.verify().head.number == 2


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Disable the log.

    Pytest stores log records with tracebacks. These hold statements of closed connections, which would keep
    the file of the database open.
    """
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@RUNS
@pytest.mark.usefixtures("unlogged")
def test_read_only_disk_is_reported_and_recovered_from(disk: Path, judged: Judged, runs: int) -> None:
    for _ in range(runs):
        _write_protect_and_recover(disk, judged)
        for path in disk.iterdir():
            path.unlink()


def _write_protect_and_recover(disk: Path, judged: Judged) -> None:
    visit = DatabaseVisit(f"sqlite:///{disk / 'lens.sqlite3'}", judged)
    # A disk with files open for writing cannot become read-only. Exceptions of the previous round hold
    # statements in reference cycles, and these hold the file open.
    visit.engine.dispose()
    gc.collect()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert visit.vote() == "not_saved"
    assert not visit.store()
    assert visit.code_of(lambda: visit.receipts.delete(visit.stored[0])) == "not_deleted"
    assert visit.receipts.result(visit.stored[0]).to_json()["outcome"] == "verdict"
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    # This vote may be refused on a connection that was opened before. No such connection is left afterwards.
    visit.vote()
    visit.check()
    visit.engine.dispose()


@RUNS
@pytest.mark.both_databases
def test_locked_database_is_reported_and_recovered_from(
    kind: str, empty_url: str, judged: Judged, monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    monkeypatch.setattr("webapp.db.session.BUSY_SECONDS", 1)
    visit = DatabaseVisit(empty_url, judged)
    for _ in range(runs):
        _lock_and_recover(visit, kind, empty_url)
    visit.engine.dispose()


def _lock_and_recover(visit: DatabaseVisit, kind: str, empty_url: str) -> None:
    other = connect(empty_url)
    with other.connect() as connection:
        connection.exec_driver_sql(
            "BEGIN EXCLUSIVE" if kind == "sqlite" else "LOCK TABLE analysis IN ACCESS EXCLUSIVE MODE"
        )
        assert visit.vote() == "not_saved"
        assert not visit.store()
        assert visit.code_of(lambda: visit.receipts.result(visit.stored[0]).to_json()) == "unavailable"
        assert visit.code_of(lambda: visit.receipts.delete(visit.stored[0])) == "not_deleted"
        connection.rollback()
    other.dispose()
    visit.check()


def test_crash_during_a_commit_is_undone_at_the_next_start(tmp_path: Path) -> None:
    """Restore files from the moment of a power failure: database half written, journal complete."""
    shutil.copy(OLD, tmp_path / "lens.sqlite3")
    with closing(sqlite3.connect(tmp_path / "lens.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        # a small cache writes pages before the commit
        connection.execute("PRAGMA cache_size=2")
        connection.execute("BEGIN")
        connection.execute("UPDATE analysis SET media_sha256 = ?", ("z" * 64,))
        columns = "analysis_id, created_at, subject, vote, note, idempotency_key"
        rows = [("n" * 2000, f"key-{number}") for number in range(200)]
        connection.executemany(
            f"INSERT INTO feedback ({columns}) VALUES (1, '2026-01-01', 0, 'agree', ?, ?)", rows
        )
        (tmp_path / "after").mkdir()
        for name in ("lens.sqlite3", "lens.sqlite3-journal"):
            shutil.copy(tmp_path / name, tmp_path / "after" / name)
    assert (tmp_path / "after" / "lens.sqlite3").read_bytes() != OLD.read_bytes()
    engine = open_database(f"sqlite:///{tmp_path / 'after' / 'lens.sqlite3'}")
    with make_sessions(engine)() as session:
        assert session.query(Analysis).filter_by(media_sha256="z" * 64).count() == 0
        assert session.query(Analysis).count() == 3
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    engine.dispose()
