"""Backups that are complete, checked, reached by deletions, and become the database again."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.conftest import ROOT, fork_server, free_port, wait_until_served
from tests.webapp.db.test_migrate import OLD
from tests.webapp.db.test_session import row
from tests.webapp.receipt_services import receipt_service
from webapp import bootstrap
from webapp.bootstrap import Records, open_records
from webapp.bootstrap.tasks import records_tasks
from webapp.db.backups import files, postgresql, sqlite, tombstones
from webapp.db.backups.files import backups
from webapp.db.migrate import newest_version
from webapp.db.tables import Account, Analysis, AuditEntry, Case, CaseItem, Consent, Label, Media
from webapp.domain.clock import now
from webapp.domain.enums import Action, Role
from webapp.domain.errors import Unable
from webapp.security.tokens import new_key, receipt_hash
from webapp.services.results.feedback import FeedbackService, Submission
from webapp.settings import Settings

Opener = Callable[[Settings], Records]
pytestmark = pytest.mark.both_databases


@pytest.fixture
def chosen(engine: Engine, tmp_path: Path) -> Settings:
    return Settings(
        database_url=engine.url.render_as_string(hide_password=False), data=tmp_path, kept_backups=3
    )


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Return a function that opens databases, which are closed at the end."""
    with ExitStack() as stack:
        yield lambda chosen: stack.enter_context(open_records(chosen))


@pytest.fixture
def records(chosen: Settings, engine: Engine, opened: Opener) -> Records:
    records = opened(chosen)
    with records.sessions.begin() as session:
        session.add_all(
            [
                row(receipt_hash=receipt_hash(f"receipt {number}"), media_sha256=f"{number}" * 64)
                for number in range(5)
            ]
        )
    return records


@pytest.fixture
def elsewhere(chosen: Settings, kind: str, request: pytest.FixtureRequest) -> Settings:
    """Return settings with the same folders and a new database."""
    url = (
        f"sqlite:///{chosen.data / 'new' / 'lens.sqlite3'}"
        if kind == "sqlite"
        else request.getfixturevalue("postgresql").empty()
    )
    return chosen.model_copy(update={"database_url": url})


def receipts_of(records: Records) -> set[str]:
    with records.sessions() as session:
        return {analysis.receipt_hash for analysis in session.query(Analysis)}


def audited_actions(records: Records) -> list[str]:
    with records.sessions() as session:
        return [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.number)]


def code_of(ask: Callable[[], object]) -> str:
    with pytest.raises(Unable) as unable:
        ask()
    return unable.value.code


def test_a_backup_restores_the_database(
    records: Records, chosen: Settings, elsewhere: Settings, opened: Opener
) -> None:
    head = records.audit.verify().head
    backup = records.backups.make()
    assert (backup.restored, backup.version, backup.head) == (True, newest_version(), head)
    assert backup.path.stat().st_size == backup.bytes > 1000
    assert backup.path.stat().st_mode & 0o077 == 0
    assert bootstrap.restore(elsewhere, "latest") == backup.path.name
    restored = opened(elsewhere)
    assert receipts_of(restored) == receipts_of(records)
    assert audited_actions(restored) == ["migrated", "restored"]
    assert restored.audit.verify(head.hash).stored_head == restored.audit.verify().head
    aside = list(chosen.data.glob("audit.head.*Z"))
    # The backup's own audit entry came after it was made.
    assert [path.read_text().split()[0] for path in aside] == [str(head.number + 1)]
    with restored.sessions() as session:
        details = json.loads(session.query(AuditEntry).order_by(AuditEntry.number).all()[-1].details)
    assert details["name"] == backup.path.name
    assert details["head_before"]["number"] == head.number + 1


def test_a_result_is_durable_once_a_backup_has_it_and_its_votes(records: Records) -> None:
    receipts = receipt_service(records.sessions, backed_up_until=records.backups.covered_until)
    assert not receipts.result("receipt 0").to_json()["durable"]
    # What was answered just now may be under way still when the backup begins.
    with records.sessions.begin() as session:
        for analysis in session.query(Analysis):
            analysis.created_at = now() - (
                timedelta(minutes=2) if analysis.receipt_hash != receipt_hash("receipt 1") else timedelta()
            )
    records.backups.make()
    assert receipts.result("receipt 0").to_json()["durable"]
    assert not receipts.result("receipt 1").to_json()["durable"]
    FeedbackService(records.sessions).submit(Submission("receipt 0", 0, "agree", "", new_key()))
    assert not receipts.result("receipt 0").to_json()["durable"]


