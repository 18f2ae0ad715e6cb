"""`migrate`: bring the database to the tables of this version."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("migrate", help="create or migrate the database", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.db.migrate import newest_version

    with open_records(settings) as records:
        before = records.version
    after = newest_version()
    if args.json:
        print(json.dumps({"from": before, "to": after}))
    elif before == after:
        print(f"the database has version {after} already")
    else:
        print(f"the database has version {after}, before: {before or 'none'}")
    return 0
