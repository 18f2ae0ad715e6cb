"""Command `export`: export a training run's weights in half precision, with their origin."""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

_DESCRIPTION = "Export the weights of a training run in half precision, with their origin in config.json."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export", help="export a training run's weights for publication", description=_DESCRIPTION
    )
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="a folder that `train` wrote")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="receives the exported weights")
    parser.add_argument("--version", required=True, help="version of the exported weights, such as 1.0")
    parser.add_argument(
        "--commit", help="revision of the training code (default: that of the git checkout of this code)"
    )
    parser.add_argument(
        "--parent", metavar="WEIGHTS", help="the weights that the run started from with --init"
    )
    parser.add_argument(
        "--average-with",
        metavar="WEIGHTS",
        help="export the mean of the run's weights and these (model soup)",
    )
    parser.add_argument(
        "--share",
        type=float,
        default=0.5,
        help="weight in [0, 1] of --average-with in the mean (default: %(default)s)",
    )
    parser.add_argument("--full-precision", action="store_true", help="keep float32 instead of float16")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core.modeling.averaging import average_networks
    from laanet_core.modeling.loading import load_weights, save_weights
    from laanet_core.training.trainer import CONFIG, WEIGHTS

    weights = load_weights(args.run / WEIGHTS)
    training = _read_training(args.run / CONFIG)
    card: dict[str, Any] = {
        "trained_as": weights.info.version,
        "training": training,
        "seed": training["seed"],
        **_code_revision(args.commit),
    }
    if args.parent:
        parent = load_weights(args.parent)
        card["parent"] = {**dataclasses.asdict(parent.info), **parent.card}
    model = weights.model
    if args.average_with:
        other = load_weights(args.average_with)
        model = average_networks(model, other.model, args.share)
        card["averaged_with"] = {**dataclasses.asdict(other.info), "share": args.share}
    info = save_weights(
        model,
        args.folder,
        decision=weights.decision,
        version=args.version,
        card=card,
        half=not args.full_precision,
    )
    outcome = {"weights": str(args.folder), "version": info.version, "sha256": info.sha256}
    text = f"{info.name} {info.version} ({info.sha256[:12]}) in {args.folder}; run `calibrate` next"
    print(json.dumps(outcome) if args.json else text)
    return 0


def _read_training(file: Path) -> dict[str, Any]:
    """Return the training configuration of a run. Raises InvalidConfig if the file has none."""
    from laanet_core.errors import InvalidConfig

    try:
        training: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["training"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidConfig(f"{file.parent.name} is not a training run: no usable {file.name}") from error
    return training


def _code_revision(commit: str | None) -> dict[str, str]:
    """Return the commit of this code and the hash of the package's tree in that commit.

    A rebase changes the commit but not the hash of the tree. A given `commit` is returned alone. Raises
    InvalidConfig if `commit` is None and this code lies in no git checkout.
    """
    if commit is not None:
        return {"commit": commit}
    package = Path(__file__).resolve().parents[1]
    revisions = {"commit": "HEAD", "code_tree": f"HEAD:./{package.name}"}
    try:
        return {key: _git("rev-parse", name, folder=package.parent) for key, name in revisions.items()}
    except (OSError, subprocess.CalledProcessError) as error:
        from laanet_core.errors import InvalidConfig

        raise InvalidConfig("this code lies in no git checkout; name its revision with --commit") from error


def _git(*arguments: str, folder: Path) -> str:
    """Run git in a folder and return its output. Raises CalledProcessError if git fails."""
    command = ["git", *arguments]
    process = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return process.stdout.strip()
