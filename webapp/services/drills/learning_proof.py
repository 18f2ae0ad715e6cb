"""The proof that decisions make the model better: train faces arrive and are decided; the val split judges what was learned."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import Sample, read_manifest
from laanet_core.evaluation.eval_sets import manifest_sets
from laanet_core.evaluation.metrics import paired_bootstrap, roc_auc
from laanet_core.evaluation.predictions import Prediction, predict_items
from laanet_core.modeling.loading import load_weights
from webapp.domain.enums import LabelValue
from webapp.services.drills.scripted_users import Arrival, Script
from webapp.services.model_registry.versions import VersionService
from webapp.services.training.finetuning import FinetuneService, Tell, Wish
from webapp.services.training.snapshots import SnapshotService

RISE, FALL, MINUTES = 0.05, 0.02, 30.0  # what must be shown
_NO_LANDMARKS = np.full((68, 2), np.nan, np.float32)


@dataclass(frozen=True)
class Data:
    """A data set on disk: `pack` has real faces and fakes beside each other, the others real faces."""

    manifest: Path
    pack: str

    def samples(self) -> list[Sample]:
        return read_manifest(self.manifest, self.manifest.parent / "landmarks.npz")

    def store(self, samples: Sequence[Sample]) -> PackStore:
        return PackStore(self.manifest.parent, sorted({sample.pack for sample in samples}))


@dataclass(frozen=True)
class Proof:
    """An installation of its own; `decisions` are made in it, half of them on fakes; of each val set at most `judged` faces are judged."""

    script: Script
    snapshots: SnapshotService
    versions: VersionService
    finetuning: FinetuneService
    folder: Path
    decisions: int = 600
    judged: int = 3000
    seed: int = 0


def prove(proof: Proof, data: Data, changes: Sequence[str], tell: Tell | None = None) -> dict[str, Any]:
    """Everything from the first picture to the figures; `held` tells whether all that must be shown was."""
    samples = data.samples()
    base = proof.versions.base()
    frozen = _frozen(proof, data, samples)
    replay = _replay(proof.folder / "replay", data, samples)
    began = time.monotonic()
    run = proof.finetuning.prepare(Wish(frozen["snapshot"], replay, changes))
    standing = proof.finetuning.carry_out(run, tell)
    minutes = (time.monotonic() - began) / 60
    before, after = (_judged(folder, data, samples, proof) for folder in (base.folder, standing.folder))
    pairs, blends = (_compared(before[name], after[name]) for name in ("pairs", "self_blends"))
    held = {
        f"AUC on val fakes rises by {RISE} or more": pairs["difference"] >= RISE and pairs["low"] > 0,
        f"AUC on self-blends falls by {FALL} at most": blends["difference"] >= -FALL,
        f"fine-tuning takes less than {MINUTES:g} minutes": minutes < MINUTES,
    }
    return {
        "held": all(held.values()),
        "shown": held,
        "snapshot": frozen,
        "run": run,
        "base": {"version": base.version, "sha256": base.sha256},
        "candidate": {"version": standing.version, "sha256": standing.sha256},
        "minutes": round(minutes, 2),
        "pairs": pairs,
        "self_blends": blends,
    }


def _frozen(proof: Proof, data: Data, samples: Sequence[Sample]) -> dict[str, Any]:
    """What was decided, frozen; where the proof was interrupted later than that, what was frozen then."""
    kept = proof.folder / "frozen.json"
    if kept.exists():
        known: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return known
    decided = proof.script.play(_arrivals(proof, data, samples))
    frozen = {**proof.snapshots.freeze().to_json(), "decisions": len(decided)}
    kept.write_text(json.dumps(frozen), encoding="utf-8")
    return frozen


def _arrivals(proof: Proof, data: Data, samples: Sequence[Sample]) -> list[Arrival]:
    """Faces of the train split as the files they are, drawn by the seed; never a fake together with its own original."""
    rng = np.random.default_rng(proof.seed)
    train = [sample for sample in samples if sample.pack == data.pack and sample.split == "train"]
    fakes = [sample for sample in train if sample.label == 1]
    chosen = [fakes[place] for place in rng.permutation(len(fakes))[: proof.decisions // 2]]
    taken = {sample.original for sample in chosen}
    reals = [sample for sample in train if sample.label == 0 and sample.path not in taken]
    chosen += [reals[place] for place in rng.permutation(len(reals))[: proof.decisions - len(chosen)]]
    store, folder = data.store(chosen), proof.folder / "arrivals"
    folder.mkdir(parents=True, exist_ok=True)
    arrivals: list[Arrival] = []
    for number, sample in enumerate(chosen[place] for place in rng.permutation(len(chosen))):
        path = folder / f"{number}{Path(sample.path).suffix}"
        path.write_bytes(store.content(sample.pack, sample.path))
        arrivals.append(Arrival(path, LabelValue.FAKE if sample.label else LabelValue.REAL))
    return arrivals


def _replay(folder: Path, data: Data, samples: Sequence[Sample]) -> Path | None:
    """The manifest of the real faces of the other packs' train split; None where there are none. The packs are linked, not copied."""
    chosen = [
        sample
        for sample in samples
        if sample.pack != data.pack and sample.label == 0 and sample.split == "train"
    ]
    if not chosen:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "path", "label", "person", "split", "original"])
        writer.writerows([sample.pack, sample.path, "real", sample.person, "train", ""] for sample in chosen)
    points = [_NO_LANDMARKS if sample.landmarks is None else sample.landmarks for sample in chosen]
    np.savez(folder / "landmarks.npz", landmarks=np.stack(points))
    for pack in {sample.pack for sample in chosen}:
        source = data.manifest.parent / pack
        source = source if source.is_dir() else source.with_name(f"{pack}.tar")
        if not (folder / source.name).exists():
            (folder / source.name).symlink_to(source.resolve())
    return folder / "manifest.csv"


