"""The training loop: resumable at every checkpoint, logged as JSON lines, reproducible from its seed."""

from __future__ import annotations

import dataclasses
import json
import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.layers import convert_sync_batchnorm
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from laanet_core.errors import InvalidCheckpoint, InvalidConfig, LaanetError
from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.modeling.loading import save_weights
from laanet_core.modeling.preprocessing import to_input
from laanet_core.training.config import TrainingConfig
from laanet_core.training.distributed import ProcessGroup
from laanet_core.training.losses import Losses, all_losses
from laanet_core.training.mixed_precision import keep_depthwise_float32
from laanet_core.training.optim import SAM, linear_schedule, moving_average
from laanet_core.training.pairs import SamplePair

CHECKPOINT = "checkpoint.pt"
CONFIG = "config.json"
LOG = "log.jsonl"
WEIGHTS = "weights"
LOSS_NAMES = tuple(field.name for field in dataclasses.fields(Losses))

# Steps between two lines of the log.
_LOG_EVERY = 10

# A micro-batch's seed is (run's seed x _STEP_SEEDS + step) x _MICRO_BATCH_SEEDS + index. With fewer steps and
# micro-batches than these numbers, no two micro-batches share a seed.
_MICRO_BATCH_SEEDS = 4_096
_STEP_SEEDS = 1_000_003

_CHECKPOINT_KEYS = {"step", "description", "model", "optimizer", "average"}


class TrainingDiverged(LaanetError, FloatingPointError):
    """A training run whose loss is no longer finite."""

    code = "training_diverged"


@dataclass(frozen=True)
class Batch:
    """B pairs as 2B images that alternate real and fake.

    `images` are (2B, S, S, 3) uint8 RGB on the CPU and, after `to_device`, (2B, 3, S, S) float32 in [-1, 1].
    `label` (2B,), 1 = fake; `heatmap` and `consistency` (2B, S/4, S/4); `anchor` (2B,) flat cell index;
    `has_maps` (2B, 2) bool as in SamplePair.
    """

    images: Tensor
    label: Tensor
    heatmap: Tensor
    consistency: Tensor
    anchor: Tensor
    has_maps: Tensor

    def to_device(self, device: torch.device) -> Batch:
        """Return the batch on `device`, its images converted to the network's input."""
        images = self.images.to(device, non_blocking=True)
        return Batch(
            images=to_input(images, device),
            label=self.label.to(device, non_blocking=True),
            heatmap=self.heatmap.to(device, non_blocking=True),
            consistency=self.consistency.to(device, non_blocking=True),
            anchor=self.anchor.to(device, non_blocking=True),
            has_maps=self.has_maps.to(device, non_blocking=True),
        )


def collate(pairs: Sequence[SamplePair]) -> Batch:
    """Concatenate pairs to a batch on the CPU, its images still uint8 (2B, S, S, 3)."""
    return Batch(
        images=torch.from_numpy(np.concatenate([pair.images for pair in pairs])),
        label=torch.tensor([0.0, 1.0]).repeat(len(pairs)),
        heatmap=torch.from_numpy(np.concatenate([pair.heatmap for pair in pairs])),
        consistency=torch.from_numpy(np.concatenate([pair.consistency for pair in pairs])),
        anchor=torch.from_numpy(np.concatenate([pair.anchor for pair in pairs])),
        has_maps=torch.from_numpy(np.concatenate([pair.has_maps for pair in pairs])),
    )


