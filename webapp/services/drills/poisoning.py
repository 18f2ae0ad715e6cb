"""Poisoning drill: flipped labels, sockpuppet votes and mislabelled copies, and the result of each defence.

Every condition is an installation of its own with synthetic faces and a tiny network, so that a drill takes
minutes and needs no data.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, insert, select

from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import read_manifest
from laanet_core.data.synthetic_faces import forged_face, synthetic_face, synthetic_landmarks
from laanet_core.evaluation.eval_sets import labelled_items
from laanet_core.evaluation.predictions import predict_items
from laanet_core.evaluation.report import frame_auc
from laanet_core.media.images import read_image
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights, save_weights
from laanet_core.types import Landmarks, RGBImage
from webapp.db.session import Sessions
from webapp.db.tables import Analysis, Feedback, SnapshotItem
from webapp.domain.clock import now
from webapp.domain.enums import LabelValue, Split, Vote
from webapp.domain.errors import Unable
from webapp.security.tokens import new_key
from webapp.services.analysis.analysis_store import AnalysisStore
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.drills.scripted_users import ScriptedUpload, ScriptedUsers
from webapp.services.drills.synthetic_detector import FixedBoxDetector, detection_box
from webapp.services.model_registry.gate_report import GateLimits
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.training.finetuning import FinetuneService
from webapp.services.training.gate_service import GateService
from webapp.services.training.run_store import RunSpec
from webapp.services.training.snapshots import SnapshotService

# Side of the synthetic pictures in pixels.
SIDE = 128
FACE = synthetic_landmarks((64, 60), 58)
BOX = detection_box(FACE)
# Side of a snapshot's crop, as a multiple of the box's side.
_CROP_ENLARGEMENT = 1.76
NETWORK = ModelConfig(
    name="drill",
    backbone="mobilenetv3_small_050",
    input_size=64,
    pyramid_widths=(32, 16, 16),
    fusion_width=16,
    head_width=8,
    embedding_width=8,
    drop_path_rate=0.0,
    feature_dropout=0.1,
)
# Wider than an installation's: a drill has few faces, and its first network knows nothing.
LIMITS = GateLimits(
    auc_loss=0.2,
    subgroup_auc_loss=0.3,
    min_subgroup_faces=3,
    calibration_loss=0.2,
    slowdown=3.0,
    bootstrap_samples=300,
)
# Changes of the recipe, so that the tiny network learns from labelled faces in few steps.
CHANGES = (
    "batch_pairs=8",
    "start_rate=1e-3",
    "peak_rate=3e-3",
    "frozen_stages=0",
    "start_pull=0",
    "average_decay=0.9",
    "material.labelled=0.9",
    "material.foreign_blends=0",
    "loss.heatmap_weight=0",
    "loss.consistency_weight=0",
)
# Real faces of the data set that stands for LENS_GATE_MANIFESTS.
_OTHER_FACES = 12
# Seeds of the faces of each condition, far enough apart that no two conditions share a face.
_OTHER_SEED = 90_000
_VOTE_SEED = 50_000
_COPY_SEED = 70_000
# Distance of the seeds of a real face and of the fake beside it.
_FAKE_SEED_OFFSET = 10_000


@dataclass(frozen=True)
class DrillSize:
    """Size of a drill.

    `faces` is the number of real faces, and also of fakes. `steps` are training steps. `votes` are votes by
    sockpuppets. `copies` are mislabelled near-duplicates.
    """

    faces: int = 120
    steps: int = 200
    votes: int = 10_000
    copies: int = 20


# With fewer steps the network learns so little that wrong labels make no difference.
SMALL = DrillSize(faces=40, steps=150, votes=10_000, copies=6)


class FlippedLabels(BaseModel):
    """Result of moderators who lie about a share of all faces.

    `passed`: the candidate passed the gate. `auc` is the candidate's on gold, with the true labels.
    """

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    share: float
    passed: bool
    failed_checks: tuple[str, ...] = Field(validation_alias="failed", serialization_alias="failed")
    auc: float


class SockpuppetVotes(BaseModel):
    """Result of votes by sockpuppets: number of stored votes, and of training rows that they caused."""

    model_config = ConfigDict(frozen=True)

    votes: int
    training_rows: int


class MislabelledCopies(BaseModel):
    """Result of near-duplicates of gold faces with the wrong label.

    `learned_from` and `in_gold` count the copies in the train or val split and in the gold split.
    """

    model_config = ConfigDict(frozen=True)

    copies: int
    learned_from: int
    in_gold: int


class DrillOutcome(BaseModel):
    """Outcome of a drill. `defences` maps each defence to whether it worked; `passed`: all worked."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    # The aliases are the keys of earlier reports.
    passed: bool = Field(validation_alias="held", serialization_alias="held")
    defences: dict[str, bool]
    flipped: tuple[FlippedLabels, ...]
    sockpuppets: SockpuppetVotes = Field(validation_alias="puppets", serialization_alias="puppets")
    copies: MislabelledCopies


