"""`calibrate`: find the temperature and the thresholds of a network on the val split, and write them beside its weights."""

from __future__ import annotations

import argparse
import json

from laanet_core.cli.evaluate import add_evaluation_arguments, item_sets, judge_set


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("calibrate", help="set temperature and thresholds", description=__doc__)
    parser.add_argument(
        "weights", metavar="WEIGHTS_DIR", help="folder whose config.json gets the new decision values"
    )
    add_evaluation_arguments(parser)
    parser.add_argument(
        "--real-called-fake",
        type=float,
        default=0.05,
        help="share of real faces, of each set, that may be called fake (default: %(default)s)",
    )
    parser.add_argument(
        "--fake-called-real",
        type=float,
        default=0.10,
        help="share of fakes, of each set, that may be called real (default: %(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print only, write nothing")


def run(args: argparse.Namespace) -> int:
    import dataclasses
    import math

    import numpy as np

    from laanet_core.evaluation.calibration import (
        choose_common_thresholds,
        expected_calibration_error,
        fit_temperature,
    )
    from laanet_core.evaluation.report import sigmoid, verdict_shares
    from laanet_core.modeling.device import pick_device
    from laanet_core.modeling.loading import load_weights
    from laanet_core.modeling.weights_files import weights_folder, write_decision

    folder = weights_folder(args.weights)
    loaded = load_weights(folder)
    model = loaded.model.to(pick_device(args.device))
    judged = {
        found.name: judge_set(model, loaded.info.sha256, found, args)
        for found in item_sets(args, model.config.input_size)
    }
    by_set = {
        name: (np.array([face.label for face in faces]), np.array([face.fake_logit for face in faces]))
        for name, faces in judged.items()
    }
    labels, logits = (np.concatenate(values) for values in zip(*by_set.values(), strict=True))
    temperature = round(fit_temperature(logits, labels), 4)
    probabilities = {
        name: (labels, sigmoid(logits / temperature)) for name, (labels, logits) in by_set.items()
    }
    real_below, fake_above = choose_common_thresholds(
        list(probabilities.values()),
        fakes_called_real=args.fake_called_real,
        reals_called_fake=args.real_called_fake,
    )
    decision = dataclasses.replace(
        loaded.decision,
        temperature=temperature,
        real_below=math.floor(real_below * 1e4) / 1e4,
        fake_above=math.ceil(fake_above * 1e4) / 1e4,
        calibrated=True,
    )
    if not args.dry_run:
        write_decision(folder, decision)
    before, after = (expected_calibration_error(labels, sigmoid(logits / t)) for t in (1.0, temperature))
    outcome = {
        "faces": len(labels),
        "decision": decision.to_dict(),
        "ece": {"uncalibrated": round(before, 4), "calibrated": round(after, 4)},
        "verdicts": {name: verdict_shares(*values, decision) for name, values in probabilities.items()},
        "written": not args.dry_run,
    }
    print(json.dumps(outcome) if args.json else json.dumps(outcome, indent=2))
    return 0
