"""`finetune`: train a candidate on the moderators' decisions. The same command resumes an interrupted run."""

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
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--snapshot", metavar="ID", help="learn from this snapshot (default: the newest that is not stale)"
    )
    action.add_argument(
        "--new-snapshot", action="store_true", help="freeze the decided cases first, and learn from them"
    )
    action.add_argument("--run", metavar="ID", help="start or resume this run")
    action.add_argument("--cancel", metavar="RUN", help="cancel a run")
    action.add_argument("--list", action="store_true", help="print the newest runs")
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="MANIFEST",
        help="replay this data set, so that the model does not forget it (default: LENS_REPLAY)",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="short for --set steps=N")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a value of the recipe, as in `laanet_core train`",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning

    with open_learning(settings) as learning:
        if args.list:
            summaries = learning.finetuning.summaries()
            print(json.dumps([summary.model_dump(mode="json") for summary in summaries]))
            return 0
        if args.cancel:
            learning.finetuning.cancel(args.cancel)
            print(json.dumps({"cancelled": args.cancel}) if args.json else f"{args.cancel} is cancelled")
            return 0
        public_id = args.run or _prepare(args, learning, args.replay or settings.replay)
        candidate = learning.finetuning.train_candidate(public_id, StepPrinter())
    outcome = {
        "run": public_id,
        "version": candidate.version,
        "sha256": candidate.sha256,
        "folder": str(candidate.folder),
    }
    text = f"{candidate.version} is a candidate; next: python -m webapp gate {candidate.version}"
    print(json.dumps(outcome) if args.json else text)
    return 0


class StepPrinter:
    """Progress callback that prints one line on standard error every `every` steps of a training."""

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._last = -every

    def __call__(self, step: int, steps: int) -> None:
        """Print the step if it is `every` steps from the last printed one."""
        # The difference is negative after a new run has started at 0.
        if abs(step - self._last) >= self._every:
            print(f"step {step} of {steps}", file=sys.stderr)
            self._last = step


def _prepare(args: argparse.Namespace, learning: Learning, replay: Path | None) -> str:
    """Return the id of the unfinished run with these arguments, or of a new one.

    With --new-snapshot, a snapshot is frozen first.
    """
    from webapp.services.training.run_store import RunSpec

    if args.new_snapshot:
        snapshot = learning.snapshots.freeze()
        print(f"snapshot {json.dumps(snapshot.to_json())}", file=sys.stderr)
        snapshot_id = snapshot.public_id
    else:
        snapshot_id = args.snapshot or learning.snapshots.newest()
    changes = list(args.set)
    if args.steps:
        changes.append(f"steps={args.steps}")
    public_id = learning.finetuning.prepare(RunSpec(snapshot_id, replay, tuple(changes)))
    print(f"run {public_id}", file=sys.stderr)
    return public_id
