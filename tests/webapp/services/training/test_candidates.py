from __future__ import annotations

import json
import shutil
from pathlib import Path

from laanet_core.modeling.loading import load_weights
from tests.model_versions import write_weights
from webapp.db.session import Sessions
from webapp.services.audit.log import AuditService
from webapp.services.model_registry.versions import VersionService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training.candidates import CandidateBuilder
from webapp.services.training.finetuning import FinetuneService
from webapp.services.training.run_store import RunSpec, RunStore


def test_a_candidate_is_calibrated_on_val_and_built_once(
    finetuning: FinetuneService,
    versions: VersionService,
    sessions: Sessions,
    audit: AuditService,
    snapshot: str,
    snapshot_folders: SnapshotFolders,
    tmp_path: Path,
) -> None:
    base = versions.ensure_champion()
    public_id = finetuning.prepare(RunSpec(snapshot, changes=("steps=5",)))
    (run,) = RunStore(sessions, audit).newest(1)
    folder = tmp_path / "run"
    weights = write_weights(tmp_path, "trained", 8)
    shutil.copytree(weights, folder / "train" / "weights")
    (folder / "train" / "config.json").write_text(json.dumps({"training": {"steps": 5}}))
    builder = CandidateBuilder(versions, "cpu")
    counts = {"train": {"real": 1, "fake": 1}}
    candidate = builder.build(
        run,
        run_folder=folder,
        snapshot_folder=snapshot_folders.of(snapshot),
        base=base,
        split_counts=counts,
    )
    loaded = load_weights(candidate.folder)
    assert loaded.info.version == "ft-1"
    assert loaded.decision.calibrated
    assert loaded.decision.temperature != 8.0
    assert loaded.card["training"] == {"steps": 5}
    assert loaded.card["run"] == {"id": public_id, "replay": None, "changes": ["steps=5"]}
    assert loaded.card["snapshot"] == {"id": snapshot, "sha256": run.snapshot_sha256, "parts": counts}
    assert loaded.card["parent"]["version"] == "tiny-1"
    shutil.rmtree(folder)
    again = builder.build(
        run,
        run_folder=folder,
        snapshot_folder=snapshot_folders.of(snapshot),
        base=base,
        split_counts=counts,
    )
    assert again == candidate
