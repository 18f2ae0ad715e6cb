"""Command `train`: train a LAA-Net on the real faces, and fakes if there are any, of a manifest."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from laanet_core.cli.arguments import DEVICE_HELP, add_data_arguments, data_files

if TYPE_CHECKING:
    from laanet_core.training.run import TrainingRequest

_DESCRIPTION = (
    "Train a LAA-Net on the real faces, and fakes if there are any, of a manifest. "
    "Run `torchrun --nproc-per-node N -m laanet_core train ...` "
    "to divide every batch among several processes or hosts."
)

# Keys of --set with this prefix change the network, all others the recipe.
_NETWORK_PREFIX = "model."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("train", help="train a network", description=_DESCRIPTION)
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
        help="also train on this data set, whose landmarks and packs lie beside its manifest",
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
        help="change one value of the recipe (steps=500, material.hulls=face,inner) "
        "or of the network (model.input_size=256)",
    )
    parser.add_argument(
        "--backbone-weights",
        type=Path,
        metavar="FILE",
        help="ImageNet weights of the backbone (safetensors or a state dict)",
    )
    parser.add_argument(
        "--init",
        metavar="WEIGHTS",
        help="start from these LAA-Net weights (starter, a folder or hf://owner/repo@revision)",
    )
    parser.add_argument("--seed", type=int, help="replace the recipe's seed")
    parser.add_argument("--device", default="auto", help=DEVICE_HELP)
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that make training pairs (default: %(default)s)"
    )
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="CPU threads of each training process (default: torch's choice)",
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help="compile the network with torch.compile: minutes to start, then faster steps",
    )
    parser.add_argument(
        "--checkpoint-every",
        type=int,
        default=200,
        metavar="STEPS",
        help="steps between two checkpoints (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core.training.run import train

    outcome = train(_request(args), notify=lambda note: print(note, file=sys.stderr))
    if outcome.is_main:
        text = f"trained {outcome.steps} steps; weights in {outcome.weights}"
        print(json.dumps(outcome.to_json()) if args.json else text)
    return 0


def _request(args: argparse.Namespace) -> TrainingRequest:
    """Return the training request that the arguments describe.

    Raises InvalidConfig for values that do not fit together.
    """
    from laanet_core.data.dataset import DatasetFiles
    from laanet_core.errors import InvalidConfig
    from laanet_core.modeling.config import ModelConfig, named_config
    from laanet_core.training.config import changed_recipe, changed_values
    from laanet_core.training.run import TrainingRequest

    recipe_changes: list[str] = []
    network_changes: list[str] = []
    for change in args.set:
        if change.startswith(_NETWORK_PREFIX):
            network_changes.append(change.removeprefix(_NETWORK_PREFIX))
        else:
            recipe_changes.append(change)
    if args.init and network_changes:
        raise InvalidConfig(
            f"--init determines the network; {_NETWORK_PREFIX}{network_changes[0]} cannot change it"
        )
    network = ModelConfig.from_dict(changed_values(named_config(args.model).to_dict(), network_changes))
    return TrainingRequest(
        folder=args.run,
        data=data_files(args),
        config=changed_recipe(args.recipe, recipe_changes, args.seed),
        network=None if args.init else network,
        initial_weights=args.init,
        backbone_weights=args.backbone_weights,
        replay=None if args.replay is None else DatasetFiles(args.replay),
        device=args.device,
        workers=args.workers,
        threads=args.threads,
        compiled=args.compile,
        checkpoint_every=args.checkpoint_every,
    )
