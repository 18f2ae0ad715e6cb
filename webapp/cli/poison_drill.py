"""`poison-drill`: lie to an installation made for it, and show what each defence did. Needs no data and touches none."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.services.drills.poisoning import Installation

FAILED = 3
SHARES = (0.0, 0.1, 0.4)
MAY_DIFFER = 0.03  # AUC between 10 % flipped and none


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "poison-drill",
        help="show what poisoned labels do",
        description=f"{__doc__} Exit status {FAILED}: a defence did not hold.",
    )
    parser.add_argument("--small", action="store_true", help="fewer faces and steps")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.services.drills.poisoning import SMALL, Size

    outcome = drill(settings, SMALL if args.small else Size())
    print(json.dumps(outcome) if args.json else as_text(outcome))
    return 0 if outcome["held"] else FAILED


def drill(settings: Settings, size: Any) -> dict[str, Any]:
    """All conditions, each in an installation of its own, and whether every defence held."""
    from webapp.services.drills import poisoning as poison

    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        weights, other = poison.prepare(root)
        flips = []
        for share in SHARES:
            with _installed(settings, root / f"flipped{share:g}", weights, other) as made:
                flips.append(poison.flipped(made, size, share))
        with _installed(settings, root / "puppets", weights, other) as made:
            votes = poison.puppets(made, size.votes)
        with _installed(settings, root / "copies", weights, other) as made:
            alike = poison.copies(made, size)
    clean, some, many = flips
    held = {
        "clean labels pass": clean["passed"],
        f"10 % flipped stay within {MAY_DIFFER} AUC of clean": clean["auc"] - some["auc"] <= MAY_DIFFER,
        "40 % flipped are stopped by the gate": not many["passed"],
        "puppet votes give no training row": votes["training_rows"] == 0,
        "mislabelled copies of gold are not learned from": alike["copies"] > 0 and alike["learned_from"] == 0,
    }
    return {"held": all(held.values()), "defences": held, "flipped": flips, "puppets": votes, "copies": alike}


@contextmanager
def _installed(settings: Settings, folder: Path, weights: Path, other: Path) -> Iterator[Installation]:
    from webapp.bootstrap import open_learning, open_records
    from webapp.services.drills import poisoning as poison

    separate = {"data": folder, "database_url": "", "store": "", "store_gb": 1.0, "backups": "", "frames": 1}
    gate = {"gate_manifests": (other,), "gate_corruptions": ("jpeg:50",)}
    # One thread gives the same weights on any number of cores.
    training = {"weights": str(weights), "device": "cpu", "finetune_threads": 1}
    own = settings.model_copy(update=separate | gate | training)
    rules, find = poison.RULES, poison.find_landmarks
    with open_learning(
        own, open_records(own), landmarks=lambda: find, delay=timedelta(0), rules=rules, lasting=False
    ) as made:
        records = made.records
        yield poison.Installation(
            folder, records.sessions, records.keeping, made.snapshots, made.finetuning, made.gate
        )


def as_text(outcome: dict[str, Any]) -> str:
    lines = [f"{'held' if held else 'FAILED':7} {name}" for name, held in outcome["defences"].items()]
    for row in outcome["flipped"]:
        stopped = "passed the gate" if row["passed"] else f"stopped by {', '.join(row['failed'])}"
        lines.append(
            f"{row['share']:7.0%} of all labels flipped: AUC {row['auc']:.3f} against the truth on gold; {stopped}"
        )
    lines.append(
        f"{outcome['puppets']['votes']} puppet votes: {outcome['puppets']['training_rows']} training rows"
    )
    lines.append(
        f"{outcome['copies']['copies']} mislabelled copies of gold: {outcome['copies']['learned_from']} learned from"
    )
    return "\n".join(lines)
