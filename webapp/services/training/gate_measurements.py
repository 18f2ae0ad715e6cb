"""A version of the model on everything the gate looks at; what was judged is kept, so that a champion is judged once."""

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
from laanet_core.evaluation.predictions import Prediction, predict_items
from laanet_core.inference.scoring import score_crops
from laanet_core.modeling.device import pick_device
from laanet_core.modeling.loading import LoadedWeights, load_weights
from laanet_core.runtimes.eager import EagerRuntime

GOLD = "gold"
_TURNS = 12  # of each network
_TIMED = 4  # crops


@dataclass(frozen=True)
class Measured:
    """What a version said of every set, by the set's name; `seconds` it takes for a crop, of one processor's time or a GPU's."""

    version: str
    sha256: str
    decision: DecisionConfig
    sets: dict[str, list[Prediction]]
    seconds: float


@dataclass(frozen=True)
class Ground:
    """What is measured on: a snapshot's folder for its gold part, other data sets' manifests, corruptions of the gold part."""

    snapshot: Path
    manifests: Sequence[Path]
    corruptions: Sequence[str]
    device: str = "auto"
    seed: int = 0


@dataclass(frozen=True)
class Kept:
    """Folders where what was judged is kept: of the gold part, which goes with its snapshot, and of other data sets."""

    gold: Path
    others: Path


def measure(candidate: Path, champion: Path, ground: Ground, kept: Kept) -> tuple[Measured, Measured]:
    """Both on the same ground; judgements are kept as JSON lines. Raises LaanetError naming what cannot be read."""
    loaded = [load_weights(folder) for folder in (candidate, champion)]
    judged = []
    for one in loaded:
        one.model.to(pick_device(ground.device))
        sets = _sets(one.model.config.input_size, ground)
        judged.append(
            {
                chosen.name: _judge(one, chosen, tag, kept.gold if gold else kept.others)
                for chosen, tag, gold in sets
            }
        )
    seconds = _seconds(loaded)
    new, old = (
        Measured(one.info.version, one.info.sha256, one.decision, sets, taken)
        for one, sets, taken in zip(loaded, judged, seconds, strict=True)
    )
    return new, old


def _judge(loaded: LoadedWeights, chosen: EvalSet, tag: str, kept: Path) -> list[Prediction]:
    kept.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(f"{chosen.name} {tag}".encode()).hexdigest()[:16]
    return predict_items(
        loaded.model,
        chosen.items(),
        chosen.total,
        cache=kept / f"{loaded.info.sha256[:16]}-{name}.jsonl",
        progress=False,
    )


def _sets(size: int, ground: Ground) -> list[tuple[EvalSet, str, bool]]:
    """Each with what its judgements depend on, and whether it is made of the gold part."""
    gold_manifest = ground.snapshot / "gold" / "manifest.csv"
    gold = next(
        (
            found
            for found in _read(gold_manifest, ground.snapshot, size, ground.seed)
            if found.name == "labelled"
        ),
        None,
    )
    if gold is None:
        raise InvalidDataset("the gold part of the snapshot holds no fake")
    named = [(EvalSet(GOLD, gold.title, gold.total, gold.items), gold_manifest)]
    for name, level in chosen_corruptions(ground.corruptions) if ground.corruptions else []:
        named.append((corrupted_set(named[0][0], name, level), gold_manifest))
    for manifest in ground.manifests:
        for found in _read(manifest, manifest.parent, size, ground.seed):
            title = f"{manifest.parent.name}/{manifest.stem}: {found.name}"
            named.append((EvalSet(title, found.title, found.total, found.items), manifest))
    return [
        (
            chosen,
            f"{manifest} {ground.seed} {hashlib.sha256(manifest.read_bytes()).hexdigest()}",
            manifest == gold_manifest,
        )
        for chosen, manifest in named
    ]


def _read(manifest: Path, packs: Path, size: int, seed: int) -> list[EvalSet]:
    beside = manifest.parent / "landmarks.npz"
    samples = [
        sample
        for sample in read_manifest(manifest, beside if beside.exists() else None)
        if sample.split == "val"
    ]
    return manifest_sets(samples, PackStore(packs, sorted({sample.pack for sample in samples})), size, seed)


def _seconds(loaded: Sequence[LoadedWeights]) -> list[float]:
    """For a crop, the least of many short turns that all take one after the other. On a processor its time is counted, on one thread: what
    else the machine does takes none of it, however long it lets a network wait.
    """
    scorers = [_scorer(one) for one in loaded]
    best = [float("inf")] * len(scorers)
    with _one_thread():
        for _ in range(_TURNS):
            for place, score in enumerate(scorers):
                best[place] = min(best[place], score() / _TIMED)
    return best


def _scorer(one: LoadedWeights) -> Callable[[], float]:
    """Judges some crops; returns the seconds that it took."""
    runtime, size = EagerRuntime(one.model), one.model.config.input_size
    crops = list(np.random.default_rng(0).integers(0, 255, (_TIMED, size, size, 3), dtype=np.uint8))
    clock = time.thread_time if runtime.device.type == "cpu" else time.perf_counter

    def score() -> float:
        began = clock()
        score_crops(runtime, crops)
        return clock() - began

    return score


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
