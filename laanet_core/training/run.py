"""Training runs: a request with everything that a run needs, and the function that carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from laanet_core.data.dataset import DatasetFiles, ManifestDataset, combine_datasets, load_dataset
from laanet_core.errors import InvalidConfig
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.device import pick_device
from laanet_core.modeling.laanet import LAANet
from laanet_core.training.allocator import keep_freed_memory
from laanet_core.training.config import TrainingConfig
from laanet_core.training.distributed import destroy_process_group, init_process_group
from laanet_core.training.initialization import initial_network
from laanet_core.training.loss_curves import PLOT, draw_losses
from laanet_core.training.pairs import PairDataset, SamplePair, StagedPairs
from laanet_core.training.trainer import LOG, LOSS_NAMES, WEIGHTS, Trainer


@dataclass(frozen=True)
class TrainingRequest:
    """Everything that a training run needs.

    `folder` receives the log, the checkpoint and the weights; a run that was interrupted there is resumed.
    Exactly one of `network` and `initial_weights` is set. `network` is the configuration of a new network
    with random weights, except for a backbone from the file `backbone_weights`, if that is set.
    `initial_weights` names the weights to start from: `starter`, a folder or `hf://owner/repo@revision`. The
    samples of `replay` are mixed with those of `data`. `workers` processes make training pairs. `threads`
    limits the CPU threads of each training process; None leaves torch's choice. `compiled` runs the network
    through torch.compile. `checkpoint_every` is the number of steps between two checkpoints.
    """

    folder: Path
    data: DatasetFiles
    config: TrainingConfig
    network: ModelConfig | None = None
    initial_weights: str | None = None
    backbone_weights: Path | None = None
    replay: DatasetFiles | None = None
    device: str = "auto"
    workers: int = 1
    threads: int | None = None
    compiled: bool = False
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        has_network = self.network is not None
        has_weights = self.initial_weights is not None
        if has_network == has_weights:
            raise InvalidConfig("a training run starts either from a network configuration or from weights")
        if self.threads is not None and self.threads < 1:
            raise InvalidConfig(f"threads must be at least 1, not {self.threads}")
        if self.checkpoint_every < 1:
            raise InvalidConfig(f"checkpoint_every must be at least 1, not {self.checkpoint_every}")

    def to_json(self) -> dict[str, Any]:
        """Return JSON-compatible values that `from_json` restores."""
        return {
            "folder": str(self.folder),
            "data": self.data.to_json(),
            "config": self.config.to_dict(),
            "network": None if self.network is None else self.network.to_dict(),
            "initial_weights": self.initial_weights,
            "backbone_weights": None if self.backbone_weights is None else str(self.backbone_weights),
            "replay": None if self.replay is None else self.replay.to_json(),
            "device": self.device,
            "workers": self.workers,
            "threads": self.threads,
            "compiled": self.compiled,
            "checkpoint_every": self.checkpoint_every,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainingRequest:
        """Build from parsed JSON. Raises InvalidConfig if a key is missing or unknown."""
        try:
            network = values.get("network")
            backbone_weights = values.get("backbone_weights")
            replay = values.get("replay")
            return cls(
                **{
                    **values,
                    "folder": Path(values["folder"]),
                    "data": DatasetFiles.from_json(values["data"]),
                    "config": TrainingConfig.from_dict(values["config"]),
                    "network": None if network is None else ModelConfig.from_dict(network),
                    "backbone_weights": None if backbone_weights is None else Path(backbone_weights),
                    "replay": None if replay is None else DatasetFiles.from_json(replay),
                }
            )
        except (KeyError, TypeError) as error:
            raise InvalidConfig(f"not a training request: {error}") from error


@dataclass(frozen=True)
class TrainingOutcome:
    """Steps trained so far and the folder of the weights.

    `is_main` is False in all but the first of torchrun's processes.
    """

    steps: int
    weights: Path
    is_main: bool = True

    def to_json(self) -> dict[str, Any]:
        return {"steps": self.steps, "weights": str(self.weights)}


def train(
    request: TrainingRequest, *, notify: Callable[[str], None] | None = None, progress: bool = True
) -> TrainingOutcome:
    """Train to the last step of the configuration, resuming if the folder contains a checkpoint.

    Under torchrun, every process calls this with the same request. In the main process only, `notify`
    receives one sentence each about missing material, a resumed run and the number of epochs. `progress`
    shows a progress bar on standard error. Raises LaanetError: InvalidConfig, InvalidDataset, InvalidWeights
    or InvalidCheckpoint if an input cannot be used, TrainingDiverged if the loss is not finite. An
    interrupted call leaves its last checkpoint.
    """
    if request.threads is not None:
        torch.set_num_threads(request.threads)
    # Denormal numbers slow down CPUs and carry nothing that training could use.
    torch.set_flush_denormal(True)
    if pick_device(request.device).type == "cpu":
        keep_freed_memory()
    model = _initial_model(request)
    dataset = _training_data(request)
    pairs = _pairs(dataset, model.config.input_size, request.config)
    staged: Dataset[SamplePair] = pairs
    if request.config.early_steps:
        early = _pairs(dataset, request.config.early_size, request.config)
        staged = StagedPairs(early, pairs, request.config.early_steps * request.config.batch_pairs)
    group, device = init_process_group(pick_device(request.device))
    try:
        trainer = Trainer(
            model,
            staged,
            request.config,
            request.folder,
            device=device,
            workers=request.workers,
            compiled=request.compiled,
            group=group,
        )
        if group.is_main and notify is not None:
            for note in _notes(trainer, pairs):
                notify(note)
        trainer.run(checkpoint_every=request.checkpoint_every, progress=progress)
        if group.is_main and (request.folder / LOG).exists():
            draw_losses(request.folder / LOG, request.folder / PLOT, LOSS_NAMES)
    finally:
        destroy_process_group(group)
    return TrainingOutcome(steps=trainer.step, weights=request.folder / WEIGHTS, is_main=group.is_main)


def _initial_model(request: TrainingRequest) -> LAANet:
    """Load the request's weights, or build its network. Raises LaanetError if they cannot be used."""
    if request.initial_weights is not None:
        return LAANet.from_pretrained(request.initial_weights)
    assert request.network is not None
    return initial_network(request.network, request.backbone_weights, seed=request.config.seed)


def _pairs(dataset: ManifestDataset, size: int, config: TrainingConfig) -> PairDataset:
    return PairDataset(dataset.samples, dataset.store, size=size, config=config.material, seed=config.seed)


def _training_data(request: TrainingRequest) -> ManifestDataset:
    """Read the training split of the request's data, together with that of its replay if it has one."""
    dataset = load_dataset(request.data, "train")
    if request.replay is None:
        return dataset
    return combine_datasets(dataset, load_dataset(request.replay, "train"))


def _notes(trainer: Trainer, pairs: PairDataset) -> list[str]:
    """Return the sentences for `notify`."""
    notes = [f"note: {note}" for note in pairs.notes]
    if trainer.step:
        notes.append(f"resuming at step {trainer.step} of {trainer.config.steps}")
    if pairs.epoch_length:
        epochs = trainer.config.steps * trainer.config.batch_pairs / pairs.epoch_length
        notes.append(f"{pairs.epoch_length} pairs per epoch, {epochs:.1f} epochs")
    return notes
