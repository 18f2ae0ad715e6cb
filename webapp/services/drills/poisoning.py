"""The poison drill: decisions that lie, votes of puppets, copies with the wrong label; and what each defence did.

Every condition is an installation of its own, with drawn faces and a tiny network, so that it takes a minute and needs no data.
"""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from sqlalchemy import insert, select

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
from webapp.domain.enums import LabelValue, Part, Vote
from webapp.domain.errors import Unable
from webapp.security.tokens import new_key
from webapp.services.analysis.jobs import Jobs
from webapp.services.analysis.service import AnalysisService
from webapp.services.drills.scripted_users import Arrival, Script
from webapp.services.drills.synthetic_detector import DrawnJudge, box_of
from webapp.services.storage.kept_media import KeptMediaService
from webapp.services.training.finetuning import FinetuneService, Wish
from webapp.services.training.promotion_gate import GateService, Rules
from webapp.services.training.snapshots import SnapshotService

SIDE = 128
FACE = synthetic_landmarks((64, 60), 58)
BOX = box_of(FACE)
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
RULES = Rules(
    loss=0.2, slice_loss=0.3, fewest=3, calibration=0.2, slower=3.0, bootstrap=300
)  # of a drill: few faces, a network that knows nothing
CHANGES = (
    *(
        "batch_pairs=8",
        "start_rate=1e-3",
        "peak_rate=3e-3",
        "frozen_stages=0",
        "start_pull=0",
        "average_decay=0.9",
    ),
    *(
        "material.labelled=0.9",
        "material.foreign_blends=0",
        "loss.heatmap_weight=0",
        "loss.consistency_weight=0",
    ),
)


@dataclass(frozen=True)
class Size:
    """Of a drill: real faces and as many fakes, training steps, puppet votes, mislabelled copies."""

    faces: int = 120
    steps: int = 200
    votes: int = 10_000
    copies: int = 20


SMALL = Size(
    faces=40, steps=150, votes=10_000, copies=6
)  # fewer steps have not learned enough to tell a lie from ignorance


@dataclass(frozen=True)
class Installation:
    """Where a condition is played."""

    folder: Path
    sessions: Sessions
    keeping: KeptMediaService
    snapshots: SnapshotService
    finetuning: FinetuneService
    gate: GateService

    def script(self) -> Script:
        return Script(
            self.sessions,
            AnalysisService(DrawnJudge(BOX), self.sessions, Jobs(), frames=1, keeping=self.keeping),
            wanted=1,
        )


def find_landmarks(crop: RGBImage) -> Landmarks | None:
    """Of a crop that a snapshot cuts out of a drawn picture: the face is moved by what was cut off."""
    x1, y1, x2, y2 = BOX
    half = max(x2 - x1, y2 - y1) * 1.76 / 2
    left, top = max(round((x1 + x2) / 2 - half), 0), max(round((y1 + y2) / 2 - half), 0)
    return np.asarray(FACE - np.array([left, top]), np.float32)


def prepare(folder: Path) -> tuple[Path, Path]:
    """The weights that all conditions begin with, and another data set for the gate: drawn faces too, to be self-blended."""
    torch.manual_seed(0)
    save_weights(LAANet(NETWORK), folder / "weights", version="drill-base")
    other = folder / "other"
    (other / "drawn").mkdir(parents=True)
    with (other / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "path", "label", "person", "split", "original"])
        for number in range(12):
            _write(_face(90_000 + number), other / "drawn" / f"{number}.png")
            writer.writerow(["drawn", f"{number}.png", "real", f"p{number}", "val", ""])
    np.savez(other / "landmarks.npz", landmarks=np.stack([FACE] * 12))
    return folder / "weights", other / "manifest.csv"


def flipped(installation: Installation, size: Size, share: float, seed: int = 0) -> dict[str, Any]:
    """Moderators who lie about a share of all faces, gold among them. `auc` is measured against the truth, on gold."""
    arrivals, truth = _arrivals(installation.folder / "pictures", size.faces), {}
    rng = np.random.default_rng(seed)
    for number, arrival in enumerate(arrivals):
        truth[str(arrival.path)] = arrival.label
        if rng.random() < share:
            arrivals[number] = Arrival(arrival.path, _other(arrival.label))
    cases = installation.script().play(arrivals)
    frozen = installation.snapshots.freeze()
    run = installation.finetuning.prepare(Wish(frozen.public_id, changes=[*CHANGES, f"steps={size.steps}"]))
    standing = installation.finetuning.carry_out(run)
    report = installation.gate.judge(standing.version)
    true_label = {case: truth[str(arrival.path)] for case, arrival in cases.items()}
    return {
        "share": share,
        "passed": report["passed"],
        "failed": [check["name"] for check in report["checks"] if not check["passed"]],
        "auc": _true_auc(installation.snapshots.folders.of(frozen.public_id), standing.folder, true_label),
    }


