"""The admins' page about the model, over HTTP, on a server that is killed in the middle of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from sqlalchemy import select, update

from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.application_processes import RunningProcess
from tests.conftest import Server, fork_server, free_port, wait_until_served
from tests.core.conftest import TINY
from tests.desks import Moderator, invite_all, records_of, rows_of, signed_in
from tests.synthetic_uploads import SyntheticUploads, find_landmarks
from webapp.db.session import make_sessions, open_database
from webapp.db.tables import AuditEntry, TuningRun
from webapp.domain.enums import RunState
from webapp.media.store import MediaStore
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.gate_report import GateReport
from webapp.services.model_registry.versions import VersionService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training import splits
from webapp.services.training.file_locks import is_locked
from webapp.services.training.snapshots import SnapshotService
from webapp.services.training.supervisor import DETACHED_LOCK, SUPERVISOR_LOCK, TRAINER_LOCK
from webapp.services.training.trainer_process import last_step

MANY = 100_000  # steps; such a run does not end by itself while a test lasts


@dataclass
class Host:
    """An installation whose server may be killed and started again."""

    folder: Path
    settings: dict[str, str]
    server: Server
    running: RunningProcess

    @classmethod
    def start(cls, folder: Path, **settings: str) -> Host:
        port = free_port()
        server = Server(
            f"http://127.0.0.1:{port}", folder / "data" / "lens.sqlite3", folder / "cache", folder / "log"
        )
        given = {"LENS_PORT": str(port), **settings}
        host = cls(folder, given, server, fork_server(folder, **given))
        host.wait()
        return host

    def wait(self) -> None:
        try:
            wait_until_served(self.server.url, self.running, self.server.log, seconds=240)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        self.running.kill()
        self.running.wait()

    def restart(self) -> None:
        self.running = fork_server(self.folder, **self.settings)
        self.wait()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def pid(self) -> int:
        """Return the process id of the trainer."""
        with records_of(self.server) as sessions, sessions() as session:
            return session.scalar(select(TuningRun.pid).order_by(TuningRun.id.desc())) or 0

    def audit_entries(self) -> list[tuple[str, str]]:
        """Return the audit entries of the page's actions, as (action, kind of actor)."""
        with records_of(self.server) as sessions, sessions() as session:
            entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number))
            return [
                (entry.action, entry.actor[:5])
                for entry in entries
                if entry.subject.startswith(("run:", "model:", "snapshot"))
            ]


def decided(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Painted faces that were decided, and a snapshot of them; its public id."""
    monkeypatch.setattr(splits, "GOLD_SHARE", 0.35)  # so that few are enough for every part
    monkeypatch.setattr(splits, "VAL_SHARE", 0.3)
    data = folder / "data"
    engine = open_database(f"sqlite:///{data / 'lens.sqlite3'}")
    sessions = make_sessions(engine)
    audit, keeping = (
        AuditService(sessions, data / "audit.head"),
        KeptMediaService(sessions, MediaStore(str(data / "media")), quota=50_000_000),
    )
    uploads = SyntheticUploads.create(folder / "pictures", sessions, keeping)
    uploads.users.upload_and_decide(uploads.faces(14, 14))
    snapshots = SnapshotService(
        *(sessions, audit, keeping, SnapshotFolders(data / "snapshots", data / "runs" / "judged")),
        landmarks=lambda: find_landmarks,
        delay=timedelta(0),
    )
    frozen = snapshots.freeze().public_id
    engine.dispose()
    return frozen


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return decided(tmp_path, monkeypatch)


@pytest.fixture
def host(tmp_path: Path, snapshot: str) -> Iterator[Host]:
    torch.manual_seed(3)
    save_weights(LAANet(TINY), tmp_path / "base", version="tiny-1")
    started = Host.start(
        tmp_path, LENS_WEIGHTS=str(tmp_path / "base"), LENS_DECISION_DELAY="0", LENS_GATE_CORRUPTIONS=""
    )
    invite_all(started.server)
    yield started
    started.kill()
    with records_of(started.server) as sessions, sessions.begin() as session:
        session.execute(
            update(TuningRun).where(TuningRun.state == RunState.RUNNING).values(state=RunState.CANCELLED)
        )
    for run in (started.data / "runs").glob("[0-9a-f]*"):
        kill_all_of(run.name)


def kill_all_of(run: str) -> None:
    """kill -9 of whatever works on a run: its id stands in the arguments of the processes."""
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if run.encode() in arguments.read_bytes():
                os.kill(int(arguments.parent.name), signal.SIGKILL)


def wait_for(ask: Callable[[], Any], *, seconds: float = 180) -> Any:
    """Return the first result that is not false."""
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def run_of(ada: Moderator) -> dict[str, Any]:
    run: dict[str, Any] = ada.get("/model").json()["runs"][0]
    return run


def champion_answers(host: Host, samples: Path) -> str:
    answer = httpx.post(
        f"{host.server.url}/api/v1/analyse", content=(samples / "astronaut.png").read_bytes(), timeout=120
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model"]["version"])


def begin(ada: Moderator, snapshot: str) -> str:
    """A run that learns; its public id."""
    run: str = ada.said("/model/begin", {"snapshot": snapshot, "steps": MANY})["runs"][0]["run"]
    wait_for(lambda: run_of(ada)["step"] > 25)
    assert run_of(ada)["alive"]
    return run


def cancel(host: Host, ada: Moderator, run: str) -> None:
    """The page's own button ends it, trainer and all."""
    assert ada.said("/model/cancel", {"run": run})["runs"][0]["state"] == "cancelled"
    folder = host.data / "runs" / run
    wait_for(
        lambda: not any(is_locked(folder / lock) for lock in (SUPERVISOR_LOCK, DETACHED_LOCK, TRAINER_LOCK))
    )
    refused = ada.post("/model/resume", {"run": run})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "run_ended")


