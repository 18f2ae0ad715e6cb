"""How fast training runs here: making training pairs on one core, and the training step itself."""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from laanet_core.modeling.config import ModelConfig
from laanet_core.training.config import Precision, TrainingConfig
from laanet_core.training.initialization import begin
from laanet_core.training.pairs import Unit, UnitSource
from laanet_core.training.targets import make_target
from laanet_core.training.trainer import Trainer

WARM_UP_PAIRS = 16
ROUNDS = 5


@dataclass(frozen=True)
class Speed:
    """Medians over `ROUNDS` rounds: per second, and per second of the process's own CPU time, which other work disturbs less."""

    per_second: float
    per_core_second: float


def pair_speed(source: UnitSource, pairs: int = 100) -> Speed:
    """Training pairs (a real and a fake crop with their targets) made on one core."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for index in range(WARM_UP_PAIRS):
            source[index]

        def make(round_number: int) -> None:
            first = WARM_UP_PAIRS + round_number * pairs
            for index in range(first, first + pairs):
                source[index]

        return _speed(make, pairs)
    finally:
        cv2.setNumThreads(threads)


def step_speed(
    model: ModelConfig, *, precision: Precision, batch_pairs: int, device: str, compiled: bool, steps: int = 3
) -> Speed:
    """Images a second of the whole training step on ready-made batches: forward, three losses, backward, Adam."""
    config = TrainingConfig(
        steps=10_000, batch_pairs=batch_pairs, sam_rho=0.0, frozen_steps=0, precision=precision
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            begin(model, None),
            _Noise(model),
            config,
            Path(folder),
            device=device,
            workers=0,
            compiled=compiled,
        )
        trainer.run(until=2, progress=False)  # the first steps compile and allocate
        ready = next(trainer.batches(trainer.step + 1))

        def train(_: int) -> None:
            for _step in range(steps):
                trainer.train_on(ready)
            if trainer.device.type == "cuda":
                torch.cuda.synchronize()

        return _speed(train, steps * 2 * batch_pairs)


class _Noise:
    """Units of noise, for when only the step is measured."""

    def __init__(self, model: ModelConfig) -> None:
        rng = np.random.default_rng(0)
        cells = model.heatmap_size
        target = make_target(rng.random((cells, cells)).astype(np.float32), rng)
        self._noise = Unit(
            images=rng.integers(0, 256, (2, model.input_size, model.input_size, 3), dtype=np.uint8),
            heatmap=np.stack([np.zeros_like(target.heatmap), target.heatmap]),
            consistency=np.stack([np.ones_like(target.consistency), target.consistency]),
            anchor=np.array([0, target.anchor[0] * cells + target.anchor[1]], np.int64),
            has_maps=np.ones((2, 2), np.bool_),
        )

    def __getitem__(self, index: int) -> Unit:
        return dataclasses.replace(self._noise)


def _speed(work: Callable[[int], None], amount: int) -> Speed:
    wall, own = [], []
    for number in range(ROUNDS):
        before, before_own = time.perf_counter(), time.process_time()
        work(number)
        wall.append(amount / (time.perf_counter() - before))
        own.append(amount / max(time.process_time() - before_own, 1e-9))
    return Speed(round(statistics.median(wall), 1), round(statistics.median(own), 1))
