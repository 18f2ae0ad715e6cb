"""`train`: learn a LAA-Net from real faces (and fakes, where there are any) of a manifest."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from laanet_core.data.image_store import PackStore, Store
    from laanet_core.data.manifest import Sample
    from laanet_core.training.config import TrainingConfig
    from laanet_core.training.pairs import UnitSource
    from laanet_core.training.trainer import Trainer


_TORCHRUN = " Under `torchrun --nproc-per-node N -m laanet_core train ...` several processes, or hosts, share every batch out."
_OF_NETWORK = "model."  # such keys of --set change the network, not the recipe


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("train", help="train a network", description=__doc__ + _TORCHRUN)
    parser.add_argument(
        "run",
        type=Path,
        metavar="RUN_DIR",
        help="folder for log, checkpoint and weights; an interrupted run there is resumed",
    )
    add_data_arguments(parser)
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="MANIFEST",
        help="learn from this data set too, landmarks and packs beside it",
    )
    parser.add_argument("--model", default="laanet-lite", help="named configuration (default: %(default)s)")
    parser.add_argument(
        "--recipe",
        default="paper-sbi",
        help="paper-sbi, paper-bi, starter or finetune (default: %(default)s)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one value of the recipe, such as steps=500 or material.hulls=face,inner, or of the network: model.input_size=256",
    )
    parser.add_argument(
        "--backbone-weights",
        type=Path,
        metavar="FILE",
        help="ImageNet weights of the backbone (safetensors or state dict)",
    )
    parser.add_argument(
        "--init",
        metavar="WEIGHTS",
        help="start from these LAA-Net weights instead (starter, folder or hf://...)",
    )
    parser.add_argument("--seed", type=int, help="replaces the recipe's seed")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that make pseudo-fakes (default: %(default)s)"
    )
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="of the processor, for each process that trains (default: as torch chooses)",
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help="torch.compile the network: minutes to start, then faster steps",
    )
    parser.add_argument("--checkpoint-every", type=int, default=200, metavar="STEPS")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def add_data_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument(
        "--manifest", type=Path, required=required, help="CSV: pack, path, label, person, split, original"
    )
    parser.add_argument(
        "--landmarks",
        type=Path,
        help="npz with landmarks (N, 68, 2) in the manifest's order (default: beside the manifest)",
    )
    parser.add_argument(
        "--packs",
        type=Path,
        help="folder of the packs, each a folder or .tar (default: the manifest's folder)",
    )


def read_data(args: argparse.Namespace, split: str) -> tuple[list[Sample], PackStore]:
    """The samples of one split and the store that holds their images, as the arguments name them."""
    from laanet_core.data.image_store import PackStore
    from laanet_core.data.manifest import read_manifest

    beside = args.manifest.parent / "landmarks.npz"
    landmarks = args.landmarks or (beside if beside.exists() else None)
    samples = [sample for sample in read_manifest(args.manifest, landmarks) if sample.split == split]
    store = PackStore(args.packs or args.manifest.parent, sorted({sample.pack for sample in samples}))
    return samples, store


def _all_data(args: argparse.Namespace) -> tuple[list[Sample], Store]:
    """The training samples and their images; those of the replayed data set too, where there is one."""
    from laanet_core.data.image_store import JointStore

    samples, store = read_data(args, "train")
    if not args.replay:
        return samples, store
    more, theirs = read_data(argparse.Namespace(manifest=args.replay, landmarks=None, packs=None), "train")
    packs, other_packs = ([sample.pack for sample in each] for each in (samples, more))
    return [*samples, *more], JointStore.of((packs, store), (other_packs, theirs))


def run(args: argparse.Namespace) -> int:
    from laanet_core.errors import InvalidConfig
    from laanet_core.modeling.config import ModelConfig, named_config
    from laanet_core.modeling.device import pick_device
    from laanet_core.modeling.laanet import LAANet
    from laanet_core.training.distributed import join_team, leave_team
    from laanet_core.training.initialization import begin
    from laanet_core.training.pairs import UnitSource
    from laanet_core.training.trainer import WEIGHTS, Trainer

    if args.threads is not None:
        _keep_to(args.threads)
    config = changed_recipe(
        args.recipe, [change for change in args.set if not change.startswith(_OF_NETWORK)], args.seed
    )
    of_network = [change.removeprefix(_OF_NETWORK) for change in args.set if change.startswith(_OF_NETWORK)]
    if args.init and of_network:
        raise InvalidConfig(f"--init brings its own network; {_OF_NETWORK}{of_network[0]} cannot change it")
    network = ModelConfig.from_dict(_changed(named_config(args.model).to_dict(), of_network))
    model = (
        LAANet.from_pretrained(args.init)
        if args.init
        else begin(network, args.backbone_weights, seed=config.seed)
    )
    samples, store = _all_data(args)
    source = UnitSource(
        samples, store, size=model.config.input_size, material=config.material, seed=config.seed
    )
    team, device = join_team(pick_device(args.device))
    try:
        trainer = Trainer(
            model,
            source,
            config,
            args.run,
            device=device,
            workers=args.workers,
            compiled=args.compile,
            team=team,
        )
        if team.leads:
            _announce(trainer, source)
        trainer.run(checkpoint_every=args.checkpoint_every)
    finally:
        leave_team(team)
    outcome = {"steps": trainer.step, "weights": str(args.run / WEIGHTS)}
    if team.leads:
        print(
            json.dumps(outcome)
            if args.json
            else f"trained {trainer.step} steps; weights in {outcome['weights']}"
        )
    return 0


def _keep_to(threads: int) -> None:
    import torch

    from laanet_core.errors import InvalidConfig

    if threads < 1:
        raise InvalidConfig(f"--threads must be at least 1, not {threads}")
    torch.set_num_threads(threads)


def _announce(trainer: Trainer, source: UnitSource) -> None:
    for note in source.notes:
        print(f"note: {note}", file=sys.stderr)
    if trainer.step:
        print(f"resuming at step {trainer.step} of {trainer.config.steps}", file=sys.stderr)
    if source.epoch_length:
        epochs = trainer.config.steps * trainer.config.batch_pairs / source.epoch_length
        print(f"{source.epoch_length} pairs an epoch, {epochs:.1f} epochs", file=sys.stderr)


def changed_recipe(name: str, changes: list[str], seed: int | None) -> TrainingConfig:
    """A named recipe with some values replaced; raises InvalidConfig naming a key or value that does not fit."""
    from laanet_core.training.config import TrainingConfig, named_recipe

    config = TrainingConfig.from_dict(_changed(named_recipe(name).to_dict(), changes))
    return config if seed is None else dataclasses.replace(config, seed=seed)


def _changed(values: dict[str, Any], changes: list[str]) -> dict[str, Any]:
    """A configuration's values, some of them replaced in place; a list's parts are parted by commas."""
    from laanet_core.errors import InvalidConfig

    for change in changes:
        key, separator, text = change.partition("=")
        *groups, last = key.split(".")
        place = values
        for group in groups:
            place = place[group] if isinstance(place.get(group), dict) else {}
        if not separator or isinstance(place.get(last), dict | None):
            raise InvalidConfig(f"cannot change {change!r}; the keys are {', '.join(_keys(values))}")
        old = place[last]
        try:
            place[last] = (
                tuple(type(old[0])(part) for part in text.split(","))
                if isinstance(old, tuple)
                else type(old)(text)
            )
        except ValueError as error:
            raise InvalidConfig(f"{key} must be a {type(old).__name__}, not {text!r}") from error
    return values


def _keys(values: dict[str, Any], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, value in values.items():
        keys.extend(
            _keys(value, f"{name}.")
            if isinstance(value, dict)
            else [prefix + name]
            if value is not None
            else []
        )
    return keys
