"""Proof that decisions improve the model.

Scripted moderators decide faces of a data set's train split; its val split measures the improvement.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import Sample, read_manifest
from laanet_core.evaluation.eval_sets import manifest_sets
from laanet_core.evaluation.metrics import paired_bootstrap, roc_auc
from laanet_core.evaluation.predictions import Prediction, predict_items
from laanet_core.modeling.loading import load_weights
from webapp.domain.enums import LabelValue
from webapp.services.drills.scripted_users import ScriptedUpload, ScriptedUsers
from webapp.services.model_registry.version_files import RegisteredVersion
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.finetuning import FinetuneService
from webapp.services.training.run_store import RunSpec
from webapp.services.training.snapshots import SnapshotService
from webapp.services.training.supervisor import OnProgress

# The AUC on val fakes must rise by at least this much.
MIN_GAIN = 0.05
# The AUC on self-blends may fall by at most this much.
MAX_LOSS = 0.02
# The fine-tuning must take less time than this.
MAX_MINUTES = 30.0
_NO_LANDMARKS = np.full((68, 2), np.nan, np.float32)


@dataclass(frozen=True)
class ProofData:
    """A data set on disk. The pack `pack` has real faces and their fakes; the other packs have real faces."""

    manifest: Path
    pack: str

    def samples(self) -> list[Sample]:
        return read_manifest(self.manifest, self.manifest.parent / "landmarks.npz")

    def store(self, samples: Sequence[Sample]) -> PackStore:
        return PackStore(self.manifest.parent, sorted({sample.pack for sample in samples}))


@dataclass(frozen=True)
class ProofInstallation:
    """An installation that is used only for the proof, and the proof's parameters.

    Half of the `decisions` are on fakes. Each of the two val sets has at most `max_faces` faces.
    """

    users: ScriptedUsers
    snapshots: SnapshotService
    versions: VersionService
    finetuning: FinetuneService
    folder: Path
    decisions: int = 600
    max_faces: int = 3000
    seed: int = 0


class SnapshotRecord(BaseModel):
    """The snapshot of the proof, as `frozen.json` stores it for an interrupted proof."""

    model_config = ConfigDict(frozen=True)

    snapshot: str
    sha256: str
    real: int
    fake: int
    train: int
    val: int
    gold: int
    left_out: dict[str, int]
    decisions: int


class AucComparison(BaseModel):
    """AUC on the same faces before and after the fine-tuning, with the 95 % interval of the difference."""

    model_config = ConfigDict(frozen=True)

    before: float
    after: float
    difference: float
    low: float
    high: float
    faces: int


class WeightsId(BaseModel):
    """A version and the sha256 of its weights."""

    model_config = ConfigDict(frozen=True)

    version: str
    sha256: str


class ProofOutcome(BaseModel):
    """Outcome of the proof. `criteria` maps each criterion to whether it is met; `passed`: all are met."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    # The aliases are the keys of earlier reports.
    passed: bool = Field(validation_alias="held", serialization_alias="held")
    criteria: dict[str, bool] = Field(validation_alias="shown", serialization_alias="shown")
    snapshot: SnapshotRecord
    run: str
    base: WeightsId
    candidate: WeightsId
    minutes: float
    pairs: AucComparison
    self_blends: AucComparison


def prove(
    installation: ProofInstallation,
    data: ProofData,
    changes: Sequence[str],
    on_progress: OnProgress | None = None,
) -> ProofOutcome:
    """Upload and decide faces, freeze a snapshot, fine-tune on it, and measure the improvement.

    `changes` are changes of the training recipe. An interrupted proof continues with its snapshot and run.
    """
    samples = data.samples()
    base = installation.versions.ensure_champion()
    snapshot = _make_or_read_snapshot(installation, data, samples)
    replay = _replay_manifest(installation.folder / "replay", data, samples)
    start = time.monotonic()
    run = installation.finetuning.prepare(RunSpec(snapshot.snapshot, replay, changes))
    candidate = installation.finetuning.train_candidate(run, on_progress)
    minutes = (time.monotonic() - start) / 60
    before = _predictions(base.folder, data, samples, installation)
    after = _predictions(candidate.folder, data, samples, installation)
    pairs = _compare(before["pairs"], after["pairs"])
    self_blends = _compare(before["self_blends"], after["self_blends"])
    criteria = {
        f"AUC on val fakes rises by {MIN_GAIN} or more": pairs.difference >= MIN_GAIN and pairs.low > 0,
        f"AUC on self-blends falls by {MAX_LOSS} at most": self_blends.difference >= -MAX_LOSS,
        f"fine-tuning takes less than {MAX_MINUTES:g} minutes": minutes < MAX_MINUTES,
    }
    return ProofOutcome(
        passed=all(criteria.values()),
        criteria=criteria,
        snapshot=snapshot,
        run=run,
        base=_weights_id(base),
        candidate=_weights_id(candidate),
        minutes=round(minutes, 2),
        pairs=pairs,
        self_blends=self_blends,
    )


def _weights_id(registered: RegisteredVersion) -> WeightsId:
    return WeightsId(version=registered.version, sha256=registered.sha256)


