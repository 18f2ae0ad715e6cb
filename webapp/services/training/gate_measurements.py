"""Measurements of a candidate and the champion for the promotion gate, with a cache of their predictions."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from laanet_core.data.image_store import PackStore
from laanet_core.data.manifest import read_manifest
from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidDataset
from laanet_core.evaluation.corruptions import chosen_corruptions, corrupted_set
from laanet_core.evaluation.eval_sets import EvalSet, manifest_sets
from laanet_core.evaluation.pictures import evaluate_pictures, read_pictures
from laanet_core.evaluation.predictions import Prediction, predict_items
from laanet_core.inference.detector import Detector
from laanet_core.inference.scoring import score_crops
from laanet_core.modeling.device import pick_device
from laanet_core.modeling.loading import LoadedWeights, load_weights
from laanet_core.runtimes.eager import EagerRuntime

GOLD = "gold"
# Timed rounds of each network; the shortest counts
_ROUNDS = 12
# Crops in a timed round
_TIMED_CROPS = 4


@dataclass(frozen=True)
class GateSettings:
    """Data sets beside the gold split, corruptions of the gold split, device and seed.

    `manifests` are manifest files. `pictures` is a folder of whole pictures with a CSV file, or None.
    """

    manifests: Sequence[Path]
    corruptions: Sequence[str]
    device: str = "auto"
    seed: int = 0
    pictures: Path | None = None


@dataclass(frozen=True)
class GateMeasurement:
    """Predictions of one version by data set, and seconds for a crop on one CPU thread or a GPU.

    `false_alarms` is the share of real whole pictures that are called fake, None if it was not measured.
    """

    version: str
    sha256: str
    decision: DecisionConfig
    sets: dict[str, list[Prediction]]
    seconds: float
    false_alarms: float | None = None


@dataclass(frozen=True)
class PredictionCache:
    """Folders of stored predictions: of the gold split, deleted with its snapshot, and of other data."""

    gold: Path
    others: Path


@dataclass(frozen=True)
class _GateSet:
    """A data set of the gate and its manifest; `is_gold`: made from the snapshot's gold split."""

    items: EvalSet
    manifest: Path
    is_gold: bool


def measure_versions(
    candidate: Path, champion: Path, snapshot: Path, settings: GateSettings, cache: PredictionCache
) -> tuple[GateMeasurement, GateMeasurement]:
    """Measure two weights folders on the same data: the gold split, its corruptions and the other manifests.

    Predictions are appended to JSON-lines files in the cache, so that a champion is evaluated once.
    Raises LaanetError naming what cannot be read.
    """
    both = [load_weights(folder) for folder in (candidate, champion)]
    predictions = []
    for loaded in both:
        loaded.model.to(pick_device(settings.device))
        sets = _gate_sets(loaded.model.config.input_size, snapshot, settings)
        predictions.append({one.items.name: _predict(loaded, one, settings.seed, cache) for one in sets})
    seconds = seconds_per_crop(both)
    alarms = [picture_false_alarms(loaded, settings) for loaded in both]
    new, old = (
        GateMeasurement(loaded.info.version, loaded.info.sha256, loaded.decision, sets, duration, share)
        for loaded, sets, duration, share in zip(both, predictions, seconds, alarms, strict=True)
    )
    return new, old


def seconds_per_crop(networks: Sequence[LoadedWeights]) -> list[float]:
    """Return the shortest of many short rounds for each network; the networks take turns.

    On a CPU the time of one thread is counted, so that other load on the machine does not slow a network
    down.
    """
    scorers = [_timed_scorer(network) for network in networks]
    shortest = [float("inf")] * len(scorers)
    with _one_torch_thread():
        for _ in range(_ROUNDS):
            for place, seconds in enumerate(scorers):
                shortest[place] = min(shortest[place], seconds() / _TIMED_CROPS)
    return shortest


def picture_false_alarms(loaded: LoadedWeights, settings: GateSettings) -> float | None:
    """Return the share of the settings' real pictures that weights call fake; None without pictures.

    Raises InvalidDataset if the folder cannot be read or has no real picture.
    """
    if settings.pictures is None:
        return None
    real = [picture for picture in read_pictures(settings.pictures) if picture.label == "real"]
    if not real:
        raise InvalidDataset("the gate's pictures have no real one")
    return evaluate_pictures(Detector(loaded, settings.device), real, progress=False).false_alarms()


def _predict(loaded: LoadedWeights, data: _GateSet, seed: int, cache: PredictionCache) -> list[Prediction]:
    folder = cache.gold if data.is_gold else cache.others
    folder.mkdir(parents=True, exist_ok=True)
    content = hashlib.sha256(data.manifest.read_bytes()).hexdigest()
    key = f"{data.items.name} {data.manifest} {seed} {content}"
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    return predict_items(
        loaded.model,
        data.items.items(),
        data.items.total,
        cache=folder / f"{loaded.info.sha256[:16]}-{name}.jsonl",
        progress=False,
    )


def _gate_sets(size: int, snapshot: Path, settings: GateSettings) -> list[_GateSet]:
    """Return the gold split, its corruptions and the sets of the other manifests, for one input size."""
    gold_manifest = snapshot / "gold" / "manifest.csv"
    gold_sets = _manifest_sets(gold_manifest, snapshot, size, settings.seed)
    labelled = next((one for one in gold_sets if one.name == "labelled"), None)
    if labelled is None:
        raise InvalidDataset("the gold part of the snapshot has no fake")
    gold = EvalSet(GOLD, labelled.title, labelled.total, labelled.items)
    sets = [_GateSet(gold, gold_manifest, is_gold=True)]
    if settings.corruptions:
        for name, level in chosen_corruptions(settings.corruptions):
            sets.append(_GateSet(corrupted_set(gold, name, level), gold_manifest, is_gold=True))
    for manifest in settings.manifests:
        for one in _manifest_sets(manifest, manifest.parent, size, settings.seed):
            name = f"{manifest.parent.name}/{manifest.stem}: {one.name}"
            sets.append(_GateSet(EvalSet(name, one.title, one.total, one.items), manifest, is_gold=False))
    return sets


def _manifest_sets(manifest: Path, packs: Path, size: int, seed: int) -> list[EvalSet]:
    """Return the sets of a manifest's val split; the gold manifest calls its only split val too."""
    landmarks = manifest.parent / "landmarks.npz"
    samples = [
        sample
        for sample in read_manifest(manifest, landmarks if landmarks.exists() else None)
        if sample.split == "val"
    ]
    store = PackStore(packs, sorted({sample.pack for sample in samples}))
    return manifest_sets(samples, store, size, seed)


def _timed_scorer(network: LoadedWeights) -> Callable[[], float]:
    """Return a function that scores a few crops and returns the seconds it took."""
    runtime, size = EagerRuntime(network.model), network.model.config.input_size
    crops = list(np.random.default_rng(0).integers(0, 255, (_TIMED_CROPS, size, size, 3), dtype=np.uint8))
    clock = time.thread_time if runtime.device.type == "cpu" else time.perf_counter

    def score() -> float:
        start = clock()
        score_crops(runtime, crops)
        return clock() - start

    return score


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