def _judged(folder: Path, data: Data, samples: Sequence[Sample], proof: Proof) -> dict[str, list[Prediction]]:
    """The fakes of the pack with their originals, and self-blends of every pack, of the val split."""
    loaded = load_weights(folder)
    val = [sample for sample in samples if sample.split == "val"]
    size = loaded.model.config.input_size
    chosen = {
        "pairs": [sample for sample in val if sample.pack == data.pack],
        "self_blends": [sample for sample in val if sample.label == 0],
    }
    judged: dict[str, list[Prediction]] = {}
    for name, some in chosen.items():
        limited = _limited(some, proof.judged // 2, proof.seed)
        found = next(
            found
            for found in manifest_sets(limited, data.store(limited), size, proof.seed)
            if found.name == name
        )
        judged[name] = predict_items(loaded.model, found.items(), found.total, progress=False)
    return judged


def _limited(samples: list[Sample], count: int, seed: int) -> list[Sample]:
    """Fakes with their originals where there are any, else real faces; at most `count` of them."""
    heads = [sample for sample in samples if sample.label == 1 and sample.original] or samples
    places = sorted(np.random.default_rng(seed).permutation(len(heads))[:count])
    kept = {heads[place].path for place in places} | {heads[place].original for place in places}
    return [sample for sample in samples if sample.path in kept]


def _compared(before: Sequence[Prediction], after: Sequence[Prediction]) -> dict[str, float]:
    labels = np.array([face.label for face in before])
    logits = [np.array([face.fake_logit for face in faces]) for faces in (before, after)]
    interval = paired_bootstrap(
        roc_auc, labels, logits[0], logits[1], groups=[face.person for face in before]
    )
    first, second = (roc_auc(labels, each) for each in logits)
    return {
        "before": round(first, 4),
        "after": round(second, 4),
        "difference": round(second - first, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "faces": len(labels),
    }