def _make_or_read_snapshot(
    installation: ProofInstallation, data: ProofData, samples: Sequence[Sample]
) -> SnapshotRecord:
    """Make the snapshot of the proof, or read the one that an interrupted proof made."""
    path = installation.folder / "frozen.json"
    if path.exists():
        return SnapshotRecord.model_validate_json(path.read_bytes())
    uploads = _draw_uploads(installation, data, samples)
    decided = installation.users.upload_and_decide(uploads)
    frozen = installation.snapshots.freeze().to_json()
    record = SnapshotRecord.model_validate({**frozen, "decisions": len(decided)})
    path.write_text(record.model_dump_json(), encoding="utf-8")
    return record


def _draw_uploads(
    installation: ProofInstallation, data: ProofData, samples: Sequence[Sample]
) -> list[ScriptedUpload]:
    """Draw fake and real faces of the train split and write them as files.

    A fake and its original are never both drawn.
    """
    rng = np.random.default_rng(installation.seed)
    train = [sample for sample in samples if sample.pack == data.pack and sample.split == "train"]
    fakes = [sample for sample in train if sample.label == 1]
    fake_indices = rng.permutation(len(fakes))[: installation.decisions // 2]
    drawn = [fakes[index] for index in fake_indices]
    originals = {sample.original for sample in drawn}
    reals = [sample for sample in train if sample.label == 0 and sample.path not in originals]
    real_indices = rng.permutation(len(reals))[: installation.decisions - len(drawn)]
    drawn += [reals[index] for index in real_indices]
    store = data.store(drawn)
    folder = installation.folder / "arrivals"
    folder.mkdir(parents=True, exist_ok=True)
    uploads: list[ScriptedUpload] = []
    for number, index in enumerate(rng.permutation(len(drawn))):
        sample = drawn[index]
        path = folder / f"{number}{Path(sample.path).suffix}"
        path.write_bytes(store.content(sample.pack, sample.path))
        uploads.append(ScriptedUpload(path, LabelValue.FAKE if sample.label else LabelValue.REAL))
    return uploads


def _replay_manifest(folder: Path, data: ProofData, samples: Sequence[Sample]) -> Path | None:
    """Write a manifest of the other packs' real train faces. Return None if there are no such faces.

    Symbolic links to the packs are put beside the manifest.
    """
    replayed = [
        sample
        for sample in samples
        if sample.pack != data.pack and sample.label == 0 and sample.split == "train"
    ]
    if not replayed:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "path", "label", "person", "split", "original"])
        for sample in replayed:
            writer.writerow([sample.pack, sample.path, "real", sample.person, "train", ""])
    points = [_NO_LANDMARKS if sample.landmarks is None else sample.landmarks for sample in replayed]
    np.savez(folder / "landmarks.npz", landmarks=np.stack(points))
    for pack in {sample.pack for sample in replayed}:
        source = data.manifest.parent / pack
        if not source.is_dir():
            source = source.with_name(f"{pack}.tar")
        if not (folder / source.name).exists():
            (folder / source.name).symlink_to(source.resolve())
    return folder / "manifest.csv"


def _predictions(
    weights: Path, data: ProofData, samples: Sequence[Sample], installation: ProofInstallation
) -> dict[str, list[Prediction]]:
    """Score the val split: `pairs` of fakes and originals, and `self_blends` of real faces."""
    loaded = load_weights(weights)
    val = [sample for sample in samples if sample.split == "val"]
    samples_by_set = {
        "pairs": [sample for sample in val if sample.pack == data.pack],
        "self_blends": [sample for sample in val if sample.label == 0],
    }
    predictions: dict[str, list[Prediction]] = {}
    for name, members in samples_by_set.items():
        # Half, because every drawn face brings a second one: its original or its self-blend.
        subset = _draw(members, count=installation.max_faces // 2, seed=installation.seed)
        sets = manifest_sets(subset, data.store(subset), loaded.model.config.input_size, installation.seed)
        eval_set = next(candidate for candidate in sets if candidate.name == name)
        predictions[name] = predict_items(loaded.model, eval_set.items(), eval_set.total, progress=False)
    return predictions


def _draw(samples: list[Sample], count: int, seed: int) -> list[Sample]:
    """Draw at most `count` fakes and add their originals. Draw real faces if there are no fakes."""
    fakes = [sample for sample in samples if sample.label == 1 and sample.original]
    candidates = fakes or samples
    indices = np.random.default_rng(seed).permutation(len(candidates))[:count]
    drawn = [candidates[index] for index in indices]
    paths = {sample.path for sample in drawn} | {sample.original for sample in drawn}
    return [sample for sample in samples if sample.path in paths]


def _compare(before: Sequence[Prediction], after: Sequence[Prediction]) -> AucComparison:
    labels = np.array([face.label for face in before])
    old_logits = np.array([face.fake_logit for face in before])
    new_logits = np.array([face.fake_logit for face in after])
    persons = [face.person for face in before]
    interval = paired_bootstrap(roc_auc, labels, old_logits, new_logits, groups=persons)
    old_auc = roc_auc(labels, old_logits)
    new_auc = roc_auc(labels, new_logits)
    return AucComparison(
        before=round(old_auc, 4),
        after=round(new_auc, 4),
        difference=round(new_auc - old_auc, 4),
        low=round(interval.low, 4),
        high=round(interval.high, 4),
        faces=len(labels),
    )