class Trainer:
    """Trains one network into a run folder: `config.json`, `log.jsonl`, `checkpoint.pt` and `weights/`.

    If the folder contains a checkpoint, the run is resumed and ends with the weights of an uninterrupted run.
    Only `steps` may differ from the interrupted run's configuration. Raises InvalidConfig if anything else
    differs, InvalidCheckpoint if the checkpoint is broken. `compiled` runs the network through torch.compile:
    20 % faster on two AVX2 cores after two minutes of compilation, with differences in the last digits. In a
    `group` of several processes, each process computes its own micro-batches of every batch and all take the
    same steps; on GPUs BatchNorm is synchronised.
    """

    def __init__(
        self,
        model: LAANet,
        dataset: Dataset[SamplePair],
        config: TrainingConfig,
        folder: Path,
        *,
        device: torch.device | str = "cpu",
        workers: int = 1,
        compiled: bool = False,
        group: ProcessGroup | None = None,
    ) -> None:
        self.config = config
        self.folder = folder
        self.device = torch.device(device)
        self.step = 0
        self._dataset = dataset
        self._workers = workers
        self._group = group or ProcessGroup()
        self.micro_batches = self._group.micro_batch_count(config.micro_batches, config.batch_pairs)

        self.model = model.to(self.device).to(memory_format=torch.channels_last)
        if self._group.size > 1 and self.device.type == "cuda":
            # timm's conversion keeps the activations inside its BatchNorm layers, torch's does not.
            self.model = convert_sync_batchnorm(self.model)
        if config.precision == "bfloat16":
            keep_depthwise_float32(self.model)
        self._forward: Callable[..., LAANetOutput] = torch.compile(self.model) if compiled else self.model
        self._frozen_stages = self.model.backbone.stages(config.frozen_stages)

        adam = torch.optim.Adam(
            self.model.parameters(), lr=config.start_rate, weight_decay=config.weight_decay
        )
        self._sam = SAM(adam, config.sam_rho)
        self._average = moving_average(self.model, config.average_decay) if config.average_decay else None
        # Weights at the start, to which L2-SP pulls back; empty without it.
        self._start: dict[str, Tensor] = {}
        if config.start_pull:
            for name, parameter in self.model.named_parameters():
                self._start[name] = parameter.detach().clone()

        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._resume()
        self._group.broadcast(self.model)
        if self._group.is_main:
            text = json.dumps(self._description(), indent=2)
            (folder / CONFIG).write_text(text + "\n", encoding="utf-8")

    def run(self, *, checkpoint_every: int = 200, until: int | None = None, progress: bool = True) -> None:
        """Train to the last step, or to step `until`; save every `checkpoint_every` steps and at the end."""
        last = min(until or self.config.steps, self.config.steps)
        first = self.step
        start_time = time.monotonic()
        bar = tqdm(
            total=self.config.steps,
            initial=self.step,
            disable=not (progress and self._group.is_main),
            unit="step",
            mininterval=5,
        )
        for micro_batches in self.batches(last):
            rate = self._learning_rate()
            losses = self.train_step(micro_batches)
            self.step += 1
            bar.update()
            if self.step % _LOG_EVERY == 0 or self.step == last:
                images = 2 * self.config.batch_pairs * (self.step - first)
                speed = images / (time.monotonic() - start_time)
                self._log({**losses, "rate": rate, "images_per_second": speed})
            if self.step % checkpoint_every == 0 or self.step == last:
                if self._group.is_main:
                    self._save()
                self._group.barrier()
        bar.close()

    def train_step(self, micro_batches: Sequence[Batch]) -> dict[str, float]:
        """Take one optimisation step; return the losses before it, averaged over the whole batch.

        `micro_batches` are this process's share of the batch. Raises TrainingDiverged if the loss is not
        finite.
        """
        self._set_training_mode()
        for group in self._sam.optimizer.param_groups:
            group["lr"] = self._learning_rate()

        self._sam.optimizer.zero_grad(set_to_none=True)
        losses = self._compute_gradients(micro_batches)
        if self.config.sam_rho > 0:
            self._sam.ascend()
            self._compute_gradients(micro_batches)
        self._sam.step()

        # The total loss is the first of LOSS_NAMES.
        total = losses[0]
        if not torch.isfinite(total):
            raise TrainingDiverged(f"the loss is {total.item()} at step {self.step}")
        # BatchNorm statistics differ between processes.
        self._group.average(buffer for buffer in self.model.buffers() if buffer.is_floating_point())
        if self._average is not None:
            self._average.update_parameters(self.model)
        return dict(zip(LOSS_NAMES, losses.tolist(), strict=True))

    def batches(self, last: int) -> Iterator[list[Batch]]:
        """Yield this process's micro-batches, on its device, for every step before `last`."""
        batch_pairs = self.config.batch_pairs
        own = self._group.own_micro_batches(self.micro_batches)
        size = batch_pairs // self.micro_batches
        indices: list[int] = []
        for step in range(self.step, last):
            first_pair = step * batch_pairs
            indices.extend(range(first_pair + own.start * size, first_pair + own.stop * size))
        loader: DataLoader[SamplePair] = DataLoader(
            self._dataset,
            batch_size=size,
            sampler=indices,
            num_workers=self._workers,
            collate_fn=collate,
            worker_init_fn=_limit_to_one_thread,
            pin_memory=self.device.type == "cuda",
        )
        micro_batches: list[Batch] = []
        for batch in loader:
            micro_batches.append(batch.to_device(self.device))
            if len(micro_batches) == len(own):
                yield micro_batches
                micro_batches = []

    def averaged(self) -> LAANet:
        """Return a copy of the network with the averaged weights, in eval mode."""
        source = self.model if self._average is None else self._average.module
        model = LAANet(self.model.config)
        model.load_state_dict(source.state_dict())
        return model.eval()

    def _set_training_mode(self) -> None:
        """Set train mode, and freeze the parts of the backbone that this step does not train."""
        self.model.train()
        frozen = self.step < self.config.frozen_steps
        self.model.backbone.requires_grad_(not frozen)
        if frozen:
            # Eval mode freezes the BatchNorm statistics too.
            self.model.backbone.eval()
        for stage in self._frozen_stages:
            stage.requires_grad_(False).eval()

    def _compute_gradients(self, micro_batches: Sequence[Batch]) -> Tensor:
        """Add the gradient of the whole batch, averaged over all processes, and that of L2-SP.

        Returns the batch's mean losses (4,) in LOSS_NAMES' order.
        """
        indices = self._group.own_micro_batches(self.micro_batches)
        losses = [
            self._backward(batch, index, divisor=len(indices))
            for batch, index in zip(micro_batches, indices, strict=True)
        ]
        mean = torch.stack(losses).mean(dim=0)
        gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
        self._group.average([*gradients, mean])
        self._add_start_pull()
        return mean

    def _backward(self, batch: Batch, index: int, *, divisor: int) -> Tensor:
        """Add the gradient of the micro-batch with this index, divided by `divisor`; return its losses (4,).

        Dropout and stochastic depth are seeded by run, step and index. Neither an interruption nor the number
        of processes changes them, and both gradients of SAM belong to one function.
        """
        step_seed = self.config.seed * _STEP_SEEDS + self.step
        torch.manual_seed(step_seed * _MICRO_BATCH_SEEDS + index)
        is_bfloat16 = self.config.precision == "bfloat16"
        needs_embeddings = self.config.loss.consistency_weight > 0
        with torch.autocast(self.device.type, torch.bfloat16, enabled=is_bfloat16):
            output = self._forward(batch.images, consistency=needs_embeddings)
        losses = all_losses(
            output,
            label=batch.label,
            heatmap=batch.heatmap,
            consistency=batch.consistency,
            anchor=batch.anchor,
            has_maps=batch.has_maps,
            config=self.config.loss,
        )
        (losses.total / divisor).backward()  # type: ignore[no-untyped-call]
        return torch.stack([getattr(losses, name).detach() for name in LOSS_NAMES])

    @torch.no_grad()
    def _add_start_pull(self) -> None:
        """Add the gradient of the L2-SP penalty, which pulls the weights back to their start."""
        if not self._start:
            return
        for name, parameter in self.model.named_parameters():
            if parameter.grad is not None:
                parameter.grad.add_(parameter - self._start[name], alpha=self.config.start_pull)

    def _learning_rate(self) -> float:
        return linear_schedule(
            self.step,
            steps=self.config.steps,
            start=self.config.start_rate,
            peak=self.config.peak_rate,
            warmup=self.config.warmup,
        )

    def _log(self, values: Mapping[str, float]) -> None:
        """Append a line with these values to the log, in the main process only."""
        if not self._group.is_main:
            return
        rounded = {name: round(value, 6) for name, value in values.items()}
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.step, **rounded}) + "\n")

    def _description(self) -> dict[str, Any]:
        """Return the configuration that determines the weights.

        It contains the number of micro-batches; the number of processes has no effect on the weights.
        """
        return {
            "model": self.model.config.to_dict(),
            "training": {**self.config.to_dict(), "micro_batches": self.micro_batches},
        }

    def _save(self) -> None:
        """Write the checkpoint, whole or not at all, then the averaged weights."""
        state = {
            "step": self.step,
            "description": json.dumps(self._description()),
            "model": self.model.state_dict(),
            "optimizer": self._sam.optimizer.state_dict(),
            "average": {} if self._average is None else self._average.module.state_dict(),
        }
        unfinished = self.folder / f"{CHECKPOINT}.unfinished"
        torch.save(state, unfinished)
        unfinished.replace(self.folder / CHECKPOINT)
        save_weights(self.averaged(), self.folder / WEIGHTS, version=f"step-{self.step}")

    def _resume(self) -> None:
        """Continue from the checkpoint. Raises InvalidConfig if it belongs to another configuration."""
        state = _read_checkpoint(self.folder / CHECKPOINT, self.device)
        saved = json.loads(state["description"])
        # A round trip through JSON turns tuples to lists, as in the saved description.
        present = json.loads(json.dumps(self._description()))
        for description in (saved, present):
            description["training"].pop("steps")
        if saved != present:
            raise InvalidConfig(
                f"{self.folder.name} was begun with another configuration; choose another folder"
            )
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self._sam.optimizer.load_state_dict(state["optimizer"])
        if self._average is not None:
            self._average = moving_average(self.model, self.config.average_decay, updates=self.step)
            self._average.module.load_state_dict(state["average"])


def _read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Return the state that `Trainer` saved. Raises InvalidCheckpoint if the file is broken."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        missing = _CHECKPOINT_KEYS - set(state)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, TypeError) as error:
        raise InvalidCheckpoint(
            f"{path.parent.name}/{path.name} cannot be read; the run's weights/ folder may still be good"
        ) from error
    if missing:
        raise InvalidCheckpoint(f"{path.parent.name}/{path.name} lacks {', '.join(sorted(missing))}")
    return state


def _limit_to_one_thread(_: int) -> None:
    """Keep a loader process to one thread: several processes make pairs in parallel."""
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
