"""`promote`: let a candidate that passed the gate answer from now on; running servers follow within seconds."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "promote", help="let a candidate take the champion's place", description=__doc__
    )
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument("--by", required=True, metavar="NAME", help="the admin who confirms it")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records, versions_of

    with open_records(settings, upgrade=False) as records:
        versions = versions_of(records, settings)
        standing = versions.promote(args.version, args.by)
        lineage = versions.lineage(standing.version)
    outcome = {
        "champion": standing.version,
        "sha256": standing.sha256,
        "config_sha256": standing.config_sha256,
        "lineage": lineage,
    }
    print(
        json.dumps(outcome) if args.json else f"{' < '.join(lineage)}: {standing.version} answers from now on"
    )
    return 0
