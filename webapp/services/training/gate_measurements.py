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

import laanet_core
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
# Hexadecimal digits of each hash in the name of a cache file
_HASH_DIGITS = 16


@dataclass(frozen=True)
class GateSettings:
    """Data and device of a measurement.

    `manifests` are the manifest files of data sets beside the gold split. `corruptions` are names of
    corruptions that are applied to the gold split. `pictures` is a folder of whole pictures with a CSV file,
    or None.
    """

    manifests: Sequence[Path]
    corruptions: Sequence[str]
    device: str = "auto"
    seed: int = 0
    pictures: Path | None = None


@dataclass(frozen=True)
class GateMeasurement:
    """Measurement of one version.

    `sets` maps the name of each data set to the predictions. `seconds` is the time per crop, on one CPU
    thread or on a GPU. `false_alarms` is the share of real whole pictures that are called fake, None if it
    was not measured.
    """

    version: str
    sha256: str
    decision: DecisionConfig
    sets: dict[str, list[Prediction]]
    seconds: float
    false_alarms: float | None = None


@dataclass(frozen=True)
class PredictionCache:
    """Folders of stored predictions.

    `gold` contains those of one snapshot's gold split and is deleted with the snapshot. `others` contains
    those of all other data sets.
    """

    gold: Path
    others: Path


@dataclass(frozen=True)
class _GateSet:
    """A data set of the gate and its manifest. `is_gold` is true for the gold split and its corruptions."""

    items: EvalSet
    manifest: Path
    is_gold: bool


def measure_versions(
    candidate: Path, champion: Path, snapshot: Path, settings: GateSettings, cache: PredictionCache
) -> tuple[GateMeasurement, GateMeasurement]:
    """Measure two weights folders on the same data and return the measurements, the candidate's first.

    The data are the gold split, its corruptions, the other manifests and the whole pictures. Predictions for
    faces and verdicts on pictures are cached in JSON-lines files, so that the champion is not evaluated again
    for each candidate.
    Raises LaanetError naming the unreadable file.
    """
    networks = [load_weights(folder) for folder in (candidate, champion)]
    predictions = []
    for network in networks:
        network.model.to(pick_device(settings.device))
        gate_sets = _gate_sets(network.model.config.input_size, snapshot, settings)
        predictions.append(
            {gate_set.items.name: _predict(network, gate_set, settings.seed, cache) for gate_set in gate_sets}
        )
    seconds = seconds_per_crop(networks)
    alarms = [picture_false_alarms(network, settings, cache.others) for network in networks]
    candidate_measurement, champion_measurement = (
        GateMeasurement(
            version=network.info.version,
            sha256=network.info.sha256,
            decision=network.decision,
            sets=sets,
            seconds=duration,
            false_alarms=share,
        )
        for network, sets, duration, share in zip(networks, predictions, seconds, alarms, strict=True)
    )
    return candidate_measurement, champion_measurement


def seconds_per_crop(networks: Sequence[LoadedWeights]) -> list[float]:
    """Return the seconds per crop of each network, from the shortest of many short rounds.

    The networks take turns. On a CPU only the processor time of one thread counts, so that other load on the
    machine does not distort the comparison.
    """
    timed_scorers = [_timed_scorer(network) for network in networks]
    shortest = [float("inf")] * len(timed_scorers)
    with _one_torch_thread():
        for _ in range(_ROUNDS):
            for index, timed_scorer in enumerate(timed_scorers):
                shortest[index] = min(shortest[index], timed_scorer() / _TIMED_CROPS)
    return shortest


def picture_false_alarms(
    loaded: LoadedWeights, settings: GateSettings, cache: Path | None = None
) -> float | None:
    """Return the share of the settings' real pictures that weights call fake; None without pictures.

    Verdicts are cached in a file in the folder `cache`. It belongs to the weights, their decision thresholds
    and the source of the library, which chooses the faces that are judged. Raises InvalidDataset if the
    folder cannot be read or has no real picture.
    """
    if settings.pictures is None:
        return None
    real = [picture for picture in read_pictures(settings.pictures) if picture.label == "real"]
    if not real:
        raise InvalidDataset("the gate's pictures have no real one")
    file = None
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        key = f"{loaded.decision} {_source_sha256()}"
        key_hash = hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]
        file = cache / f"{loaded.info.sha256[:_HASH_DIGITS]}-pictures-{key_hash}.jsonl"
    detector = Detector(loaded, settings.device)
    return evaluate_pictures(detector, real, cache=file, progress=False).false_alarms()


def _predict(
    network: LoadedWeights, gate_set: _GateSet, seed: int, cache: PredictionCache
) -> list[Prediction]:
    """Return the predictions of a network for a data set, from its cache file as far as they are in it."""
    folder = cache.gold if gate_set.is_gold else cache.others
    folder.mkdir(parents=True, exist_ok=True)
    manifest_sha256 = hashlib.sha256(gate_set.manifest.read_bytes()).hexdigest()
    key = f"{gate_set.items.name} {gate_set.manifest} {seed} {manifest_sha256}"
    set_hash = hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]
    return predict_items(
        network.model,
        gate_set.items.items(),
        gate_set.items.total,
        cache=folder / f"{network.info.sha256[:_HASH_DIGITS]}-{set_hash}.jsonl",
        progress=False,
    )


def _source_sha256() -> str:
    """Return the digest of the library's source."""
    digest = hashlib.sha256()
    for module in sorted(Path(laanet_core.__file__).parent.rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _gate_sets(size: int, snapshot: Path, settings: GateSettings) -> list[_GateSet]:
    """Return the gold split, its corruptions and the sets of the other manifests, for one input size."""
    gold_manifest = snapshot / "gold" / "manifest.csv"
    gold_sets = _manifest_sets(gold_manifest, snapshot, size, settings.seed)
    labelled = next((gold_set for gold_set in gold_sets if gold_set.name == "labelled"), None)
    if labelled is None:
        raise InvalidDataset("the gold part of the snapshot has no fake")
    gold = EvalSet(GOLD, labelled.title, labelled.total, labelled.items)
    sets = [_GateSet(gold, gold_manifest, is_gold=True)]
    if settings.corruptions:
        for name, level in chosen_corruptions(settings.corruptions):
            sets.append(_GateSet(corrupted_set(gold, name, level), gold_manifest, is_gold=True))
    for manifest in settings.manifests:
        for other in _manifest_sets(manifest, manifest.parent, size, settings.seed):
            name = f"{manifest.parent.name}/{manifest.stem}: {other.name}"
            renamed = EvalSet(name, other.title, other.total, other.items)
            sets.append(_GateSet(renamed, manifest, is_gold=False))
    return sets


def _manifest_sets(manifest: Path, packs: Path, size: int, seed: int) -> list[EvalSet]:
    """Return the data sets of a manifest's val split. The gold manifest has only that split.

    `packs` is the folder that contains the packs which the manifest names.
    """
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
    runtime = EagerRuntime(network.model)
    size = network.model.config.input_size
    rng = np.random.default_rng(0)
    # Noise takes as long as faces do.
    crops = list(rng.integers(0, 255, (_TIMED_CROPS, size, size, 3), dtype=np.uint8))
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
