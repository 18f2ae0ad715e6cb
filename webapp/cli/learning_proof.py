"""`learning-proof`: let scripted visitors and moderators bring decisions to an installation made for it, learn from them, and measure."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from webapp.settings import Settings

FAILED = 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "learning-proof",
        help="show that decisions make the model better",
        description=f"{__doc__} Exit status {FAILED}: not shown.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="where the installation is made; run again, an interrupted training goes on",
    )
    parser.add_argument(
        "--manifest", type=Path, required=True, help="data with landmarks.npz and packs beside it"
    )
    parser.add_argument(
        "--pack", default="dfdc-dev", help="the pack whose train split arrives (default: %(default)s)"
    )
    parser.add_argument(
        "--weights", required=True, metavar="WEIGHTS", help="weights that were trained on real faces only"
    )
    parser.add_argument("--decisions", type=int, default=600, help="(default: %(default)s)")
    parser.add_argument(
        "--judged", type=int, default=3000, help="faces of each val set, at most (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a value of the recipe finetune",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning, open_records, present_detector
    from webapp.bootstrap.commands import drill_analysis
    from webapp.services.drills.learning_proof import Data, Proof, prove
    from webapp.services.drills.scripted_users import Script

    folder = args.folder.resolve()
    separate = {"data": folder, "database_url": "", "store": "", "store_gb": 10.0, "backups": "", "frames": 1}
    own = settings.model_copy(update=separate | {"weights": args.weights})
    last = [-10]

    def tell(step: int, steps: int) -> None:
        if step >= last[0] + 10:
            print(f"step {step} of {steps}", file=sys.stderr)
            last[0] = step

    with open_learning(own, open_records(own), delay=timedelta(0), lasting=False) as made:
        script = Script(made.records.sessions, drill_analysis(made, present_detector(own, made)))
        proof = Proof(
            script,
            made.snapshots,
            made.versions,
            made.finetuning,
            folder,
            args.decisions,
            args.judged,
            args.seed,
        )
        outcome = prove(proof, Data(args.manifest.resolve(), args.pack), args.set, tell)
    print(json.dumps(outcome) if args.json else as_text(outcome))
    return 0 if outcome["held"] else FAILED


def as_text(outcome: dict[str, Any]) -> str:
    lines = [f"{'shown' if shown else 'NOT':6} {name}" for name, shown in outcome["shown"].items()]
    lines.append(
        f"{outcome['snapshot']['decisions']} decisions, {outcome['minutes']:.1f} minutes of fine-tuning"
    )
    for name in ("pairs", "self_blends"):
        row = outcome[name]
        figures = f"{row['before']:.4f} -> {row['after']:.4f} ({row['difference']:+.4f}, 95 % {row['low']:+.4f} to {row['high']:+.4f})"
        lines.append(f"AUC {name}: {figures}, {row['faces']} faces")
    return "\n".join(lines)
