"""The training loop: resumable at any checkpoint, logged as JSON lines, seeded unit by unit."""

from __future__ import annotations

import dataclasses
import json
import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from timm.layers import convert_sync_batchnorm
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from laanet_core.errors import InvalidCheckpoint, InvalidConfig
from laanet_core.modeling.laanet import LAANet, LAANetOutput
from laanet_core.modeling.loading import save_weights
from laanet_core.modeling.preprocessing import to_input
from laanet_core.training.config import TrainingConfig
from laanet_core.training.distributed import Team
from laanet_core.training.losses import Losses, all_losses
from laanet_core.training.mixed_precision import keep_depthwise_float32
from laanet_core.training.optim import SAM, WeightAverage, linear_schedule
from laanet_core.training.pairs import Unit

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
WEIGHTS = "weights"
LOSS_NAMES = tuple(field.name for field in dataclasses.fields(Losses))


@dataclass(frozen=True)
class Batch:
    """`images` (2B, 3, S, S) in [-1, 1], reals and fakes in turn; `label`, `anchor` (2B,); the maps (2B, S/4, S/4); `has_maps` (2B, 2)."""

    images: Tensor
    label: Tensor
    heatmap: Tensor
    consistency: Tensor
    anchor: Tensor
    has_maps: Tensor


def collate(units: Sequence[Unit]) -> Batch:
    return Batch(
        images=torch.from_numpy(
            np.concatenate([unit.images for unit in units])
        ),  # uint8 (2B, S, S, 3) until it is on the device
        label=torch.tensor([0.0, 1.0]).repeat(len(units)),
        heatmap=torch.from_numpy(np.concatenate([unit.heatmap for unit in units])),
        consistency=torch.from_numpy(np.concatenate([unit.consistency for unit in units])),
        anchor=torch.from_numpy(np.concatenate([unit.anchor for unit in units])),
        has_maps=torch.from_numpy(np.concatenate([unit.has_maps for unit in units])),
    )


class Units(Protocol):
    """Training units by number, such as a `UnitSource`."""

    def __getitem__(self, index: int) -> Unit: ...


