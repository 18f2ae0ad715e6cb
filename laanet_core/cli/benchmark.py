"""`benchmark`: measure this machine: how fast faces and clips are judged, with what part of its arithmetic; and how fast training runs."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laanet_core.cli.arguments import positive
from laanet_core.cli.train import add_data_arguments, read_data

if TYPE_CHECKING:
    from laanet_core.training.config import Precision


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "benchmark", help="measure how fast judging and training run on this machine", description=__doc__
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--weights",
        default="starter",
        help="starter, a folder, or hf://owner/repo@revision (default: %(default)s)",
    )
    what.add_argument(
        "--config",
        "--model",
        metavar="NAME",
        help="a named configuration with random weights instead, such as laanet-b4",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument(
        "--rounds",
        type=positive,
        default=7,
        help="rounds in which every way has its turn (default: %(default)s)",
    )
    parser.add_argument("--clip", type=Path, metavar="FILE", help="also measure judging this clip")
    parser.add_argument(
        "--frames", type=positive, default=32, help="frames judged of the clip (default: %(default)s)"
    )
    parser.add_argument(
        "--training", action="store_true", help="measure training: the step, and with --manifest making pairs"
    )
    add_data_arguments(parser, required=False)
    parser.add_argument(
        "--batch-pairs", type=positive, default=16, help="pairs in a step (default: %(default)s)"
    )
    parser.add_argument(
        "--pairs", type=positive, default=100, help="pairs made in each of five rounds (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--compile",
        action="store_true",
        help="also measure the step through torch.compile (minutes to start)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in one line")


def run(args: argparse.Namespace) -> int:
    from laanet_core.evaluation import hardware as machine
    from laanet_core.modeling.device import pick_device

    device = str(pick_device(args.device))
    outcome: dict[str, Any] = {"device": device, "machine": machine.describe()}
    outcome.update(_training(args, device) if args.training or args.manifest else _judging(args, device))
    outcome["peak_memory_mb"] = round(machine.peak_memory())
    print(json.dumps(outcome) if args.json else json.dumps(outcome, indent=2))
    return 0


def _judging(args: argparse.Namespace, device: str) -> dict[str, Any]:
    from laanet_core.evaluation import inference_speed as judging_speed
    from laanet_core.inference.detector import Detector

    loaded = _loaded(args)
    config = loaded.model.config
    outcome: dict[str, Any] = {
        "model": config.name,
        "weights": loaded.info.version,
        "input_size": config.input_size,
    }
    outcome["one_face"] = judging_speed.compare(loaded.model.to(device), rounds=args.rounds)
    detector = Detector(loaded, device)
    outcome["runtime"] = detector.runtime.to_json()
    outcome["faces_per_second"] = judging_speed.by_batch(
        detector, (1, 8, 32), rounds=max(args.rounds // 2, 1)
    )
    if args.clip:
        outcome["clip"] = judging_speed.clip(
            detector, args.clip, frames=args.frames, rounds=max(args.rounds // 2, 1)
        )
    return outcome


def _loaded(args: argparse.Namespace) -> Any:
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
    return LoadedWeights(model, DecisionConfig(), ModelInfo(args.config, "random", ""), {})


def _training(args: argparse.Namespace, device: str) -> dict[str, Any]:
    from laanet_core.evaluation.training_speed import step_speed
    from laanet_core.modeling.config import named_config

    model = named_config(args.config or "laanet-lite")
    outcome: dict[str, Any] = {"model": model.name, "input_size": model.input_size}
    if args.manifest is not None:
        outcome["pairs_on_one_core"] = _pairs(args, model.input_size)
    steps: dict[str, float] = {}
    ways: list[tuple[Precision, bool]] = [("float32", False), ("bfloat16", False)]
    if args.compile:
        ways.append(("float32", True))
    for precision, compiled in ways:
        speed = step_speed(
            model, precision=precision, batch_pairs=args.batch_pairs, device=device, compiled=compiled
        )
        steps[f"{precision}{' compiled' if compiled else ''}"] = speed.per_second
    outcome["images_a_second_in_training"] = steps
    return outcome


def _pairs(args: argparse.Namespace, size: int) -> dict[str, Any]:
    from laanet_core.evaluation.training_speed import pair_speed
    from laanet_core.training.config import RECIPES
    from laanet_core.training.pairs import UnitSource

    samples, store = read_data(args, "train")
    rows: dict[str, Any] = {}
    for name, recipe in RECIPES.items():
        source = UnitSource(samples, store, size=size, material=recipe.material, seed=args.seed)
        rows[name] = dataclasses.asdict(pair_speed(source, args.pairs))
    return rows