def test_an_existing_database_is_never_overwritten(records: Records, chosen: Settings) -> None:
    records.backups.make()
    assert code_of(lambda: bootstrap.restore(chosen, "latest")) == "database_exists"
    assert len(receipts_of(records)) == 5
    assert audited_actions(records) == ["migrated", "backed_up"]


def test_the_oldest_backups_are_deleted(records: Records, chosen: Settings, kind: str) -> None:
    made = [records.backups.make().path for _ in range(5)]
    assert backups(chosen.backups_folder, kind) == made[-3:]
    others = {path.name for path in chosen.backups_folder.iterdir()} - {path.name for path in made[-3:]}
    assert others == ({f"{path.name}.deleted" for path in made[-3:]} if kind == "postgresql" else set())
    since = records.backups.newest_age_seconds()
    assert since is not None
    assert 0 <= since < 60


def hang_on(records: Records, receipt: str) -> None:
    """Add a kept file and a labelled case to a result."""
    with records.sessions.begin() as session:
        analysis = session.query(Analysis).filter_by(receipt_hash=receipt_hash(receipt)).one()
        media = Media(sha256="e" * 64, name="f" * 32, kind="image", format="png", bytes=1, created_at=now())
        analysis.consent = Consent(given_at=now(), text_version="1", media=media)
        person = Account(name="moderator", role=Role.MODERATOR, created_at=now())
        said = Label(
            account=person,
            stage="blind",
            value="real",
            confidence=1,
            note="words of a moderator",
            created_at=now(),
            seconds=1,
        )
        item = CaseItem(analysis=analysis, subject=0, reason="report", created_at=now())
        session.add(
            Case(
                public_id="c" * 32,
                opened_at=now(),
                state="open",
                wanted=2,
                rank=0,
                items=[item],
                labels=[said],
            )
        )


def test_deletions_reach_backups(
    records: Records, chosen: Settings, elsewhere: Settings, kind: str, opened: Opener
) -> None:
    hang_on(records, "receipt 3")
    backup = records.backups.make().path
    gone = receipt_hash("receipt 3")
    traces = [gone.encode(), b"3" * 64, b"e" * 64, b"f" * 32, b"c" * 32, b"words of a moderator"]
    if kind == "sqlite":
        assert all(trace in backup.read_bytes() for trace in traces)
    receipt_service(records.sessions, records.audit, backups=chosen.backups_folder).delete("receipt 3")
    if kind == "sqlite":
        assert not any(trace in backup.read_bytes() for trace in traces)
    else:
        # Before the deletion and after it.
        assert tombstones.beside(backup).read_text() == f"{tombstones.mark(gone)}\n" * 2
        assert gone not in tombstones.beside(backup).read_text()
    bootstrap.restore(elsewhere, "latest")
    restored = opened(elsewhere)
    assert (
        receipts_of(restored) == receipts_of(records) == {receipt_hash(f"receipt {n}") for n in (0, 1, 2, 4)}
    )
    with restored.sessions() as session:
        assert [session.query(table).count() for table in (Media, Case, CaseItem, Label, Account)] == [
            0,
            0,
            0,
            0,
            1,
        ]


def test_deletions_during_a_backup_reach_it(
    records: Records,
    chosen: Settings,
    elsewhere: Settings,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    opened: Opener,
) -> None:
    """Deletions happen after the backup has copied all rows, and after it got its final name."""
    receipts = receipt_service(records.sessions, records.audit, backups=chosen.backups_folder)
    module, finish = {"sqlite": sqlite, "postgresql": postgresql}[kind], files.finish
    write = module.write

    def written(*given: object) -> None:
        write(*given)  # type: ignore[operator]
        receipts.delete("receipt 1")

    def finished(target: Path) -> None:
        finish(target)
        receipts.delete("receipt 2")

    with monkeypatch.context() as patched:
        patched.setattr(module, "write", written)
        patched.setattr(files, "finish", finished)
        backup = records.backups.make().path
    if kind == "sqlite":
        assert not any(receipt_hash(f"receipt {number}").encode() in backup.read_bytes() for number in (1, 2))
    bootstrap.restore(elsewhere, str(backup))
    assert receipts_of(opened(elsewhere)) == {receipt_hash(f"receipt {number}") for number in (0, 3, 4)}


