"""From decisions to a candidate by the real trainer, on a tiny network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from laanet_core.data.manifest import read_manifest
from laanet_core.modeling.loading import load_weights
from tests.conftest import ROOT
from tests.webapp.learning.conftest import Crowd
from tests.webapp.learning.test_snapshots import code
from webapp.db.session import Sessions
from webapp.db.tables import Snapshot, TuningRun
from webapp.domain.clock import now
from webapp.domain.enums import RunState, SnapshotState
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import VersionService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training import splits as parts
from webapp.services.training import subprocesses as process
from webapp.services.training.finetuning import FinetuneService, Wish
from webapp.services.training.model_cards import model_card
from webapp.services.training.snapshots import SnapshotService

CHANGES = ["batch_pairs=2", "material.foreign_blends=0"]


PLACES = {
    "train": ("manifest.csv", "train"),
    "val": ("manifest.csv", "val"),
    "gold": ("gold/manifest.csv", "val"),
}


def labels(manifest: Path, split: str) -> tuple[int, int]:
    """How many faces of a split are real, and how many fake."""
    found = [sample.label for sample in read_manifest(manifest) if sample.split == split]
    return found.count(0), found.count(1)


@pytest.fixture
def versions(sessions: Sessions, audit: AuditService, tmp_path: Path, tiny_weights: Path) -> VersionService:
    return VersionService(sessions, audit, tmp_path / "data" / "models", str(tiny_weights))


@pytest.fixture
def finetuning(
    sessions: Sessions,
    audit: AuditService,
    snapshots: SnapshotService,
    versions: VersionService,
    tmp_path: Path,
) -> FinetuneService:
    return FinetuneService(sessions, audit, snapshots, versions, tmp_path / "data" / "runs", device="cpu")


@pytest.fixture
def snapshot(crowd: Crowd, snapshots: SnapshotService, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(parts, "GOLD_SHARE", 0.35)  # so that few are enough for every part
    monkeypatch.setattr(parts, "VAL_SHARE", 0.3)
    crowd.script.play(crowd.arrivals(14, 14))
    return snapshots.freeze().public_id


def state(sessions: Sessions, public_id: str) -> tuple[str, int, str]:
    with sessions() as session:
        run = session.query(TuningRun).filter_by(public_id=public_id).one()
        return run.state, run.step, run.message


def wait_for(condition: object, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_snapshot_becomes_a_candidate_that_knows_its_parents(
    finetuning: FinetuneService,
    versions: VersionService,
    sessions: Sessions,
    snapshot: str,
    folders: SnapshotFolders,
    tmp_path: Path,
) -> None:
    run = finetuning.prepare(Wish(snapshot, changes=[*CHANGES, "steps=12"]))
    assert finetuning.prepare(Wish(snapshot, changes=[*CHANGES, "steps=12"])) == run
    assert finetuning.prepare(Wish(snapshot, changes=[*CHANGES, "steps=13"])) != run
    steps: list[int] = []
    made = finetuning.carry_out(run, lambda step, _: steps.append(step))
    assert state(sessions, run) == (RunState.FINISHED, 12, "")
    assert not list((tmp_path / "data" / "runs" / run).rglob("*.pt"))
    loaded = load_weights(made.folder)
    base = versions.base()
    assert loaded.info.sha256 == made.sha256 != base.sha256
    assert loaded.card["parent"]["sha256"] == base.sha256
    assert loaded.card["snapshot"]["id"] == snapshot
    card = model_card(json.loads((made.folder / "config.json").read_text()), [made.version], None, "me/lens")
    rows = {part: labels(folders.of(snapshot) / place, split) for part, (place, split) in PLACES.items()}
    assert sum(map(sum, rows.values())) == 28
    for part, before in (("train", "Learned from "), ("val", "chosen on "), ("gold", "never learned from: ")):
        assert f"{before}{rows[part][0]} real and {rows[part][1]} fake faces" in card
    assert loaded.decision.calibrated
    assert versions.lineage(made.version) == [made.version, "tiny-1"]
    assert versions.champion() == base
    assert code(finetuning.carry_out, run) == "run_ended"
    assert code(finetuning.cancel, run) == "run_ended"
    assert finetuning.listed()[1]["state"] == "finished"


@pytest.mark.parametrize(
    ("replayed", "wished", "pull"), [(False, [], 1e-4), (True, [], 0.0), (True, ["start_pull=0.5"], 0.5)]
)
def test_the_base_is_kept_by_its_own_data_or_by_a_pull(
    finetuning: FinetuneService,
    snapshot: str,
    folders: SnapshotFolders,
    tmp_path: Path,
    replayed: bool,
    wished: list[str],
    pull: float,
) -> None:
    """Never by both, unless that is what somebody asks for."""
    before = tmp_path / "before"  # as if the base had learned from other faces
    shutil.copytree(folders.of(snapshot) / "faces", before / "other")
    shutil.copy(folders.of(snapshot) / "landmarks.npz", before)
    manifest = before / "manifest.csv"
    manifest.write_text((folders.of(snapshot) / "manifest.csv").read_text().replace("\nfaces,", "\nother,"))
    run = finetuning.prepare(Wish(snapshot, manifest if replayed else None, [*CHANGES, "steps=1", *wished]))
    made = finetuning.carry_out(run)
    assert load_weights(made.folder).card["training"]["start_pull"] == pull


def test_a_trainer_is_kept_to_as_many_threads_as_the_host_says(
    sessions: Sessions,
    audit: AuditService,
    snapshots: SnapshotService,
    versions: VersionService,
    snapshot: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[list[str]] = []
    really = process.start

    def start(arguments: list[str], *others: Any, **more: Any) -> subprocess.Popen[bytes]:
        given.append(arguments)
        return really(arguments, *others, **more)

    monkeypatch.setattr(process, "start", start)
    finetuning = FinetuneService(
        sessions, audit, snapshots, versions, tmp_path / "data" / "runs", device="cpu", threads=1
    )
    finetuning.carry_out(finetuning.prepare(Wish(snapshot, None, [*CHANGES, "steps=1"])))
    (words,) = given
    assert words[words.index("--threads") + 1] == "1"


def test_what_cannot_be_learned_from_is_said(
    finetuning: FinetuneService,
    crowd: Crowd,
    snapshots: SnapshotService,
    sessions: Sessions,
    snapshot: str,
    tmp_path: Path,
) -> None:
    assert code(finetuning.prepare, Wish("0" * 32)) == "unknown_snapshot"
    assert code(finetuning.prepare, Wish(snapshot, replay=tmp_path / "nothing.csv")) == "unknown_data"
    assert code(finetuning.carry_out, "0" * 32) == "unknown_run"
    run = finetuning.prepare(Wish(snapshot))
    with sessions.begin() as session:
        session.query(Snapshot).one().state = SnapshotState.STALE
    assert code(finetuning.prepare, Wish(snapshot)) == "stale_snapshot"
    assert code(finetuning.carry_out, run) == "stale_snapshot"
    assert state(sessions, run)[0] == RunState.FAILED
    small = SnapshotService.freeze(snapshots)
    assert small.public_id != snapshot


def test_one_at_a_time_and_the_dead_make_room(
    finetuning: FinetuneService, sessions: Sessions, snapshot: str, tmp_path: Path
) -> None:
    first, second = (finetuning.prepare(Wish(snapshot, changes=[f"steps={steps}"])) for steps in (5, 6))
    with sessions.begin() as session:
        session.query(TuningRun).filter_by(public_id=first).one().state = RunState.RUNNING
    folder = tmp_path / "data" / "runs" / first
    with process.held(folder / process.SUPERVISOR) as lock:
        assert lock is not None
        assert code(finetuning.carry_out, second) == "run_busy"
        assert code(finetuning.carry_out, first) == "run_busy"
        assert finetuning.revive() is None
    assert not finetuning.listed()[1]["alive"]
    with sessions.begin() as session:  # on another machine, by its beat
        folder.rename(folder.with_name("elsewhere"))
        run = session.query(TuningRun).filter_by(public_id=first).one()
        run.heartbeat_at = now()
    assert code(finetuning.carry_out, second) == "run_busy"
    assert finetuning.revive() is None


@pytest.mark.proof
def test_a_run_that_was_killed_goes_on_and_one_that_was_cancelled_ends(
    finetuning: FinetuneService, sessions: Sessions, snapshot: str, tmp_path: Path, tiny_weights: Path
) -> None:
    """kill -9 of whoever carries it out, of the trainer, and of both; then the same command. At last it is cancelled."""
    run = finetuning.prepare(Wish(snapshot, changes=[*CHANGES, "steps=4000"]))
    train, said = tmp_path / "data" / "runs" / run / "train", tmp_path / "said"
    with sessions() as session:
        database = str(session.get_bind().engine.url)
    environment = {**os.environ, "LENS_DATA": str(tmp_path / "data"), "LENS_DATABASE_URL": database, "LENS_WEIGHTS": str(tiny_weights),
                   "LENS_DEVICE": "cpu", "LENS_STORE": str(tmp_path / "deep" / "media")}  # fmt: skip
    (tmp_path / "data" / "snapshots").symlink_to(tmp_path / "deep" / "snapshots")

    def carry_out() -> subprocess.Popen[bytes]:
        with said.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "webapp", "finetune", "--run", run],
                cwd=ROOT,
                env=environment,
                stderr=output,
            )

    def steps() -> list[int]:
        log = train / "log.jsonl"
        return [json.loads(line)["step"] for line in log.read_text().splitlines()] if log.exists() else []

    def trainer() -> int:
        with sessions() as session:
            return session.query(TuningRun.pid).filter_by(public_id=run).scalar() or 0

    first = carry_out()
    wait_for(lambda: len(steps()) > 3)
    pid = trainer()
    first.kill()
    first.wait()
    os.killpg(pid, 0)  # the trainer is at work still
    second = carry_out()
    before = len(steps())
    wait_for(lambda: len(steps()) > before + 3)
    assert trainer() == pid  # and was found
    os.killpg(pid, signal.SIGKILL)
    wait_for(lambda: trainer() not in (0, pid))
    pid = trainer()
    before = len(steps())
    wait_for(lambda: len(steps()) > before + 3)
    second.kill()
    os.killpg(pid, signal.SIGKILL)
    second.wait()
    third = carry_out()
    before = len(steps())
    wait_for(lambda: len(steps()) > before + 3)
    assert steps()[-1] > 40
    finetuning.cancel(run)
    assert third.wait(timeout=60) == 1
    assert "run_cancelled" in said.read_text()
    assert state(sessions, run)[0] == RunState.CANCELLED
    assert not process.is_held(tmp_path / "data" / "runs" / run / process.TRAINER)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # a trainer that nobody waits for: so it is meant to be
@pytest.mark.parametrize("lasting", [True, False])
def test_a_trainer_outlives_whoever_is_stopped_only_where_it_is_meant_to(
    finetuning: FinetuneService,
    sessions: Sessions,
    snapshot: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lasting: bool,
) -> None:
    runs = tmp_path / "data" / "runs"
    monkeypatch.setattr(finetuning, "_lasting", lasting)
    run = finetuning.prepare(Wish(snapshot, changes=[*CHANGES, "steps=4000"]))

    def stop(*_: int) -> None:
        raise SystemExit(143)

    with pytest.raises(SystemExit):
        finetuning.carry_out(run, stop)
    assert process.is_held(runs / run / process.TRAINER) == lasting
    assert state(sessions, run)[0] == RunState.RUNNING  # another one may go on with it
    finetuning.cancel(run)
    wait_for(lambda: not process.is_held(runs / run / process.TRAINER))


def test_a_deletion_ends_the_run_that_learns_from_it(
    finetuning: FinetuneService, sessions: Sessions, snapshot: str, tmp_path: Path
) -> None:
    run = finetuning.prepare(Wish(snapshot, changes=[*CHANGES, "steps=4000"]))
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(code(finetuning.carry_out, run)))
    thread.start()
    wait_for(lambda: process.is_held(tmp_path / "data" / "runs" / run / process.TRAINER))
    with sessions.begin() as session:
        session.query(Snapshot).one().state = SnapshotState.STALE
    thread.join(timeout=60)
    assert found == ["stale_snapshot"]
    assert state(sessions, run)[0] == RunState.FAILED
    assert not process.is_held(tmp_path / "data" / "runs" / run / process.TRAINER)