@dataclass(frozen=True)
class DrillInstallation:
    """The services of one condition's installation, and its folder."""

    folder: Path
    sessions: Sessions
    keeping: KeptMediaService
    snapshots: SnapshotService
    finetuning: FinetuneService
    gate: GateService

    def users(self) -> ScriptedUsers:
        detector = FixedBoxDetector(BOX)
        analysis = AnalysisService(
            detector, AnalysisStore(self.sessions, kept_media=self.keeping), Jobs(), frames=1
        )
        return ScriptedUsers(self.sessions, analysis, moderator_count=1)


def find_landmarks(crop: RGBImage) -> Landmarks | None:
    """Return the landmarks (68, 2) in a snapshot's crop (H, W, 3) of a synthetic picture."""
    x1, y1, x2, y2 = BOX
    half = max(x2 - x1, y2 - y1) * _CROP_ENLARGEMENT / 2
    left = max(round((x1 + x2) / 2 - half), 0)
    top = max(round((y1 + y2) / 2 - half), 0)
    return np.asarray(FACE - np.array([left, top]), np.float32)


def write_initial_data(folder: Path) -> tuple[Path, Path]:
    """Write random weights, and a data set beside gold. Return the weights' folder and the set's manifest."""
    torch.manual_seed(0)
    save_weights(LAANet(NETWORK), folder / "weights", version="drill-base")
    other = folder / "other"
    (other / "drawn").mkdir(parents=True)
    with (other / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "path", "label", "person", "split", "original"])
        for number in range(_OTHER_FACES):
            _write(_real_face(_OTHER_SEED + number), other / "drawn" / f"{number}.png")
            writer.writerow(["drawn", f"{number}.png", "real", f"p{number}", "val", ""])
    np.savez(other / "landmarks.npz", landmarks=np.stack([FACE] * _OTHER_FACES))
    return folder / "weights", other / "manifest.csv"


def flip_labels(
    installation: DrillInstallation, size: DrillSize, share: float, seed: int = 0
) -> FlippedLabels:
    """Flip the moderators' labels of a share of all faces, gold faces too. Fine-tune and run the gate."""
    uploads = _uploads(installation.folder / "pictures", size.faces)
    truth = {upload.path: upload.label for upload in uploads}
    rng = np.random.default_rng(seed)
    for number, upload in enumerate(uploads):
        if rng.random() < share:
            uploads[number] = ScriptedUpload(upload.path, _opposite(upload.label))
    cases = installation.users().upload_and_decide(uploads)
    snapshot = installation.snapshots.freeze().public_id
    request = RunSpec(snapshot, changes=(*CHANGES, f"steps={size.steps}"))
    candidate = installation.finetuning.train_candidate(installation.finetuning.prepare(request))
    report = installation.gate.evaluate(candidate.version)
    fakes = {case for case, upload in cases.items() if truth[upload.path] == LabelValue.FAKE}
    return FlippedLabels(
        share=share,
        passed=report.passed,
        failed_checks=tuple(check.name for check in report.checks if not check.passed),
        auc=_auc_against_truth(installation.snapshots.folders.of(snapshot), candidate.folder, fakes),
    )


