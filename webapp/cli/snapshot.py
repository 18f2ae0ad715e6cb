"""`snapshot`: freeze the decided cases, for fine-tuning and measuring."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("snapshot", help="freeze the decided cases", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the newest snapshots instead")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning

    with open_learning(settings) as learning:
        if args.list:
            summaries = learning.snapshots.summaries()
            print(json.dumps([summary.model_dump(mode="json") for summary in summaries]))
            return 0
        snapshot = learning.snapshots.freeze()
    counts = ", ".join(f"{count} {split}" for split, count in snapshot.splits.items())
    text = f"{snapshot.public_id}: {snapshot.real} real, {snapshot.fake} fake; {counts}"
    print(json.dumps(snapshot.to_json()) if args.json else text)
    return 0
