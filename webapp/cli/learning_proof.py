"""`learning-proof`: show that scripted users' decisions improve the model, in an installation made for it."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.cli.finetune import StepPrinter
from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.services.drills.learning_proof import ProofOutcome

# Exit status if a criterion was not met
FAILED = 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "learning-proof",
        help="show that decisions improve the model",
        description=f"{__doc__} Exit status {FAILED}: not shown.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="folder of the installation; the same command resumes an interrupted training",
    )
    parser.add_argument(
        "--manifest", type=Path, required=True, help="data with landmarks.npz and packs beside it"
    )
    parser.add_argument(
        "--pack", default="dfdc-dev", help="the pack whose train split is uploaded (default: %(default)s)"
    )
    parser.add_argument(
        "--weights", required=True, metavar="WEIGHTS", help="weights that were trained on real faces only"
    )
    parser.add_argument(
        "--decisions", type=int, default=600, help="cases that are decided (default: %(default)s)"
    )
    parser.add_argument(
        "--judged",
        type=int,
        default=3000,
        metavar="N",
        help="faces of each val set that are scored, at most (default: %(default)s)",
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
    from webapp.services.drills.learning_proof import ProofData, ProofInstallation, prove
    from webapp.services.drills.scripted_users import ScriptedUsers

    folder = args.folder.resolve()
    # The proof has a database and a media store of its own in the folder.
    changes = {
        "data": folder,
        "database_url": "",
        "store": "",
        "store_gb": 10.0,
        "backups": "",
        "frames": 1,
        "weights": args.weights,
    }
    own_settings = settings.model_copy(update=changes)
    records = open_records(own_settings)
    with open_learning(own_settings, records, delay=timedelta(0), trainer_survives=False) as learning:
        analysis = drill_analysis(learning, present_detector(own_settings, learning))
        installation = ProofInstallation(
            users=ScriptedUsers(learning.records.sessions, analysis),
            snapshots=learning.snapshots,
            versions=learning.versions,
            finetuning=learning.finetuning,
            folder=folder,
            decisions=args.decisions,
            max_faces=args.judged,
            seed=args.seed,
        )
        data = ProofData(args.manifest.resolve(), args.pack)
        outcome = prove(installation, data, args.set, StepPrinter(every=10))
    print(outcome.model_dump_json(by_alias=True) if args.json else as_text(outcome))
    return 0 if outcome.passed else FAILED


def as_text(outcome: ProofOutcome) -> str:
    """Return the criteria, one per line, and the figures."""
    lines = [f"{'shown' if is_met else 'NOT':6} {name}" for name, is_met in outcome.criteria.items()]
    lines.append(f"{outcome.snapshot.decisions} decisions, {outcome.minutes:.1f} minutes of fine-tuning")
    for name, auc in (("pairs", outcome.pairs), ("self_blends", outcome.self_blends)):
        interval = f"{auc.difference:+.4f}, 95 % {auc.low:+.4f} to {auc.high:+.4f}"
        lines.append(f"AUC {name}: {auc.before:.4f} -> {auc.after:.4f} ({interval}), {auc.faces} faces")
    return "\n".join(lines)