def vote_as_sockpuppets(installation: DrillInstallation, votes: int) -> SockpuppetVotes:
    """Store votes, as if they had passed every rate limit, on pictures that no moderator decides."""
    users = installation.users()
    for upload in _uploads(installation.folder / "puppets", 5, first_seed=_VOTE_SEED):
        users.upload(upload.path)
    with installation.sessions.begin() as session:
        analyses = list(session.scalars(select(Analysis.id)))
        rows = [
            {
                "analysis_id": analyses[number % len(analyses)],
                "created_at": now(),
                "subject": 0,
                "vote": Vote.DISAGREE,
                "note": "",
                "idempotency_key": new_key(),
            }
            for number in range(votes)
        ]
        session.execute(insert(Feedback), rows)
    try:
        installation.snapshots.freeze()
    except Unable as error:
        if error.code != "nothing_decided":
            raise
    with installation.sessions() as session:
        stored = session.scalar(select(func.count()).select_from(Feedback)) or 0
        training_rows = session.scalar(select(func.count()).select_from(SnapshotItem)) or 0
    return SockpuppetVotes(votes=stored, training_rows=training_rows)


def mislabel_copies(installation: DrillInstallation, size: DrillSize) -> MislabelledCopies:
    """Upload near-duplicates of gold faces with the wrong label. They must not leave the gold split."""
    users = installation.users()
    count = max(size.faces // 2, 20)
    originals = users.upload_and_decide(
        _uploads(installation.folder / "originals", count, first_seed=_COPY_SEED)
    )
    installation.snapshots.freeze()
    gold = [case for case, split in _splits_by_case(installation.sessions) if split == Split.GOLD]
    copies: list[ScriptedUpload] = []
    for number, case in enumerate(gold[: size.copies]):
        original = originals[case]
        picture = read_image(original.path)
        # Grey upper rows change the file's hash, but the picture stays a near-duplicate.
        picture[:3] = 128
        path = _write(picture, installation.folder / f"copy{number}.png")
        copies.append(ScriptedUpload(path, _opposite(original.label)))
    cases = users.upload_and_decide(copies)
    installation.snapshots.freeze()
    splits = [split for case, split in _splits_by_case(installation.sessions) if case in cases]
    return MislabelledCopies(
        copies=len(cases),
        learned_from=sum(split != Split.GOLD for split in splits),
        in_gold=splits.count(Split.GOLD),
    )


def _splits_by_case(sessions: Sessions) -> Sequence[tuple[str, str]]:
    """Return the case id and the split of every item of every snapshot."""
    with sessions() as session:
        items = session.scalars(select(SnapshotItem))
        return [(item.case.public_id, item.split) for item in items if item.case is not None]


def _uploads(folder: Path, count: int, first_seed: int = 0) -> list[ScriptedUpload]:
    """Write `count` real faces and as many fakes. Return them alternately."""
    folder.mkdir(parents=True, exist_ok=True)
    uploads: list[ScriptedUpload] = []
    for seed in range(first_seed, first_seed + count):
        real = _write(_real_face(seed), folder / f"real{seed}.png")
        fake = _write(forged_face(_real_face(seed + _FAKE_SEED_OFFSET)), folder / f"fake{seed}.png")
        uploads.append(ScriptedUpload(real, LabelValue.REAL))
        uploads.append(ScriptedUpload(fake, LabelValue.FAKE))
    return uploads


def _real_face(seed: int) -> RGBImage:
    return synthetic_face(np.random.default_rng(seed), FACE, SIDE)


def _write(rgb: RGBImage, path: Path) -> Path:
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return path


def _opposite(label: LabelValue) -> LabelValue:
    return LabelValue.REAL if label == LabelValue.FAKE else LabelValue.FAKE


def _auc_against_truth(snapshot: Path, weights: Path, fakes: set[str]) -> float:
    """Return the AUC on gold with true labels; `fakes` are the cases whose pictures are fake."""
    loaded = load_weights(weights)
    samples = read_manifest(snapshot / "gold" / "manifest.csv", snapshot / "gold" / "landmarks.npz")
    store = PackStore(snapshot, sorted({sample.pack for sample in samples}))
    items = labelled_items(samples, store, loaded.model.config.input_size)
    predictions = predict_items(loaded.model, items, len(samples), progress=False)
    fake_pictures = {f"{case}-0.png" for case in fakes}
    return frame_auc(
        [
            dataclasses.replace(face, label=int(face.name.rpartition("/")[2] in fake_pictures))
            for face in predictions
        ]
    )
