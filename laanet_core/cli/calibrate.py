"""Command `calibrate`: fit the temperature and thresholds of a network and store them with its weights."""

from __future__ import annotations

import argparse
import json

from laanet_core.cli.evaluate import add_evaluation_arguments, manifest_source

_DESCRIPTION = (
    "Fit temperature and thresholds on a manifest's validation split and store them with the weights."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "calibrate", help="fit temperature and thresholds", description=_DESCRIPTION
    )
    parser.add_argument(
        "weights", metavar="WEIGHTS_DIR", help="folder whose config.json receives the new decision values"
    )
    add_evaluation_arguments(parser)
    parser.add_argument(
        "--real-called-fake",
        type=float,
        default=0.05,
        help="largest share of real faces, in each set, called fake (default: %(default)s)",
    )
    parser.add_argument(
        "--fake-called-real",
        type=float,
        default=0.10,
        help="largest share of fakes, in each set, called real (default: %(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print only, write nothing")


def run(args: argparse.Namespace) -> int:
    from laanet_core.evaluation.calibration import ErrorLimits
    from laanet_core.evaluation.run import EvaluationOptions, calibrate_weights
    from laanet_core.modeling.loading import load_weights
    from laanet_core.modeling.weights_files import weights_folder, write_decision

    folder = weights_folder(args.weights)
    options = EvaluationOptions(device=args.device, flip=not args.no_flip, seed=args.seed, cache=args.kept)
    limits = ErrorLimits(real_called_fake=args.real_called_fake, fake_called_real=args.fake_called_real)
    calibration = calibrate_weights(load_weights(folder), manifest_source(args), limits, options)
    if not args.dry_run:
        write_decision(folder, calibration.decision)
    outcome = {**calibration.to_json(), "written": not args.dry_run}
    indent = None if args.json else 2
    print(json.dumps(outcome, indent=indent))
    return 0
