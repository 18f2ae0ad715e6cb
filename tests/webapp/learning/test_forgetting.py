"""What visitors delete while, and after, it is learned from: nothing of it stays, and nothing comes of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import save_weights
from tests.core.conftest import TINY
from tests.webapp.learning.conftest import Crowd
from tests.webapp.learning.test_snapshots import code
from tests.webapp.receipt_services import receipt_service
from webapp.db.session import Sessions
from webapp.db.tables import Account, Decision, Snapshot, TuningRun
from webapp.domain.clock import now
from webapp.domain.enums import ModelState, Role, RunState
from webapp.domain.ids import new_id
from webapp.services.audit.log import AuditService
from webapp.services.drills import poisoning as poison
from webapp.services.model_registry.versions import VersionService
from webapp.services.results.receipts import ReceiptService
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.storage.snapshot_folders import SnapshotFolders
from webapp.services.training import gate_measurements as measuring
from webapp.services.training import splits as parts
from webapp.services.training.gate_measurements import Ground
from webapp.services.training.promotion_gate import GateService
from webapp.services.training.publishing import PublishingService
from webapp.services.training.snapshots import SnapshotService


@dataclasses.dataclass
class Scene:
    """A snapshot of decided faces, a candidate beside the champion, and the gate. `receipt` is of a face in the gold part."""

    snapshots: SnapshotService
    versions: VersionService
    gate: GateService
    receipts: ReceiptService
    snapshot: str
    receipt: str

    def pass_gate(self) -> None:
        """As if everything had held: these weights learned nothing."""
        champion, made = self.versions.base(), self.versions.checked("made")
        report = {"passed": True, "snapshot": self.snapshot, "checks": []}
        self.versions.note(
            "made", {**report, "champion": {"sha256": champion.sha256}, "candidate": {"sha256": made.sha256}}
        )

    def facts(self) -> tuple[str, bool]:
        """State of the candidate, and whether it is stale."""
        facts = next(facts for facts in self.versions.listed() if facts["version"] == "made")
        return facts["state"], facts["stale"]

    @property
    def folders(self) -> SnapshotFolders:
        return self.snapshots.folders

    def delete(self) -> None:
        self.receipts.delete(self.receipt)

    def kept(self) -> dict[str, int]:
        """How many faces are kept of what was judged, by the folder."""
        found: dict[str, int] = {}
        for path in self.folders.judged.rglob("*.jsonl"):
            found[path.parent.name] = found.get(path.parent.name, 0) + len(
                list(filter(None, path.read_text().splitlines()))
            )
        return found


@pytest.fixture
def scene(
    crowd: Crowd,
    snapshots: SnapshotService,
    sessions: Sessions,
    audit: AuditService,
    keeping: KeptMediaService,
    tmp_path: Path,
    tiny_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    monkeypatch.setattr(parts, "GOLD_SHARE", 1.0)
    arrived = {crowd.script.arrive(one.path): one for one in crowd.arrivals(3, 3)}
    crowd.script.decide({str(one.case): arrival for one, arrival in arrived.items()})
    snapshot = snapshots.freeze().public_id
    versions = VersionService(sessions, audit, tmp_path / "models", str(tiny_weights))
    torch.manual_seed(4)
    save_weights(LAANet(TINY), tmp_path / "made", version="made")
    base = versions.base().sha256
    with sessions.begin() as session:
        run = TuningRun(
            public_id=new_id(), snapshot=session.query(Snapshot).one(), base_sha256=base, state=RunState.FINISHED, created_at=now(),
            heartbeat_at=now(), step=1, steps=1, config="{}",
        )  # fmt: skip
        session.add(run)
        session.add(Account(name="ada", role=Role.ADMIN, created_at=now()))
        session.flush()
        number = run.id
    versions.register(
        tmp_path / "made", "made", state=ModelState.CANDIDATE, parent_sha256=base, run_id=number
    )
    _, other = poison.prepare(tmp_path / "drawn")
    gate = GateService(snapshots, versions, Ground(tmp_path, (other,), ("jpeg:50",), "cpu"))
    receipts = receipt_service(sessions, audit, keeping, snapshots=snapshots.folders)
    return Scene(snapshots, versions, gate, receipts, snapshot, next(iter(arrived)).receipt)


def test_what_was_judged_of_a_deleted_face_goes_and_other_data_stay(scene: Scene) -> None:
    scene.gate.judge("made", scene.snapshot)
    both = 2 * 6
    assert scene.kept() == {
        scene.snapshot: 2 * both,
        "manifests": 2 * 2 * 12,
    }  # two networks; gold, and gold as JPEG
    scene.delete()
    assert scene.kept() == {"manifests": 2 * 2 * 12}


def late(scene: Scene) -> None:
    """What was being judged while the deletion came."""
    left = scene.folders.judged_of(scene.snapshot)
    left.mkdir()
    (left / "face.jsonl").write_text("{}\n")
    assert scene.snapshot in scene.kept()


def test_what_a_gate_writes_after_the_deletion_goes_at_its_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    judge = measuring.judge

    def judge_and_delete(*arguments: object, **options: object) -> object:
        found = judge(*arguments, **options)  # type: ignore[arg-type]
        judged.append(found[0].name)
        if len(judged) == 1:
            scene.delete()
            assert scene.kept() == {}
            late(scene)
        return found

    monkeypatch.setattr(measuring, "judge", judge_and_delete)
    assert code(scene.gate.judge, "made", scene.snapshot) == "stale_snapshot"
    assert judged
    assert scene.kept().keys() <= {"manifests"}
    assert scene.versions.report("made") is None


def test_what_a_killed_gate_left_goes_at_the_next_sweep(scene: Scene) -> None:
    scene.gate.judge("made", scene.snapshot)
    scene.delete()
    late(scene)
    (scene.folders.judged / "older.jsonl").write_text("{}\n")  # of the time when all lay in one folder
    scene.snapshots.sweep()
    assert scene.kept() == {"manifests": 2 * 2 * 12}


def test_a_candidate_of_what_was_deleted_since_never_answers(scene: Scene) -> None:
    scene.pass_gate()
    assert scene.facts() == ("candidate", False)
    scene.delete()
    assert scene.facts() == ("candidate", True)
    assert code(scene.versions.promote, "made", "ada") == "stale_snapshot"
    anew = scene.snapshots.freeze().public_id
    assert code(scene.gate.judge, "made", anew) == "stale_snapshot"  # on another gold part neither
    assert code(scene.pass_gate) == "stale_snapshot"
    assert scene.versions.champion() == scene.versions.base()


def test_a_champion_of_what_was_deleted_since_stays_and_is_marked(scene: Scene, audit: AuditService) -> None:
    scene.pass_gate()
    made = scene.versions.promote("made", "ada")
    scene.delete()
    assert scene.versions.champion() == made
    assert scene.facts() == ("champion", True)
    publishing = PublishingService(
        scene.versions, scene.snapshots, audit, endpoint="http://127.0.0.1:9"
    )  # nobody is asked
    assert code(publishing.push_model, "made", "me/lens") == "stale_snapshot"
    assert scene.versions.rollback("ada").version == "tiny-1"


def test_an_undone_decision_is_as_good_as_a_deletion(scene: Scene, sessions: Sessions) -> None:
    scene.pass_gate()
    with sessions.begin() as session:
        session.query(Decision).first().undone_at = now()  # type: ignore[union-attr]
    assert scene.facts() == ("candidate", True)
    assert code(scene.versions.promote, "made", "ada") == "stale_snapshot"
