"""`benchmark`: measure this machine. So far: how fast training pairs are made, and how fast the training step is."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from typing import Any

from laanet_core.cli.arguments import positive
from laanet_core.cli.train import add_data_arguments, read_data


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("benchmark", help="measure how fast training runs on this machine", description=__doc__)
    add_data_arguments(parser, required=False)
    parser.add_argument("--model", default="laanet-lite", help="named configuration (default: %(default)s)")
    parser.add_argument("--batch-pairs", type=positive, default=16, help="pairs in a step (default: %(default)s)")
    parser.add_argument("--pairs", type=positive, default=100, help="pairs made in each of five rounds (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--compile", action="store_true", help="also measure the step through torch.compile (minutes to start)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core import benchmark
    from laanet_core.config import named_config
    from laanet_core.devices import pick_device

    model, device = named_config(args.model), str(pick_device(args.device))
    outcome: dict[str, Any] = {"model": model.name, "input_size": model.input_size, "device": device, "machine": benchmark.machine()}
    if args.manifest is None:
        print("note: without --manifest only the training step is measured", file=sys.stderr)
    else:
        outcome["pairs_on_one_core"] = _pairs(args, model.input_size)
    steps = {}
    for precision, compiled in [("float32", False), ("bfloat16", False), *([("float32", True)] if args.compile else [])]:
        speed = benchmark.step_speed(model, precision=precision, batch_pairs=args.batch_pairs, device=device, compiled=compiled)  # type: ignore[arg-type]
        steps[f"{precision}{' compiled' if compiled else ''}"] = speed.per_second
    outcome["images_a_second_in_training"] = steps
    print(json.dumps(outcome) if args.json else json.dumps(outcome, indent=2))
    return 0


def _pairs(args: argparse.Namespace, size: int) -> dict[str, Any]:
    from laanet_core.benchmark import pair_speed
    from laanet_core.recipes import RECIPES
    from laanet_core.units import UnitSource

    samples, store = read_data(args, "train")
    rows: dict[str, Any] = {}
    for name, recipe in RECIPES.items():
        source = UnitSource(samples, store, size=size, material=recipe.material, seed=args.seed)
        rows[name] = dataclasses.asdict(pair_speed(source, args.pairs))
    return rows
