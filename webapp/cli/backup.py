"""`backup`: copy the database while it is in use, check the copy, and delete the oldest backups."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("backup", help="make a backup", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records

    with open_records(settings, upgrade=False) as records:
        backup = records.backups.make()
    if args.json:
        print(json.dumps(backup.document().model_dump(mode="json")))
        return 0
    if backup.restored:
        check = "restored and checked"
    else:
        check = "read to its end; to restore it for a check needs the right CREATEDB"
    print(f"{backup.path} ({backup.bytes} bytes, {check})")
    return 0
