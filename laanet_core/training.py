"""The training loop: resumable at any checkpoint, logged as JSON lines, seeded unit by unit."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from laanet_core.config import ModelConfig
from laanet_core.errors import InvalidConfig, InvalidDataset
from laanet_core.losses import Losses, all_losses
from laanet_core.model import LAANet, LAANetOutput
from laanet_core.optim import SAM, WeightAverage, linear_schedule
from laanet_core.pairs import Unit, UnitSource
from laanet_core.precision import keep_depthwise_float32
from laanet_core.recipes import TrainingConfig
from laanet_core.scoring import to_input
from laanet_core.weights import save_weights

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
WEIGHTS = "weights"
Validate = Callable[[LAANet], Mapping[str, float]]


@dataclass(frozen=True)
class Batch:
    """`images` (2B, 3, S, S) in [-1, 1], reals and fakes in turn; `label` (2B,); the maps (2B, S/4, S/4); `anchor` and `has_maps` (2B,)."""

    images: Tensor
    label: Tensor
    heatmap: Tensor
    consistency: Tensor
    anchor: Tensor
    has_maps: Tensor


def collate(units: Sequence[Unit]) -> Batch:
    return Batch(
        images=torch.from_numpy(np.concatenate([unit.images for unit in units])),  # uint8 (2B, S, S, 3) until it is on the device
        label=torch.tensor([0.0, 1.0]).repeat(len(units)),
        heatmap=torch.from_numpy(np.concatenate([unit.heatmap for unit in units])),
        consistency=torch.from_numpy(np.concatenate([unit.consistency for unit in units])),
        anchor=torch.from_numpy(np.concatenate([unit.anchor for unit in units])),
        has_maps=torch.from_numpy(np.concatenate([unit.has_maps for unit in units])),
    )


class Trainer:
    """Trains one network into a run folder: `config.json`, `log.jsonl`, `checkpoint.pt` and `weights/` (the averaged network).

    A run folder that holds a checkpoint is continued, with the weights an uninterrupted run would give; `steps` alone may differ from the
    interrupted run's. Raises InvalidConfig if anything else of the configuration does. `compiled` runs the network through torch.compile: a
    fifth faster on two AVX2 cores after two minutes of compiling, and numbers that differ from an uncompiled run's in the last digits.
    """

    def __init__(
        self,
        model: LAANet,
        source: UnitSource,
        config: TrainingConfig,
        folder: Path,
        *,
        device: str = "cpu",
        workers: int = 1,
        compiled: bool = False,
    ) -> None:
        torch.manual_seed(config.seed)  # dropout and stochastic depth
        self.model = model.to(device).to(memory_format=torch.channels_last)
        if config.precision == "bfloat16":
            keep_depthwise_float32(self.model)
        self._forward: Callable[..., LAANetOutput] = torch.compile(self.model) if compiled else self.model
        self.config = config
        self.folder = folder
        self._source, self._workers = source, workers
        self._device = torch.device(device)
        self._sam = SAM(torch.optim.Adam(self.model.parameters(), lr=config.start_rate, weight_decay=config.weight_decay), config.sam_rho)
        self._average = WeightAverage(self.model, config.average_decay) if config.average_decay else None
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._resume()
        _write_json(folder / "config.json", self._description())

    def run(
        self, *, checkpoint_every: int = 200, validate: Validate | None = None, until: int | None = None, progress: bool = True
    ) -> None:
        """Train to the last step (or `until`), leaving a checkpoint every so many steps and at the end."""
        last = min(until or self.config.steps, self.config.steps)
        started, first = time.monotonic(), self.step
        bar = tqdm(total=self.config.steps, initial=self.step, disable=not progress, unit="step", mininterval=5)
        for batch in self._batches(last):
            losses = self._train_on(batch)
            self.step += 1
            bar.update()
            if self.step % 10 == 0 or self.step == last:
                images = 2 * self.config.batch_pairs * (self.step - first)
                self._log(_loss_entry(losses), rate=self._rate(self.step - 1), images_per_second=images / (time.monotonic() - started))
            if self.step % checkpoint_every == 0 or self.step == last:
                self._save()
                if validate is not None:
                    self._log(dict(validate(self.averaged())))
        bar.close()

    def averaged(self) -> LAANet:
        """A copy of the network with the averaged weights, in eval mode."""
        with torch.random.fork_rng(devices=[]):  # building draws numbers that a resumed run would miss
            model = LAANet(self.model.config)
        model.load_state_dict(self._average.values if self._average else self.model.state_dict())
        return model.eval()

    def _batches(self, last: int) -> Iterator[Batch]:
        pairs = self.config.batch_pairs
        indices = range(self.step * pairs, last * pairs)
        loader: DataLoader[Unit] = DataLoader(
            _Units(self._source),
            batch_size=pairs,
            sampler=indices,
            num_workers=self._workers,
            collate_fn=collate,
            worker_init_fn=_one_thread,
            generator=torch.Generator(),  # otherwise the loader draws from the generator that dropout uses, and a resumed run differs
        )
        for batch in loader:
            moved = {field.name: getattr(batch, field.name).to(self._device) for field in dataclasses.fields(batch)}
            yield Batch(**{**moved, "images": to_input(batch.images.numpy(), self._device)})

    def _train_on(self, batch: Batch) -> Losses:
        self._set_mode()
        for group in self._sam.optimizer.param_groups:
            group["lr"] = self._rate(self.step)
        kept: list[Losses] = []

        def backward() -> Tensor:
            with torch.autocast(self._device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
                output = self._forward(batch.images, consistency=True)
            losses = all_losses(output, batch.label, batch.heatmap, batch.consistency, batch.anchor, batch.has_maps, self.config.loss)
            losses.total.backward()  # type: ignore[no-untyped-call]
            kept.append(losses)
            return losses.total

        value = self._sam.step(backward)
        if not torch.isfinite(value):
            raise FloatingPointError(f"the loss is {value.item()} at step {self.step}")
        if self._average:
            self._average.update(self.model, self.step)
        return kept[0]

    def _set_mode(self) -> None:
        self.model.train()
        frozen = self.step < self.config.frozen_steps
        self.model.backbone.requires_grad_(not frozen)
        if frozen:
            self.model.backbone.eval()  # its BatchNorm statistics stand still too

    def _rate(self, step: int) -> float:
        config = self.config
        return linear_schedule(step, steps=config.steps, start=config.start_rate, peak=config.peak_rate, warmup=config.warmup)

    def _log(self, values: Mapping[str, Any], **more: float) -> None:
        line = json.dumps({"step": self.step, **{name: round(float(value), 6) for name, value in {**values, **more}.items()}})
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _description(self) -> dict[str, Any]:
        return {"model": self.model.config.to_dict(), "training": self.config.to_dict()}

    def _save(self) -> None:
        state = {
            "step": self.step,
            "description": json.dumps(self._description()),
            "model": self.model.state_dict(),
            "optimizer": self._sam.optimizer.state_dict(),
            "average": self._average.values if self._average else {},
            "random": torch.get_rng_state(),
        }
        unfinished = self.folder / (CHECKPOINT + ".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(self.folder / CHECKPOINT)
        save_weights(self.averaged(), self.folder / WEIGHTS, version=f"step-{self.step}")

    def _resume(self) -> None:
        state = torch.load(self.folder / CHECKPOINT, map_location=self._device, weights_only=True)
        before, now = json.loads(state["description"]), json.loads(json.dumps(self._description()))
        for description in (before, now):
            description["training"].pop("steps")
        if before != now:
            raise InvalidConfig(f"{self.folder.name} was begun with another configuration; choose another folder")
        self.model.load_state_dict(state["model"])
        self._sam.optimizer.load_state_dict(state["optimizer"])
        if self._average:
            self._average.values = state["average"]
        torch.set_rng_state(state["random"].cpu())
        self.step = state["step"]


def begin(model_config: ModelConfig, backbone_weights: Path | None, *, seed: int = 0) -> LAANet:
    """A network to train: decoder and heads random by `seed`, and the backbone's pretrained weights where they are given.

    `backbone_weights` is a safetensors file or a pickled state dict whose tensors follow timm's order and shapes (names may differ, as
    in the original EfficientNet-Lite releases; a classifier at the end is left out). Raises InvalidDataset when they do not fit.
    """
    torch.manual_seed(seed)
    model = LAANet(model_config)
    if backbone_weights is not None:
        _load_backbone(model, backbone_weights)
    return model


def _load_backbone(model: LAANet, path: Path) -> None:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        given = load_file(path)
    else:
        given = torch.load(path, map_location="cpu", weights_only=True)
    network = model.backbone.network
    wanted = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    values = [value for name, value in given.items() if not name.endswith("num_batches_tracked")]
    if len(values) < len(wanted):
        raise InvalidDataset(f"{path.name} holds {len(values)} tensors, the backbone has {len(wanted)}")
    for name, value in zip(wanted, values, strict=False):
        if wanted[name].shape != value.shape:
            raise InvalidDataset(f"{path.name}: a tensor of shape {tuple(value.shape)} where {name} has {tuple(wanted[name].shape)}")
    network.load_state_dict(dict(zip(wanted, values, strict=False)), strict=False)


class _Units(Dataset[Unit]):
    def __init__(self, source: UnitSource) -> None:
        self._source = source

    def __getitem__(self, index: int) -> Unit:
        return self._source[index]


def _one_thread(_: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _loss_entry(losses: Losses) -> dict[str, float]:
    return {field.name: getattr(losses, field.name).item() for field in dataclasses.fields(losses)}


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
