from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.synthetic_uploads import BOX, FACE, fake_face, find_landmarks, real_face
from webapp.bootstrap import open_learning, open_records
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.drills.learning_proof import (
    AucComparison,
    ProofData,
    ProofInstallation,
    ProofOutcome,
    SnapshotRecord,
    WeightsId,
    prove,
)
from webapp.services.drills.scripted_users import ScriptedUsers
from webapp.services.drills.synthetic_detector import FixedBoxDetector
from webapp.services.training import splits
from webapp.settings import Settings

CHANGES = ("batch_pairs=2", "material.foreign_blends=0", "steps=2")


def outcome() -> ProofOutcome:
    auc = AucComparison(before=0.6, after=0.7, difference=0.1, low=0.02, high=0.18, faces=40)
    snapshot = SnapshotRecord(
        snapshot="5" * 32, sha256="a" * 64, real=3, fake=3, train=2, val=2, gold=2, left_out={}, decisions=6
    )
    return ProofOutcome(
        passed=False,
        criteria={"AUC rises": True, "it is quick": False},
        snapshot=snapshot,
        run="1" * 32,
        base=WeightsId(version="starter", sha256="b" * 64),
        candidate=WeightsId(version="ft-1", sha256="c" * 64),
        minutes=31.2,
        pairs=auc,
        self_blends=auc,
    )


def test_the_json_has_the_keys_of_the_command() -> None:
    document = json.loads(outcome().model_dump_json(by_alias=True))
    assert (document["held"], document["shown"]["AUC rises"]) == (False, True)
    assert document["snapshot"]["decisions"] == 6
    assert ProofOutcome.model_validate(document) == outcome()


@pytest.fixture
def data(tmp_path: Path) -> ProofData:
    """A data set of synthetic faces: pairs of real faces and fakes in `pairs`, real faces in `more`."""
    folder = tmp_path / "set"
    rows: list[list[str]] = []
    for number in range(56):
        split = "train" if number < 48 else "val"
        for pack, label in (("pairs", "real"), ("pairs", "fake"), ("more", "real")):
            name = f"{label}{number}.png"
            seed = number + (1000 if pack == "more" else 0)
            pixels = fake_face(seed) if label == "fake" else real_face(seed)
            (folder / pack).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / pack / name), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
            original = f"real{number}.png" if label == "fake" else ""
            rows.append([pack, name, label, f"{pack}{number}", split, original])
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "path", "label", "person", "split", "original"])
        writer.writerows(rows)
    np.savez(folder / "landmarks.npz", landmarks=np.stack([FACE] * len(rows)))
    return ProofData(folder / "manifest.csv", "pairs")


def test_an_interrupted_proof_continues_with_its_snapshot_and_run(
    data: ProofData, tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splits, "GOLD_SHARE", 0.35)
    monkeypatch.setattr(splits, "VAL_SHARE", 0.3)
    folder = tmp_path / "installation"
    settings = Settings().model_copy(
        update={"data": folder, "weights": str(tiny_weights), "device": "cpu", "finetune_threads": 1}
    )
    records = open_records(settings)
    with open_learning(
        settings, records, landmarks=lambda: find_landmarks, delay=timedelta(0), trainer_survives=False
    ) as learning:
        detector = FixedBoxDetector(BOX)
        analysis = AnalysisService(
            detector, AnalysisStore(records.sessions, kept_media=records.keeping), Jobs(), frames=1
        )
        installation = ProofInstallation(
            ScriptedUsers(records.sessions, analysis, moderator_count=1),
            learning.snapshots,
            learning.versions,
            learning.finetuning,
            folder,
            decisions=40,
            max_faces=8,
        )

        def stop(*_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prove(installation, data, CHANGES, stop)
        snapshot = json.loads((folder / "frozen.json").read_text())
        result = prove(installation, data, CHANGES)
    assert result.snapshot.snapshot == snapshot["snapshot"]
    assert result.snapshot.decisions == 40
    assert (result.base.version, result.candidate.version) == ("tiny-1", "ft-1")
    assert result.pairs.faces == 8
    assert result.passed == all(result.criteria.values())