def test_a_run_outlives_the_server_that_it_was_begun_on(host: Host, snapshot: str) -> None:
    with signed_in(host.server, "ada") as ada:
        run = begin(ada, snapshot)
        for path, words in (("begin", {"snapshot": snapshot, "steps": 5}), ("resume", {"run": run})):
            again = ada.post(f"/model/{path}", words)
            assert (again.status_code, again.json()["error"]["code"]) == (409, "run_busy")
    train, pid = host.data / "runs" / run, host.pid()
    host.kill()
    before = last_step(train)
    wait_for(lambda: last_step(train) > before + 10)  # without a server
    host.restart()
    with signed_in(host.server, "ada") as ada:
        shown = run_of(ada)
        assert (shown["run"], shown["state"], shown["alive"]) == (run, "running", True)
        assert shown["step"] > before
        # The run did not start again.
        assert host.pid() == pid
        cancel(host, ada, run)
    assert host.audit_entries()[-2:] == [("finetune_begun", "user:"), ("finetune_cancelled", "user:")]


@pytest.mark.proof
def test_a_run_that_was_killed_with_the_server_goes_on_and_the_champion_answers(
    host: Host, snapshot: str, samples: Path
) -> None:
    """The next server resumes a killed run; if only the run is killed, the page's button resumes it."""
    with signed_in(host.server, "ada") as ada:
        run = begin(ada, snapshot)
        assert champion_answers(host, samples) == "tiny-1"
    log = host.data / "runs" / run / "train" / "log.jsonl"
    host.kill()
    kill_all_of(run)
    reached = len(log.read_text().splitlines())
    host.restart()
    with signed_in(host.server, "ada") as ada:
        assert not run_of(ada)["alive"]
        assert champion_answers(host, samples) == "tiny-1"
        wait_for(lambda: len(log.read_text().splitlines()) > reached)
        assert run_of(ada)["alive"]
        assert (
            json.loads(log.read_text().splitlines()[reached])["step"] > 20
        )  # a checkpoint's, not the beginning
        kill_all_of(run)
        wait_for(lambda: not run_of(ada)["alive"])
        reached = len(log.read_text().splitlines())
        assert champion_answers(host, samples) == "tiny-1"
        assert ada.said("/model/resume", {"run": run})["runs"][0]["state"] == "running"
        wait_for(lambda: len(log.read_text().splitlines()) > reached)
        assert champion_answers(host, samples) == "tiny-1"
        cancel(host, ada, run)
    begun, cancelled = ("finetune_begun", "user:"), ("finetune_cancelled", "user:")
    assert host.audit_entries()[-3:] == [begun, begun, cancelled]  # it also went on by itself


