"""`rollback`: let an earlier champion answer again, its weights and thresholds byte for byte what they were."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "rollback", help="take the last change of champion back", description=__doc__
    )
    parser.add_argument(
        "--to",
        metavar="VERSION",
        help="not the one before the last change but this one, which answered before",
    )
    parser.add_argument("--by", required=True, metavar="NAME", help="the admin who does it")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records, versions_of

    with open_records(settings, upgrade=False) as records:
        versions = versions_of(records, settings)
        standing = versions.rollback(args.by, args.to)
    outcome = {
        "champion": standing.version,
        "sha256": standing.sha256,
        "config_sha256": standing.config_sha256,
    }
    print(
        json.dumps(outcome) if args.json else f"{standing.version} answers again (sha256 {standing.sha256})"
    )
    return 0
