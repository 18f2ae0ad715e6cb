"""Fine-tuning from a snapshot to a candidate by real trainer processes, on a tiny network."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from laanet_core.data.manifest import read_manifest
from laanet_core.modeling.loading import load_weights
from tests.synthetic_uploads import error_code
from tests.waiting import wait_for
from tests.webapp.services.training.conftest import TINY_CHANGES
from webapp.db.session import Sessions
from webapp.db.tables import Snapshot, TuningRun
from webapp.domain.clock import now
from webapp.domain.enums import RunState, SnapshotState
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import VersionService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training.file_locks import is_locked, try_lock
from webapp.services.training.finetuning import FinetuneService
from webapp.services.training.model_cards import model_card
from webapp.services.training.run_store import RunSpec
from webapp.services.training.snapshots import SnapshotService
from webapp.services.training.supervisor import SUPERVISOR_LOCK, TRAINER_LOCK

SPLITS = {
    "train": ("manifest.csv", "train"),
    "val": ("manifest.csv", "val"),
    "gold": ("gold/manifest.csv", "val"),
}


def label_counts(manifest: Path, split: str) -> tuple[int, int]:
    """Return the numbers of real and of fake faces in a split of a manifest."""
    labels = [sample.label for sample in read_manifest(manifest) if sample.split == split]
    return labels.count(0), labels.count(1)


def stored_run(sessions: Sessions, public_id: str) -> tuple[str, int, str]:
    """Return state, step and message of a run."""
    with sessions() as session:
        run = session.query(TuningRun).filter_by(public_id=public_id).one()
        return run.state, run.step, run.message


def test_a_candidate_records_its_recipe_snapshot_and_parent(
    finetuning: FinetuneService,
    versions: VersionService,
    sessions: Sessions,
    snapshot: str,
    snapshot_folders: SnapshotFolders,
    runs_folder: Path,
) -> None:
    request = RunSpec(snapshot, changes=[*TINY_CHANGES, "steps=12"])
    run = finetuning.prepare(request)
    assert finetuning.prepare(request) == run
    assert finetuning.prepare(RunSpec(snapshot, changes=[*TINY_CHANGES, "steps=13"])) != run
    candidate = finetuning.train_candidate(run)
    assert stored_run(sessions, run) == (RunState.FINISHED, 12, "")
    assert not list((runs_folder / run).rglob("*.pt"))
    loaded = load_weights(candidate.folder)
    base = versions.ensure_champion()
    assert loaded.info.sha256 == candidate.sha256 != base.sha256
    assert loaded.card["parent"]["sha256"] == base.sha256
    assert loaded.card["snapshot"]["id"] == snapshot
    assert loaded.decision.calibrated
    config = json.loads((candidate.folder / "config.json").read_text())
    card = model_card(config, [candidate.version], None, "me/lens")
    folder = snapshot_folders.of(snapshot)
    counts = {name: label_counts(folder / manifest, split) for name, (manifest, split) in SPLITS.items()}
    assert sum(map(sum, counts.values())) == 28
    uses = {"train": "Learned from ", "val": "chosen on ", "gold": "never learned from: "}
    for name, use in uses.items():
        assert f"{use}{counts[name][0]} real and {counts[name][1]} fake faces" in card
    assert versions.lineage(candidate.version) == [candidate.version, "tiny-1"]
    assert versions.champion() == base
    assert error_code(finetuning.train_candidate, run) == "run_ended"
    assert error_code(finetuning.cancel, run) == "run_ended"
    assert finetuning.summaries()[1].state == "finished"


@pytest.mark.parametrize(
    ("replayed", "changes", "pull"), [(False, [], 1e-4), (True, [], 0.0), (True, ["start_pull=0.5"], 0.5)]
)
def test_replayed_data_replace_the_pull_towards_the_base(
    finetuning: FinetuneService,
    snapshot: str,
    snapshot_folders: SnapshotFolders,
    tmp_path: Path,
    replayed: bool,
    changes: list[str],
    pull: float,
) -> None:
    data, folder = tmp_path / "before", snapshot_folders.of(snapshot)
    shutil.copytree(folder / "faces", data / "other")
    shutil.copy(folder / "landmarks.npz", data)
    manifest = data / "manifest.csv"
    manifest.write_text((folder / "manifest.csv").read_text().replace("\nfaces,", "\nother,"))
    request = RunSpec(snapshot, manifest if replayed else None, [*TINY_CHANGES, "steps=1", *changes])
    candidate = finetuning.train_candidate(finetuning.prepare(request))
    assert load_weights(candidate.folder).card["training"]["start_pull"] == pull


def test_the_thread_limit_reaches_the_trainer(
    sessions: Sessions,
    audit: AuditService,
    snapshots: SnapshotService,
    versions: VersionService,
    snapshot: str,
    runs_folder: Path,
) -> None:
    finetuning = FinetuneService(sessions, audit, snapshots, versions, runs_folder, device="cpu", threads=1)
    run = finetuning.prepare(RunSpec(snapshot, changes=[*TINY_CHANGES, "steps=1"]))
    finetuning.train_candidate(run)
    assert json.loads((runs_folder / run / "request.json").read_text())["threads"] == 1


def test_a_trainers_error_is_stored_with_the_run(
    finetuning: FinetuneService, sessions: Sessions, snapshot: str, tmp_path: Path
) -> None:
    manifest = tmp_path / "empty" / "manifest.csv"
    manifest.parent.mkdir()
    manifest.write_text("pack,path,label,person,split,original\nnone,a.png,real,p,train,\n")
    run = finetuning.prepare(RunSpec(snapshot, manifest, [*TINY_CHANGES, "steps=1"]))
    assert error_code(finetuning.train_candidate, run) == "run_failed"
    state, _, message = stored_run(sessions, run)
    assert state == RunState.FAILED
    assert message.startswith("run_failed: invalid_dataset")


def test_what_cannot_be_learned_from_is_refused(
    finetuning: FinetuneService,
    snapshots: SnapshotService,
    sessions: Sessions,
    snapshot: str,
    tmp_path: Path,
) -> None:
    missing = RunSpec(snapshot, replay=tmp_path / "nothing.csv")
    assert error_code(finetuning.prepare, RunSpec("0" * 32)) == "unknown_snapshot"
    assert error_code(finetuning.prepare, missing) == "unknown_data"
    assert error_code(finetuning.train_candidate, "0" * 32) == "unknown_run"
    run = finetuning.prepare(RunSpec(snapshot))
    with sessions.begin() as session:
        session.query(Snapshot).one().state = SnapshotState.STALE
    assert error_code(finetuning.prepare, RunSpec(snapshot)) == "stale_snapshot"
    assert error_code(finetuning.train_candidate, run) == "stale_snapshot"
    assert stored_run(sessions, run)[0] == RunState.FAILED
    assert snapshots.freeze().public_id != snapshot


def test_one_run_at_a_time_and_dead_runs_make_room(
    finetuning: FinetuneService, sessions: Sessions, snapshot: str, runs_folder: Path
) -> None:
    requests = [RunSpec(snapshot, changes=[f"steps={steps}"]) for steps in (5, 6)]
    first, second = (finetuning.prepare(request) for request in requests)
    with sessions.begin() as session:
        session.query(TuningRun).filter_by(public_id=first).one().state = RunState.RUNNING
    folder = runs_folder / first
    with try_lock(folder / SUPERVISOR_LOCK) as lock:
        assert lock is not None
        assert error_code(finetuning.train_candidate, second) == "run_busy"
        assert error_code(finetuning.train_candidate, first) == "run_busy"
        assert finetuning.revive() is None
    assert not finetuning.summaries()[1].alive
    # Without its folder, the run belongs to another machine; its heartbeat counts.
    folder.rename(folder.with_name("elsewhere"))
    with sessions.begin() as session:
        session.query(TuningRun).filter_by(public_id=first).one().heartbeat_at = now()
    assert error_code(finetuning.train_candidate, second) == "run_busy"
    assert finetuning.revive() is None


# A surviving trainer is meant to be left without a parent that waits for it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("survives", [True, False])
def test_a_trainer_survives_its_supervisor_only_if_it_should(
    sessions: Sessions,
    audit: AuditService,
    snapshots: SnapshotService,
    versions: VersionService,
    snapshot: str,
    runs_folder: Path,
    survives: bool,
) -> None:
    finetuning = FinetuneService(
        sessions, audit, snapshots, versions, runs_folder, device="cpu", trainer_survives=survives
    )
    run = finetuning.prepare(RunSpec(snapshot, changes=[*TINY_CHANGES, "steps=4000"]))

    def stop(*_: int) -> None:
        raise SystemExit(143)

    with pytest.raises(SystemExit):
        finetuning.train_candidate(run, stop)
    lock = runs_folder / run / TRAINER_LOCK
    assert is_locked(lock) == survives
    assert stored_run(sessions, run)[0] == RunState.RUNNING
    finetuning.cancel(run)
    wait_for(lambda: not is_locked(lock))


def test_a_deletion_stops_the_run_that_learns_from_it(
    finetuning: FinetuneService, sessions: Sessions, snapshot: str, runs_folder: Path
) -> None:
    run = finetuning.prepare(RunSpec(snapshot, changes=[*TINY_CHANGES, "steps=4000"]))
    codes: list[str | None] = []
    thread = threading.Thread(target=lambda: codes.append(error_code(finetuning.train_candidate, run)))
    thread.start()
    lock = runs_folder / run / TRAINER_LOCK
    wait_for(lambda: is_locked(lock))
    with sessions.begin() as session:
        session.query(Snapshot).one().state = SnapshotState.STALE
    thread.join(timeout=60)
    assert codes == ["stale_snapshot"]
    assert stored_run(sessions, run)[0] == RunState.FAILED
    assert not is_locked(lock)