def puppets(installation: Installation, votes: int) -> dict[str, Any]:
    """Votes that got past every limit, on pictures of their own, and no moderator."""
    script = installation.script()
    for arrival in _arrivals(installation.folder / "puppets", 5, start=50_000):
        script.arrive(arrival.path)
    with installation.sessions.begin() as session:
        analyses = list(session.scalars(select(Analysis.id)))
        rows = [
            {
                "analysis_id": analyses[n % len(analyses)],
                "created_at": now(),
                "subject": 0,
                "vote": Vote.DISAGREE,
                "note": "",
                "idempotency_key": new_key(),
            }
            for n in range(votes)
        ]
        session.execute(insert(Feedback), rows)
    try:
        installation.snapshots.freeze()
    except Unable as error:
        if error.code != "nothing_decided":
            raise
    with installation.sessions() as session:
        return {
            "votes": session.query(Feedback).count(),
            "training_rows": session.query(SnapshotItem).count(),
        }


def copies(installation: Installation, size: Size) -> dict[str, Any]:
    """Copies of gold faces, nearly alike, with the wrong label: to be learned from they would have to leave gold."""
    script = installation.script()
    arrivals = script.play(
        _arrivals(installation.folder / "originals", max(size.faces // 2, 20), start=70_000)
    )
    installation.snapshots.freeze()
    with installation.sessions() as session:
        items = [
            item
            for item in session.scalars(select(SnapshotItem))
            if item.part == Part.GOLD and item.case is not None
        ]
        gold = [arrivals[item.case.public_id] for item in items if item.case is not None][: size.copies]
    made = []
    for number, arrival in enumerate(gold):
        picture = read_image(arrival.path)
        picture[:3] = 128
        made.append(
            Arrival(_write(picture, installation.folder / f"copy{number}.png"), _other(arrival.label))
        )
    copied = script.play(made)
    installation.snapshots.freeze()
    with installation.sessions() as session:
        parts = [
            item.part
            for item in session.scalars(select(SnapshotItem))
            if item.case is not None and item.case.public_id in copied
        ]
    return {
        "copies": len(copied),
        "learned_from": sum(part != Part.GOLD for part in parts),
        "in_gold": parts.count(Part.GOLD),
    }


def _arrivals(folder: Path, count: int, start: int = 0) -> list[Arrival]:
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Arrival] = []
    for seed in range(start, start + count):
        made.append(Arrival(_write(_face(seed), folder / f"real{seed}.png"), LabelValue.REAL))
        made.append(
            Arrival(_write(forged_face(_face(seed + 10_000)), folder / f"fake{seed}.png"), LabelValue.FAKE)
        )
    return made


def _face(seed: int) -> RGBImage:
    return synthetic_face(np.random.default_rng(seed), FACE, SIDE)


def _write(rgb: RGBImage, path: Path) -> Path:
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return path


def _other(label: LabelValue) -> LabelValue:
    return LabelValue.REAL if label == LabelValue.FAKE else LabelValue.FAKE


def _true_auc(snapshot: Path, weights: Path, true_label: dict[str, LabelValue]) -> float:
    """On gold, whatever the moderators said of it."""
    loaded = load_weights(weights)
    samples = read_manifest(snapshot / "gold" / "manifest.csv", snapshot / "gold" / "landmarks.npz")
    items = labelled_items(
        samples,
        PackStore(snapshot, sorted({sample.pack for sample in samples})),
        loaded.model.config.input_size,
    )
    judged = predict_items(loaded.model, items, len(samples), progress=False)
    fakes = {f"{case}-0.png" for case, label in true_label.items() if label == LabelValue.FAKE}
    return frame_auc(
        [dataclasses.replace(face, label=int(face.name.rpartition("/")[2] in fakes)) for face in judged]
    )
