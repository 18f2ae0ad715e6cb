"""`finetune`: learn from what moderators decided, into a candidate; the same command goes on after an interruption."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.bootstrap import Learning


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "finetune", help="fine-tune the model on decided cases", description=__doc__
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--snapshot", metavar="ID", help="learn from this snapshot (default: the newest that is not stale)"
    )
    which.add_argument(
        "--new-snapshot",
        action="store_true",
        help="freeze a snapshot of what is decided by now, and learn from it",
    )
    which.add_argument("--run", metavar="ID", help="carry out this run, or go on with it")
    which.add_argument("--cancel", metavar="RUN", help="let a run end")
    which.add_argument("--list", action="store_true", help="print the newest runs")
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="MANIFEST",
        help="learn from this data set too, lest what was learned before be forgotten (default: LENS_REPLAY)",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="short for --set steps=N")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a value of the recipe, as `laanet_core train`",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning

    with open_learning(settings) as learning:
        if args.list:
            print(json.dumps(learning.finetuning.listed()))
            return 0
        if args.cancel:
            learning.finetuning.cancel(args.cancel)
            print(json.dumps({"cancelled": args.cancel}) if args.json else f"{args.cancel} is cancelled")
            return 0
        public_id = args.run or _prepare(args, learning, args.replay or settings.replay)
        last = [-1]

        def tell(step: int, steps: int) -> None:
            if step != last[0]:
                print(f"step {step} of {steps}", file=sys.stderr)
                last[0] = step

        standing = learning.finetuning.carry_out(public_id, tell)
    outcome = {
        "run": public_id,
        "version": standing.version,
        "sha256": standing.sha256,
        "folder": str(standing.folder),
    }
    said = f"{standing.version} is a candidate; next: python -m webapp gate {standing.version}"
    print(json.dumps(outcome) if args.json else said)
    return 0


def _prepare(args: argparse.Namespace, learning: Learning, replay: Path | None) -> str:
    from webapp.services.training.finetuning import Wish

    snapshot = args.snapshot
    if args.new_snapshot:
        frozen = learning.snapshots.freeze()
        print(f"snapshot {json.dumps(frozen.to_json())}", file=sys.stderr)
        snapshot = frozen.public_id
    changes = [*args.set, *([f"steps={args.steps}"] if args.steps else [])]
    public_id = learning.finetuning.prepare(Wish(snapshot or learning.snapshots.newest(), replay, changes))
    print(f"run {public_id}", file=sys.stderr)
    return public_id