class Trainer:
    """Trains one network into a run folder: `config.json`, `log.jsonl`, `checkpoint.pt` and `weights/` (the averaged network).

    A run folder that holds a checkpoint is continued, with the weights an uninterrupted run would give; `steps` alone may differ from the
    interrupted run's. Raises InvalidConfig if anything else of the configuration does, InvalidCheckpoint if the file is broken.
    `compiled` runs the network through torch.compile: a fifth faster on two AVX2 cores after two minutes of compiling, and numbers that
    differ from an uncompiled run's in the last digits. With a `team` of several processes, each makes and learns from its own parts of
    every batch, and all take the same steps; on GPUs BatchNorm sees the whole batch.
    """

    def __init__(
        self,
        model: LAANet,
        source: Units,
        config: TrainingConfig,
        folder: Path,
        *,
        device: torch.device | str = "cpu",
        workers: int = 1,
        compiled: bool = False,
        team: Team | None = None,
    ) -> None:
        self._team = team or Team()
        self.device = torch.device(device)
        self.parts = self._team.micro_batches(config.micro_batches, config.batch_pairs)
        self.model = model.to(self.device).to(memory_format=torch.channels_last)
        if self._team.size > 1 and self.device.type == "cuda":
            self.model = convert_sync_batchnorm(
                self.model
            )  # timm's, which keeps the activations of its BatchNorm layers
        if config.precision == "bfloat16":
            keep_depthwise_float32(self.model)
        self._forward: Callable[..., LAANetOutput] = torch.compile(self.model) if compiled else self.model
        self.config = config
        self.folder = folder
        self._source, self._workers = source, workers
        self._sam = SAM(
            torch.optim.Adam(self.model.parameters(), lr=config.start_rate, weight_decay=config.weight_decay),
            config.sam_rho,
        )
        self._average = WeightAverage(self.model, config.average_decay) if config.average_decay else None
        self._frozen = self.model.backbone.stages(config.frozen_stages)
        begun = self.model.named_parameters() if config.start_pull else ()
        self._start = {name: parameter.detach().clone() for name, parameter in begun}
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._resume()
        self._team.agree_on(self.model)
        if self._team.leads:
            _write_json(folder / "config.json", self._description())

    def run(self, *, checkpoint_every: int = 200, until: int | None = None, progress: bool = True) -> None:
        """Train to the last step (or `until`), leaving a checkpoint every so many steps and at the end."""
        last = min(until or self.config.steps, self.config.steps)
        started, first = time.monotonic(), self.step
        bar = tqdm(
            total=self.config.steps,
            initial=self.step,
            disable=not (progress and self._team.leads),
            unit="step",
            mininterval=5,
        )
        for batches in self.batches(last):
            losses = self.train_on(batches)
            self.step += 1
            bar.update()
            if self.step % 10 == 0 or self.step == last:
                images = 2 * self.config.batch_pairs * (self.step - first)
                self._log(
                    losses,
                    rate=self._rate(self.step - 1),
                    images_per_second=images / (time.monotonic() - started),
                )
            if self.step % checkpoint_every == 0 or self.step == last:
                if self._team.leads:
                    self._save()
                self._team.wait()
        bar.close()

    def averaged(self) -> LAANet:
        """A copy of the network with the averaged weights, in eval mode."""
        model = LAANet(self.model.config)
        model.load_state_dict(self._average.values if self._average else self.model.state_dict())
        return model.eval()

    def batches(self, last: int) -> Iterator[list[Batch]]:
        """For every step this process's micro-batches, on its device."""
        pairs, own = self.config.batch_pairs, self._team.share(self.parts)
        size = pairs // self.parts
        indices = [
            step * pairs + place
            for step in range(self.step, last)
            for place in range(own.start * size, own.stop * size)
        ]
        loader: DataLoader[Unit] = DataLoader(
            _Dataset(self._source),
            batch_size=size,
            sampler=indices,
            num_workers=self._workers,
            collate_fn=collate,
            worker_init_fn=_one_thread,
            pin_memory=self.device.type == "cuda",
        )
        waiting: list[Batch] = []
        for batch in loader:
            moved = {
                field.name: getattr(batch, field.name).to(self.device, non_blocking=True)
                for field in dataclasses.fields(batch)
            }
            waiting.append(Batch(**{**moved, "images": to_input(moved["images"], self.device)}))
            if len(waiting) == len(own):
                yield waiting
                waiting = []

    def train_on(self, batches: Sequence[Batch]) -> dict[str, float]:
        """One update; returns the losses where it started, averaged over the whole batch."""
        self._set_mode()
        for group in self._sam.optimizer.param_groups:
            group["lr"] = self._rate(self.step)
        kept: list[Tensor] = []

        def backward() -> Tensor:
            values = torch.stack(
                [
                    self._backward(batch, part)
                    for batch, part in zip(batches, self._team.share(self.parts), strict=True)
                ]
            )
            mean = values.mean(dim=0)
            gradients = [
                parameter.grad for parameter in self.model.parameters() if parameter.grad is not None
            ]
            self._team.average([*gradients, mean])
            self._pull()
            kept.append(mean)
            return mean[0]

        value = self._sam.step(backward)
        if not torch.isfinite(value):
            raise FloatingPointError(f"the loss is {value.item()} at step {self.step}")
        self._team.average(buffer for buffer in self.model.buffers() if buffer.is_floating_point())
        if self._average:
            self._average.update(self.model, self.step)
        return dict(zip(LOSS_NAMES, kept[0].tolist(), strict=True))

    def _backward(self, batch: Batch, part: int) -> Tensor:
        """Add the gradient of one micro-batch, weighted by its share in this process's; returns its losses (4,).

        Dropout and stochastic depth are drawn by seed, step and part, so that neither an interruption nor the number of processes changes
        them, and both of SAM's gradients are of one function.
        """
        torch.manual_seed((self.config.seed * 1_000_003 + self.step) * 4_096 + part)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            output = self._forward(batch.images, consistency=self.config.loss.consistency_weight > 0)
        losses = all_losses(
            output,
            batch.label,
            batch.heatmap,
            batch.consistency,
            batch.anchor,
            batch.has_maps,
            self.config.loss,
        )
        (losses.total / (self.parts // self._team.size)).backward()  # type: ignore[no-untyped-call]
        return torch.stack([getattr(losses, name).detach() for name in LOSS_NAMES])

    def _set_mode(self) -> None:
        self.model.train()
        frozen = self.step < self.config.frozen_steps
        self.model.backbone.requires_grad_(not frozen)
        if frozen:
            self.model.backbone.eval()  # its BatchNorm statistics stand still too
        for part in self._frozen:
            part.requires_grad_(False).eval()

    @torch.no_grad()
    def _pull(self) -> None:
        """Add to the gradient what draws the weights back to where they began."""
        for name, parameter in self.model.named_parameters() if self._start else ():
            if parameter.grad is not None:
                parameter.grad.add_(parameter - self._start[name], alpha=self.config.start_pull)

    def _rate(self, step: int) -> float:
        config = self.config
        return linear_schedule(
            step, steps=config.steps, start=config.start_rate, peak=config.peak_rate, warmup=config.warmup
        )

    def _log(self, values: Mapping[str, float], **more: float) -> None:
        if self._team.leads:
            line = json.dumps(
                {"step": self.step, **{name: round(value, 6) for name, value in {**values, **more}.items()}}
            )
            with (self.folder / LOG).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def _description(self) -> dict[str, Any]:
        """What decides the weights. The number of parts counts, however many processes share them out."""
        return {
            "model": self.model.config.to_dict(),
            "training": {**self.config.to_dict(), "micro_batches": self.parts},
        }

    def _save(self) -> None:
        state = {
            "step": self.step,
            "description": json.dumps(self._description()),
            "model": self.model.state_dict(),
            "optimizer": self._sam.optimizer.state_dict(),
            "average": self._average.values if self._average else {},
        }
        unfinished = self.folder / (CHECKPOINT + ".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(self.folder / CHECKPOINT)
        save_weights(self.averaged(), self.folder / WEIGHTS, version=f"step-{self.step}")

    def _resume(self) -> None:
        state = _read_checkpoint(self.folder / CHECKPOINT, self.device)
        before, now = json.loads(state["description"]), json.loads(json.dumps(self._description()))
        for description in (before, now):
            description["training"].pop("steps")
        if before != now:
            raise InvalidConfig(
                f"{self.folder.name} was begun with another configuration; choose another folder"
            )
        self.model.load_state_dict(state["model"])
        self._sam.optimizer.load_state_dict(state["optimizer"])
        if self._average:
            self._average.values = state["average"]
        self.step = state["step"]


def _read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        missing = {"step", "description", "model", "optimizer", "average"} - set(state)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, TypeError) as error:
        raise InvalidCheckpoint(
            f"{path.parent.name}/{path.name} cannot be read; the run's weights/ folder may still be good"
        ) from error
    if missing:
        raise InvalidCheckpoint(f"{path.parent.name}/{path.name} lacks {', '.join(sorted(missing))}")
    return state


class _Dataset(Dataset[Unit]):
    def __init__(self, source: Units) -> None:
        self._source = source

    def __getitem__(self, index: int) -> Unit:
        return self._source[index]


def _one_thread(_: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