def test_backups_during_writes_are_intact(records: Records, chosen: Settings) -> None:
    stop, lost = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            try:
                with records.sessions.begin() as session:
                    session.add(row())
            except Exception as error:  # noqa: BLE001
                lost.append(error)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        assert all(records.backups.make().restored for _ in range(3))
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert lost == []


def test_damaged_backups_are_refused(
    records: Records, elsewhere: Settings, tmp_path: Path, opened: Opener
) -> None:
    backup = records.backups.make().path
    whole = backup.read_bytes()
    broken = tmp_path / backup.name
    for content in (whole[: len(whole) // 2], b"", b"words" * 1000, whole[:100] + bytes(len(whole) - 100)):
        broken.write_bytes(content)
        assert code_of(lambda: bootstrap.restore(elsewhere, str(broken))) == "backup_damaged"
        assert not (elsewhere.data / "new" / "lens.sqlite3").exists()
    assert code_of(lambda: bootstrap.restore(elsewhere, str(tmp_path / "none"))) == "no_backup"
    # Nothing was left in the way.
    bootstrap.restore(elsewhere, str(backup))
    assert len(receipts_of(opened(elsewhere))) == 5


def test_purged_results_leave_copies_and_backups(
    records: Records, chosen: Settings, elsewhere: Settings, kind: str, opened: Opener
) -> None:
    with records.sessions.begin() as session:
        for number in range(1003):
            session.add(
                row(
                    receipt_hash=receipt_hash(f"old {number}"),
                    created_at=now() - timedelta(days=30, minutes=number),
                )
            )
        session.add(row(receipt_hash=receipt_hash("young"), created_at=now() - timedelta(days=29, hours=23)))
    backup = records.backups.make().path
    # Nothing says so.
    assert opened(chosen).retention.purge().analyses == 0
    keeping = chosen.model_copy(update={"retention_days": 30})
    purged = opened(keeping).retention.purge()
    assert (purged.days, purged.analyses) == (30, 1003)
    assert opened(keeping).retention.purge().analyses == 0
    assert len(receipts_of(records)) == 6
    with records.sessions() as session:
        entries = session.query(AuditEntry).filter_by(action=Action.PURGED).order_by(AuditEntry.number).all()
        assert [json.loads(entry.details)["analyses"] for entry in entries] == [500, 500, 3]
    if kind == "sqlite":
        with closing(sqlite3.connect(backup)) as copy:
            assert copy.execute("SELECT count(*) FROM analysis").fetchone() == (6,)
        assert receipt_hash("old 7").encode() not in backup.read_bytes()
        return
    bootstrap.restore(elsewhere, "latest")
    opened(elsewhere.model_copy(update={"retention_days": 30})).retention.purge()
    assert len(receipts_of(opened(elsewhere))) == 6


def test_a_stale_journal_does_not_corrupt_the_restored_database(tmp_path: Path, opened: Opener) -> None:
    chosen = Settings(data=tmp_path)
    records = opened(chosen)
    records.backups.make()
    records.engine.dispose()
    database = tmp_path / "lens.sqlite3"
    database.unlink()
    for ending in ("-journal", "-wal"):
        database.with_name(database.name + ending).write_bytes(
            b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"left by a crash" * 100
        )
    bootstrap.restore(chosen, "latest")
    assert audited_actions(opened(chosen)) == ["migrated", "restored"]
    assert len(list(tmp_path.glob("lens.sqlite3-*.*Z"))) == 2


def test_a_backup_from_before_the_audit_log_is_restored_and_migrated(tmp_path: Path, opened: Opener) -> None:
    chosen = Settings(data=tmp_path)
    chosen.backups_folder.mkdir()
    shutil.copy(OLD, chosen.backups_folder / "lens-20250101T000000.000000Z.sqlite3")
    bootstrap.restore(chosen, "latest")
    records = opened(chosen)
    assert len(receipts_of(records)) == 3
    assert audited_actions(records) == ["migrated", "restored"]


def test_a_backup_of_a_later_version_is_refused(records: Records, elsewhere: Settings) -> None:
    with records.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert code_of(records.backups.make) == "backup_damaged"
    assert list(elsewhere.backups_folder.iterdir()) == []


def webapp(chosen: Settings, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m webapp`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LENS_")}
    environment |= {"LENS_DATA": str(chosen.data), "LENS_DATABASE_URL": chosen.database_url, **more}
    return subprocess.run(
        [sys.executable, "-m", "webapp", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_backup_schedule_continues_after_a_restart(records: Records, chosen: Settings) -> None:
    def due(**changes: int) -> dict[str, tuple[float, float]]:
        tasks = records_tasks(records, chosen.model_copy(update=changes))
        return {task.name: (task.first, task.every) for task in tasks if task.name != "sweeping the store"}

    assert due(backup_hours=0) == {}
    assert due(retention_days=1)["deleting old results"] == (0, 3600)
    assert due(backup_hours=2) == {"the backup": (300, 7200)}
    made = records.backups.make().path
    first, _ = due(backup_hours=2)["the backup"]
    assert 7100 < first <= 7200
    made.rename(files.named(made.parent, records.engine.dialect.name, now() - timedelta(days=3)))
    assert due(backup_hours=2) == {"the backup": (300, 7200)}


def test_a_server_without_database_restores_and_purges(tmp_path: Path, opened: Opener) -> None:
    chosen = Settings(data=tmp_path / "data")
    with opened(chosen) as records:
        with records.sessions.begin() as session:
            session.add_all([row(created_at=now() - timedelta(days=days)) for days in (0, 1, 3, 4)])
        records.backups.make()
    (tmp_path / "data" / "lens.sqlite3").unlink()
    port = free_port()
    process = fork_server(tmp_path, LENS_PORT=str(port), LENS_RESTORE="latest", LENS_RETENTION_DAYS="2")
    try:
        wait_until_served(f"http://127.0.0.1:{port}", process, tmp_path / "log")
        deadline = time.monotonic() + 30
        while "were deleted" not in (tmp_path / "log").read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        process.terminate()
        assert process.wait(timeout=30) in (0, -15)
    records = opened(chosen)
    assert len(receipts_of(records)) == 2
    assert audited_actions(records) == ["migrated", "restored", "purged"]
    assert records.audit.verify().head == records.audit.verify().stored_head


def test_backup_commands_in_sequence(chosen: Settings, elsewhere: Settings, engine: Engine) -> None:
    def said(*arguments: str, place: Settings = chosen) -> dict[str, object]:
        done = webapp(place, *arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    assert said("migrate") == {"from": newest_version(), "to": newest_version()}
    backup = said("backup")
    head = str(said("verify-audit")["head"])
    assert said("verify-audit", "--head", head.upper()) == {
        "intact": True,
        "entries": 2,
        "head": head,
        "kept": 2,
    }
    assert said("purge", "--days", "7") == {"days": 7, "analyses": 0}
    assert said("restore", place=elsewhere) == {"restored": Path(str(backup["path"])).name}
    assert said("verify-audit", place=elsewhere)["entries"] == 2
    done = webapp(elsewhere, "verify-audit", "--head", head)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: audit_unknown_head: ")


@pytest.mark.parametrize(
    ("arguments", "settings", "status", "code"),
    [
        (["backup"], {}, 1, "no_database"),
        (["verify-audit"], {}, 1, "no_database"),
        (["restore"], {}, 1, "no_backup"),
        (["restore", "nowhere.sqlite3"], {}, 1, "no_backup"),
        (["purge"], {}, 1, "no_retention"),
        (["purge", "--days", "0"], {}, 2, None),
        (["migrate"], {"LENS_DATABASE_URL": "nonsense"}, 1, "unusable_database"),
        (
            ["migrate"],
            {"LENS_DATABASE_URL": "postgresql://lens@/none?host=/nowhere"},
            1,
            "database_unavailable",
        ),
        (["migrate"], {"LENS_RETENTION_DAYS": "-1"}, 1, "invalid_setting"),
        (["nothing"], {}, 2, None),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], status: int, code: str | None
) -> None:
    done = webapp(Settings(data=tmp_path), *arguments, **settings)
    assert (done.returncode, done.stdout) == (status, "")
    if code is not None:
        assert done.stderr.startswith(f"error: {code}: ")
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "lens.sqlite3").exists()


def test_create_user_does_not_migrate_the_database(tmp_path: Path) -> None:
    shutil.copy(OLD, tmp_path / "lens.sqlite3")
    chosen = Settings(data=tmp_path)
    for command in (["backup"], ["verify-audit"], ["purge", "--days", "1"]):
        done = webapp(chosen, *command)
        assert (done.returncode, done.stderr.split(":")[1].strip()) == (1, "not_migrated")
    assert (tmp_path / "lens.sqlite3").read_bytes() == OLD.read_bytes()
    assert json.loads(webapp(chosen, "migrate", "--json").stdout)["to"] == newest_version()
    assert json.loads(webapp(chosen, "backup", "--json").stdout)["restored"] is True
