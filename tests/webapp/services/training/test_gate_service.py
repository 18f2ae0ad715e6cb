"""The gate on real weights, and deletions before, during and after its measurement."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.model_versions import add_accounts, gate_report, write_weights
from tests.synthetic_uploads import SyntheticUploads, error_code
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.db.tables import Decision, Snapshot, TuningRun
from webapp.domain.clock import now
from webapp.domain.enums import ModelState, RunState
from webapp.domain.ids import new_id
from webapp.services.audit.log import AuditService
from webapp.services.drills import poisoning
from webapp.services.model_registry.versions import VersionService
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training import gate_measurements, splits
from webapp.services.training.gate_measurements import GateSettings
from webapp.services.training.gate_service import GateService
from webapp.services.training.publishing import PublishingService
from webapp.services.training.snapshots import SnapshotService

# Faces in gold, and real faces in the other manifest, which become as many pairs with their self-blends
GOLD_FACES, OTHER_FACES = 6, 12
# Predictions of two networks on the other manifest
OTHER_PREDICTIONS = {"manifests": 2 * 2 * OTHER_FACES}


@dataclasses.dataclass
class Scene:
    """A snapshot whose faces are all gold, the candidate `made`, and the gate.

    `receipt` is of one of the faces.
    """

    snapshots: SnapshotService
    versions: VersionService
    gate: GateService
    receipts: ReceiptService
    snapshot: str
    receipt: str

    def pass_gate(self) -> None:
        """Store a report that passes, which random weights never get from the gate itself."""
        candidate, champion = self.versions.verify("made"), self.versions.ensure_champion()
        self.versions.store_report("made", gate_report(candidate, champion, snapshot=self.snapshot))

    def candidate_state(self) -> tuple[str, bool]:
        """Return the candidate's state, and whether it is stale."""
        summary = self.versions.summary("made")
        return summary.state, summary.stale

    @property
    def folders(self) -> SnapshotFolders:
        return self.snapshots.folders

    def delete_face(self) -> None:
        self.receipts.delete(self.receipt)

    def cached_predictions(self) -> dict[str, int]:
        """Return the number of cached predictions by folder."""
        counts: dict[str, int] = {}
        for path in self.folders.scores.rglob("*.jsonl"):
            lines = [line for line in path.read_text().splitlines() if line]
            counts[path.parent.name] = counts.get(path.parent.name, 0) + len(lines)
        return counts

    def write_late_prediction(self) -> None:
        """Write to the cache as a gate does that is still running after a deletion."""
        folder = self.folders.scores_of(self.snapshot)
        folder.mkdir()
        (folder / "face.jsonl").write_text("{}\n")
        assert self.snapshot in self.cached_predictions()


@pytest.fixture
def scene(
    uploads: SyntheticUploads,
    snapshots: SnapshotService,
    sessions: Sessions,
    audit: AuditService,
    keeping: KeptMediaService,
    versions: VersionService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    monkeypatch.setattr(splits, "GOLD_SHARE", 1.0)
    faces = {uploads.users.upload(face.path): face for face in uploads.faces(3, 3)}
    uploads.users.decide({str(uploaded.case): face for uploaded, face in faces.items()})
    snapshot = snapshots.freeze().public_id
    base = versions.ensure_champion().sha256
    add_accounts(sessions)
    with sessions.begin() as session:
        run = TuningRun(
            public_id=new_id(),
            snapshot=session.query(Snapshot).one(),
            base_sha256=base,
            state=RunState.FINISHED,
            created_at=now(),
            heartbeat_at=now(),
            step=1,
            steps=1,
            config="{}",
        )
        session.add(run)
        session.flush()
        run_id = run.id
    weights = write_weights(tmp_path, "made", 4)
    versions.register(weights, "made", state=ModelState.CANDIDATE, parent_sha256=base, run_id=run_id)
    _, other = poisoning.write_initial_data(tmp_path / "drawn")
    gate = GateService(snapshots, versions, GateSettings((other,), ("jpeg:50",), "cpu"))
    receipts = receipt_service(sessions, audit, keeping, snapshots=snapshots.folders)
    return Scene(snapshots, versions, gate, receipts, snapshot, next(iter(faces)).receipt)


def test_the_report_is_stored_and_a_deletion_removes_the_cached_predictions(scene: Scene) -> None:
    report = scene.gate.evaluate("made", scene.snapshot)
    assert scene.versions.report("made") == report
    assert report.snapshot == scene.snapshot
    names = {check.name for check in report.checks}
    assert {"auc gold", "auc gold-jpeg-50", "seconds a crop"} <= names
    # Two networks, on gold and on gold as JPEG
    assert scene.cached_predictions() == {scene.snapshot: 2 * 2 * GOLD_FACES, **OTHER_PREDICTIONS}
    scene.delete_face()
    assert scene.cached_predictions() == OTHER_PREDICTIONS


def test_predictions_written_after_a_deletion_are_removed_when_the_gate_ends(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    predict_items = gate_measurements.predict_items

    def predict_and_delete(*arguments: object, **options: object) -> object:
        predictions = predict_items(*arguments, **options)  # type: ignore[arg-type]
        calls.append(predictions)
        if len(calls) == 1:
            scene.delete_face()
            assert scene.cached_predictions() == {}
            scene.write_late_prediction()
        return predictions

    monkeypatch.setattr(gate_measurements, "predict_items", predict_and_delete)
    assert error_code(scene.gate.evaluate, "made", scene.snapshot) == "stale_snapshot"
    assert calls
    assert scene.cached_predictions().keys() <= {"manifests"}
    assert scene.versions.report("made") is None


def test_the_sweep_removes_predictions_of_a_killed_gate(scene: Scene) -> None:
    scene.gate.evaluate("made", scene.snapshot)
    scene.delete_face()
    scene.write_late_prediction()
    # Older versions wrote all predictions to one folder.
    (scene.folders.scores / "older.jsonl").write_text("{}\n")
    scene.snapshots.sweep()
    assert scene.cached_predictions() == OTHER_PREDICTIONS


def test_a_stale_candidate_is_neither_measured_nor_promoted(scene: Scene) -> None:
    scene.pass_gate()
    assert scene.candidate_state() == ("candidate", False)
    scene.delete_face()
    assert scene.candidate_state() == ("candidate", True)
    assert error_code(scene.versions.promote, "made", "ada") == "stale_snapshot"
    new_snapshot = scene.snapshots.freeze().public_id
    assert error_code(scene.gate.evaluate, "made", new_snapshot) == "stale_snapshot"
    assert error_code(scene.pass_gate) == "stale_snapshot"
    assert scene.versions.champion() == scene.versions.ensure_champion()


def test_a_stale_champion_stays_and_is_not_published(scene: Scene, audit: AuditService) -> None:
    scene.pass_gate()
    champion = scene.versions.promote("made", "ada")
    scene.delete_face()
    assert scene.versions.champion() == champion
    assert scene.candidate_state() == ("champion", True)
    publishing = PublishingService(scene.versions, scene.snapshots, audit, endpoint="http://127.0.0.1:9")
    assert error_code(publishing.push_model, "made", "me/lens") == "stale_snapshot"
    assert scene.versions.rollback("ada").version == "tiny-1"


def test_an_undone_decision_makes_a_candidate_stale(scene: Scene, sessions: Sessions) -> None:
    scene.pass_gate()
    with sessions.begin() as session:
        session.query(Decision).first().undone_at = now()  # type: ignore[union-attr]
    assert scene.candidate_state() == ("candidate", True)
    assert error_code(scene.versions.promote, "made", "ada") == "stale_snapshot"
