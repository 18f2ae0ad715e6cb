"""Command `benchmark`: measure the speed of inference or of training on this machine."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laanet_core.cli.arguments import DEVICE_HELP, WEIGHTS_HELP, add_data_arguments, data_files, positive

if TYPE_CHECKING:
    from laanet_core.modeling.loading import LoadedWeights
    from laanet_core.training.config import TrainingPrecision

# Faces per call of the detector for which the throughput is measured.
BATCH_SIZES = (1, 8, 32)

_DESCRIPTION = (
    "Measure how fast this machine scores faces and clips, and what part of its arithmetic that uses; "
    "or how fast it trains."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "benchmark", help="measure the speed of inference or training", description=_DESCRIPTION
    )
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--weights", default="starter", help=WEIGHTS_HELP)
    network.add_argument(
        "--config",
        "--model",
        metavar="NAME",
        help="a named configuration with random weights instead, such as laanet-b4",
    )
    parser.add_argument("--device", default="auto", help=DEVICE_HELP)
    parser.add_argument(
        "--rounds",
        type=positive,
        default=7,
        help="rounds; each runtime is measured once per round (default: %(default)s)",
    )
    parser.add_argument("--clip", type=Path, metavar="FILE", help="also measure the analysis of this clip")
    parser.add_argument(
        "--frames", type=positive, default=32, help="analysed frames of the clip (default: %(default)s)"
    )
    parser.add_argument(
        "--training",
        action="store_true",
        help="measure training: the step, and with --manifest also making training pairs",
    )
    add_data_arguments(parser, required=False)
    parser.add_argument(
        "--batch-pairs", type=positive, default=16, help="pairs in a step (default: %(default)s)"
    )
    parser.add_argument(
        "--pairs", type=positive, default=100, help="pairs made in each of five rounds (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of random weights and training pairs (default: %(default)s)"
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help="also measure the step through torch.compile (minutes to start)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in one line")


def run(args: argparse.Namespace) -> int:
    from laanet_core.evaluation import hardware
    from laanet_core.modeling.device import pick_device

    device = str(pick_device(args.device))
    outcome: dict[str, Any] = {"device": device, "machine": hardware.describe()}
    if args.training or args.manifest:
        outcome.update(_training_speed(args, device))
    else:
        outcome.update(_inference_speed(args, device))
    outcome["peak_memory_mb"] = round(hardware.peak_memory())
    indent = None if args.json else 2
    print(json.dumps(outcome, indent=indent))
    return 0


def _inference_speed(args: argparse.Namespace, device: str) -> dict[str, Any]:
    """Return the inference part of the outcome."""
    from laanet_core.evaluation import inference_speed
    from laanet_core.inference.detector import Detector

    weights = _load(args)
    config = weights.model.config
    # Measurements of the whole detector take longer than those of one face.
    fewer_rounds = max(args.rounds // 2, 1)
    outcome: dict[str, Any] = {
        "model": config.name,
        "weights": weights.info.version,
        "input_size": config.input_size,
        "one_face": inference_speed.compare_runtimes(weights.model.to(device), rounds=args.rounds),
    }
    detector = Detector(weights, device)
    outcome["runtime"] = dataclasses.asdict(detector.runtime)
    outcome["faces_per_second"] = inference_speed.faces_per_second(detector, BATCH_SIZES, rounds=fewer_rounds)
    if args.clip:
        outcome["clip"] = inference_speed.clip_speed(
            detector, args.clip, frames=args.frames, rounds=fewer_rounds
        )
    return outcome


def _load(args: argparse.Namespace) -> LoadedWeights:
    """Load the named weights, or build the named configuration with random weights."""
    import torch

    from laanet_core.decision import DecisionConfig
    from laanet_core.modeling.config import named_config
    from laanet_core.modeling.laanet import LAANet
    from laanet_core.modeling.loading import LoadedWeights, load_weights
    from laanet_core.results import ModelInfo

    if args.config is None:
        return load_weights(args.weights)
    torch.manual_seed(args.seed)
    model = LAANet(named_config(args.config)).eval()
    info = ModelInfo(name=args.config, version="random", sha256="")
    return LoadedWeights(model=model, decision=DecisionConfig(), info=info, card={})


def _training_speed(args: argparse.Namespace, device: str) -> dict[str, Any]:
    """Return the training part of the outcome."""
    from laanet_core.evaluation.training_speed import step_speed
    from laanet_core.modeling.config import named_config

    model = named_config(args.config or "laanet-lite")
    outcome: dict[str, Any] = {"model": model.name, "input_size": model.input_size}
    if args.manifest is not None:
        outcome["pairs_on_one_core"] = _pair_speed(args, model.input_size)
    # Pairs of a precision and whether torch.compile compiles the network.
    variants: list[tuple[TrainingPrecision, bool]] = [("float32", False), ("bfloat16", False)]
    if args.compile:
        variants.append(("float32", True))
    steps: dict[str, float] = {}
    for precision, compiled in variants:
        speed = step_speed(
            model, precision=precision, batch_pairs=args.batch_pairs, device=device, compiled=compiled
        )
        variant = f"{precision} compiled" if compiled else precision
        steps[variant] = speed.per_second
    outcome["images_a_second_in_training"] = steps
    return outcome


def _pair_speed(args: argparse.Namespace, size: int) -> dict[str, Any]:
    """Measure making training pairs of side `size` in pixels; return the throughput by recipe."""
    from laanet_core.data.dataset import load_dataset
    from laanet_core.evaluation.training_speed import pair_speed
    from laanet_core.training.config import RECIPES
    from laanet_core.training.pairs import PairDataset

    dataset = load_dataset(data_files(args), "train")
    rows: dict[str, Any] = {}
    for name, recipe in RECIPES.items():
        pairs = PairDataset(dataset.samples, dataset.store, size=size, config=recipe.material, seed=args.seed)
        rows[name] = dataclasses.asdict(pair_speed(pairs, args.pairs))
    return rows
