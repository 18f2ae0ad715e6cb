"""`restore`: make the database from a backup. Move an existing database away first."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("restore", help="make the database from a backup", description=__doc__)
    parser.add_argument(
        "backup",
        nargs="?",
        default="latest",
        metavar="BACKUP",
        help="a path, or latest (default) in LENS_BACKUPS",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import restore

    name = restore(settings, args.backup)
    print(json.dumps({"restored": name}) if args.json else f"the database was restored from {name}")
    return 0
