"""`poison-drill`: poison labels of an installation made for it, and show what each defence did.

The drill makes its own data.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.services.drills.poisoning import DrillInstallation, DrillOutcome, DrillSize

# Exit status if a defence failed
FAILED = 3
# Shares of all labels that are flipped, one condition each
SHARES = (0.0, 0.1, 0.4)
# AUC that 10 % flipped labels may cost
MAX_AUC_LOSS = 0.03


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "poison-drill",
        help="test the defences against poisoned labels",
        description=f"{__doc__} Exit status {FAILED}: a defence failed.",
    )
    parser.add_argument("--small", action="store_true", help="fewer faces and steps")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.services.drills.poisoning import SMALL, DrillSize

    outcome = drill(settings, SMALL if args.small else DrillSize())
    print(outcome.model_dump_json(by_alias=True) if args.json else as_text(outcome))
    return 0 if outcome.passed else FAILED


def drill(settings: Settings, size: DrillSize) -> DrillOutcome:
    """Run all conditions, each in an installation of its own, and report which defences worked."""
    from webapp.services.drills import poisoning

    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        weights, manifest = poisoning.write_initial_data(root)
        flipped = []
        for share in SHARES:
            with open_installation(settings, root / f"flipped{share:g}", weights, manifest) as installation:
                flipped.append(poisoning.flip_labels(installation, size, share))
        with open_installation(settings, root / "puppets", weights, manifest) as installation:
            votes = poisoning.vote_as_sockpuppets(installation, size.votes)
        with open_installation(settings, root / "copies", weights, manifest) as installation:
            copies = poisoning.mislabel_copies(installation, size)
    clean, tenth_flipped, many_flipped = flipped
    auc_loss = clean.auc - tenth_flipped.auc
    defences = {
        "clean labels pass": clean.passed,
        f"10 % flipped stay within {MAX_AUC_LOSS} AUC of clean": auc_loss <= MAX_AUC_LOSS,
        "40 % flipped are stopped by the gate": not many_flipped.passed,
        "puppet votes give no training row": votes.training_rows == 0,
        "mislabelled copies of gold are not learned from": copies.copies > 0 and copies.learned_from == 0,
    }
    return poisoning.DrillOutcome(
        passed=all(defences.values()),
        defences=defences,
        flipped=tuple(flipped),
        sockpuppets=votes,
        copies=copies,
    )


@contextmanager
def open_installation(
    settings: Settings, folder: Path, weights: Path, manifest: Path
) -> Iterator[DrillInstallation]:
    """Open an installation in `folder` with these weights; its gate also measures the data set `manifest`."""
    from webapp.bootstrap import open_learning, open_records
    from webapp.services.drills import poisoning

    # The drill has a database and a media store of its own in the folder.
    separate = {"data": folder, "database_url": "", "store": "", "store_gb": 1.0, "backups": "", "frames": 1}
    gate = {"gate_manifests": (manifest,), "gate_corruptions": ("jpeg:50",)}
    # One thread gives the same weights on any number of cores.
    training = {"weights": str(weights), "device": "cpu", "finetune_threads": 1}
    own_settings = settings.model_copy(update=separate | gate | training)
    with open_learning(
        own_settings,
        open_records(own_settings),
        landmarks=lambda: poisoning.find_landmarks,
        delay=timedelta(0),
        limits=poisoning.LIMITS,
        trainer_survives=False,
    ) as learning:
        yield poisoning.DrillInstallation(
            folder=folder,
            sessions=learning.records.sessions,
            keeping=learning.records.keeping,
            snapshots=learning.snapshots,
            finetuning=learning.finetuning,
            gate=learning.gate,
        )


def as_text(outcome: DrillOutcome) -> str:
    """Return the defences, one per line, and the figures of each condition."""
    lines = [f"{'held' if passed else 'FAILED':7} {name}" for name, passed in outcome.defences.items()]
    for row in outcome.flipped:
        verdict = "passed the gate" if row.passed else f"stopped by {', '.join(row.failed_checks)}"
        lines.append(
            f"{row.share:7.0%} of all labels flipped: AUC {row.auc:.3f} against the truth on gold; {verdict}"
        )
    votes = outcome.sockpuppets
    lines.append(f"{votes.votes} puppet votes: {votes.training_rows} training rows")
    copies = outcome.copies
    lines.append(f"{copies.copies} mislabelled copies of gold: {copies.learned_from} learned from")
    return "\n".join(lines)
