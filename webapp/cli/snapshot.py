"""`snapshot`: freeze what is decided by now, to learn from it and to measure on it."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("snapshot", help="freeze what is decided by now", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the newest snapshots instead")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning

    with open_learning(settings) as learning:
        if args.list:
            print(json.dumps(learning.snapshots.listed()))
            return 0
        frozen = learning.snapshots.freeze()
    counts = ", ".join(f"{number} {part}" for part, number in frozen.parts.items())
    print(
        json.dumps(frozen.to_json())
        if args.json
        else f"{frozen.public_id}: {frozen.real} real, {frozen.fake} fake; {counts}"
    )
    return 0
