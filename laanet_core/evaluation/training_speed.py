"""Speed of training: making training pairs on one core, and the training step."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from laanet_core.modeling.config import ModelConfig
from laanet_core.training.config import TrainingConfig, TrainingPrecision
from laanet_core.training.initialization import initial_network
from laanet_core.training.pairs import PairDataset, SamplePair
from laanet_core.training.targets import make_target
from laanet_core.training.trainer import Trainer

# Pairs made before the measurement, which load code and fill caches.
WARM_UP_PAIRS = 16

# Steps before the measurement, which compile the network and allocate memory.
WARM_UP_STEPS = 2

# Rounds of a measurement, of which the median counts.
ROUNDS = 5


@dataclass(frozen=True)
class Throughput:
    """Medians over ROUNDS, in items per second of wall time and of the process's CPU time.

    Other work on the machine affects CPU time less.
    """

    per_second: float
    per_core_second: float


def pair_speed(dataset: PairDataset, pairs: int = 100) -> Throughput:
    """Measure making training pairs (two crops with their targets) on one core, `pairs` in each round."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for index in range(WARM_UP_PAIRS):
            dataset[index]

        def make_pairs(round_number: int) -> None:
            first = WARM_UP_PAIRS + round_number * pairs
            for index in range(first, first + pairs):
                dataset[index]

        return _throughput(make_pairs, pairs)
    finally:
        cv2.setNumThreads(threads)


def step_speed(
    model: ModelConfig,
    *,
    precision: TrainingPrecision,
    batch_pairs: int,
    device: str,
    compiled: bool,
    steps: int = 3,
) -> Throughput:
    """Measure the images per second of the training step on a ready batch, with `steps` steps per round.

    A step is forward pass, losses, backward pass and Adam.
    """
    config = TrainingConfig(
        steps=10_000, batch_pairs=batch_pairs, sam_rho=0.0, frozen_steps=0, precision=precision
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            initial_network(model, backbone_weights=None),
            _NoisePairs(model),
            config,
            Path(folder),
            device=device,
            workers=0,
            compiled=compiled,
        )
        trainer.run(until=WARM_UP_STEPS, progress=False)
        micro_batches = next(trainer.batches(trainer.step + 1))

        def train(_: int) -> None:
            for _step in range(steps):
                trainer.train_step(micro_batches)
            if trainer.device.type == "cuda":
                torch.cuda.synchronize()

        images_per_round = steps * 2 * batch_pairs
        return _throughput(train, images_per_round)


class _NoisePairs(Dataset[SamplePair]):
    """Dataset that returns the same pair of noise for every index."""

    def __init__(self, model: ModelConfig) -> None:
        rng = np.random.default_rng(0)
        cells = model.heatmap_size
        boundary = rng.random((cells, cells)).astype(np.float32)
        target = make_target(boundary, rng)
        row, column = target.anchor
        self._pair = SamplePair(
            images=rng.integers(0, 256, (2, model.input_size, model.input_size, 3), dtype=np.uint8),
            heatmap=np.stack([np.zeros_like(target.heatmap), target.heatmap]),
            consistency=np.stack([np.ones_like(target.consistency), target.consistency]),
            anchor=np.array([0, row * cells + column], np.int64),
            has_maps=np.ones((2, 2), np.bool_),
        )

    def __getitem__(self, index: int) -> SamplePair:
        return self._pair


def _throughput(work: Callable[[int], None], amount: int) -> Throughput:
    """Time ROUNDS calls of `work` with the round's number; each call makes `amount` items."""
    per_second: list[float] = []
    per_core_second: list[float] = []
    for round_number in range(ROUNDS):
        wall_start = time.perf_counter()
        cpu_start = time.process_time()
        work(round_number)
        wall_seconds = time.perf_counter() - wall_start
        cpu_seconds = time.process_time() - cpu_start
        per_second.append(amount / wall_seconds)
        # The CPU clock may not advance within a short round.
        per_core_second.append(amount / max(cpu_seconds, 1e-9))
    return Throughput(
        per_second=round(statistics.median(per_second), 1),
        per_core_second=round(statistics.median(per_core_second), 1),
    )
