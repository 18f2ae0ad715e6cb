"""`export`: a finished run becomes weights to hand on: half precision, with where they come from in their config.json."""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export", help="turn a training run into weights to hand on", description=__doc__
    )
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="a folder that `train` wrote")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    parser.add_argument("--version", required=True, help="what these weights call themselves, such as 1.0")
    parser.add_argument(
        "--commit", help="revision of the training code (default: that of the git checkout this code lies in)"
    )
    parser.add_argument(
        "--parent", metavar="WEIGHTS", help="the weights that the run was begun from with --init"
    )
    parser.add_argument("--full-precision", action="store_true", help="keep float32 instead of float16")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace) -> int:
    from laanet_core.modeling.loading import load_weights, save_weights
    from laanet_core.training.trainer import WEIGHTS

    loaded = load_weights(args.run / WEIGHTS)
    training = _read_training(args.run / "config.json")
    card: dict[str, Any] = {
        "trained_as": loaded.info.version,
        "training": training,
        "seed": training["seed"],
        **_code(args.commit),
    }
    if args.parent:
        parent = load_weights(args.parent)
        card["parent"] = {**parent.info.to_json(), **parent.card}
    info = save_weights(
        loaded.model,
        args.folder,
        decision=loaded.decision,
        version=args.version,
        card=card,
        half=not args.full_precision,
    )
    outcome = {"weights": str(args.folder), "version": info.version, "sha256": info.sha256}
    print(
        json.dumps(outcome)
        if args.json
        else f"{info.name} {info.version} ({info.sha256[:12]}) in {args.folder}; calibrate it next"
    )
    return 0


def _read_training(file: Path) -> dict[str, Any]:
    from laanet_core.errors import InvalidConfig

    try:
        training: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["training"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidConfig(f"{file.parent.name} is not a training run: no usable {file.name}") from error
    return training


def _code(commit: str | None) -> dict[str, str]:
    """The commit, and the hash of the package's tree in it, which stays when a commit is rebased."""
    if commit is not None:
        return {"commit": commit}
    here = Path(__file__).resolve().parents[1]
    try:
        names = {"commit": "HEAD", "code_tree": f"HEAD:./{here.name}"}
        return {name: _git("rev-parse", revision, folder=here.parent) for name, revision in names.items()}
    except (OSError, subprocess.CalledProcessError) as error:
        from laanet_core.errors import InvalidConfig

        raise InvalidConfig("this code lies in no git checkout; name its revision with --commit") from error


def _git(*arguments: str, folder: Path) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