def test_from_decisions_to_the_model_that_answers_and_back(host: Host, snapshot: str) -> None:
    with signed_in(host.server, "ada") as ada:
        assert ada.get("/model").json()["answering"] == "tiny-1"
        assert ada.said("/model/freeze")["errand"]["running"]
        busy = ada.post("/model/freeze")
        assert (busy.status_code, busy.json()["error"]["code"]) == (409, "errand_busy")
        found = wait_for(lambda: None if (found := ada.get("/model").json())["errand"]["running"] else found)
        assert found["errand"]["error"] is None, found
        assert [one["real"] + one["fake"] for one in found["snapshots"]] == [28, 28]
        ada.said("/model/begin", {"snapshot": snapshot, "steps": 3})
        wait_for(lambda: run_of(ada)["state"] == "finished" or run_of(ada)["message"])
        assert run_of(ada)["state"] == "finished", run_of(ada)
        assert [one["lineage"] for one in ada.get("/model").json()["versions"]] == [
            ["ft-1", "tiny-1"],
            ["tiny-1"],
        ]
        assert ada.get("/model/report?version=ft-1").json()["error"]["code"] == "not_measured"
        assert ada.said("/model/measure", {"version": "ft-1"})["errand"]["subject"] == "ft-1"
        found = wait_for(lambda: None if (found := ada.get("/model").json())["errand"]["running"] else found)
        assert found["errand"]["error"] is None, found
        report = ada.get("/model/report?version=ft-1").json()
        checks = {check["name"]: check for check in report["checks"]}
        for missing in ("robustness", "other data"):  # neither corruptions nor manifests are set
            assert (checks[missing]["passed"], checks[missing]["candidate"]) == (False, None)
        assert not report["passed"]
        refused = ada.post("/model/promote", {"version": "ft-1"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_passed")
        let_pass(host, "ft-1", report)
        assert ada.said("/model/promote", {"version": "ft-1"})["versions"][0]["promoted_by"] == "ada"
        wait_for(lambda: ada.get("/model").json()["answering"] == "ft-1")
        states = {one["version"]: one["state"] for one in ada.said("/model/rollback")["versions"]}
        assert states == {"ft-1": "rejected", "tiny-1": "champion"}
        wait_for(lambda: ada.get("/model").json()["answering"] == "tiny-1")
    asked = ("snapshot_asked", "finetune_begun", "gate_asked", "model_promoted", "model_rolled_back")
    assert [entry for entry in host.audit_entries() if entry[1] == "user:"] == [
        (action, "user:") for action in asked
    ]


def let_pass(host: Host, version: str, report: dict[str, Any]) -> None:
    """Store a passed report: three steps of training make no better model."""
    with records_of(host.server) as sessions:
        audit = AuditService(sessions, host.data / "audit.head")
        versions = VersionService(sessions, audit, host.data / "models", host.settings["LENS_WEIGHTS"])
        versions.store_report(version, GateReport.model_validate({**report, "passed": True}))


@pytest.mark.parametrize(
    ("path", "words", "status", "code"),
    [
        ("begin", {"snapshot": "0" * 32}, 404, "unknown_snapshot"),
        ("begin", {"snapshot": "0" * 32, "steps": "9"}, 400, "invalid_request"),
        ("begin", {"snapshot": "0" * 32, "steps": True}, 400, "invalid_request"),
        ("begin", {"snapshot": "0" * 32, "steps": 0}, 422, "invalid_steps"),
        ("begin", {"snapshot": ["0"]}, 400, "invalid_request"),
        ("resume", {"run": "0" * 32}, 404, "unknown_run"),
        ("resume", {"run": "../../etc"}, 404, "unknown_run"),
        ("cancel", {"run": "0" * 32}, 404, "unknown_run"),
        ("measure", {"version": "--help"}, 404, "unknown_version"),
        ("promote", {"version": "none"}, 404, "unknown_version"),
        ("rollback", {}, 409, "nothing_to_go_back_to"),
        ("rollback", {"to": "none"}, 404, "unknown_version"),
    ],
)
def test_what_cannot_be_done_is_refused(
    desk_server: Server, path: str, words: object, status: int, code: str
) -> None:
    before = rows_of(desk_server)
    with signed_in(desk_server, "ada") as ada:
        answer = ada.post(f"/model/{path}", words)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    after = rows_of(desk_server)
    assert {name for name in before if before[name] != after[name]} <= {"signed_in"}
