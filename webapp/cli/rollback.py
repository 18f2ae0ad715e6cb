"""`rollback`: make an earlier champion the champion again, with the same files byte for byte."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("rollback", help="undo the last change of champion", description=__doc__)
    parser.add_argument(
        "--to",
        metavar="VERSION",
        help="restore this earlier champion instead of the one before the last change",
    )
    parser.add_argument("--by", required=True, metavar="NAME", help="the admin who confirms it")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records, versions_of

    with open_records(settings, upgrade=False) as records:
        champion = versions_of(records, settings).rollback(args.by, args.to)
    outcome = {
        "champion": champion.version,
        "sha256": champion.sha256,
        "config_sha256": champion.config_sha256,
    }
    text = f"{champion.version} is the champion again (sha256 {champion.sha256})"
    print(json.dumps(outcome) if args.json else text)
    return 0
