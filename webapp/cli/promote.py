"""`promote`: make a candidate that passed the gate the champion. Running servers load it within seconds."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "promote", help="make a candidate that passed the gate the champion", description=__doc__
    )
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument("--by", required=True, metavar="NAME", help="the admin who confirms it")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records, versions_of

    with open_records(settings, upgrade=False) as records:
        versions = versions_of(records, settings)
        champion = versions.promote(args.version, args.by)
        lineage = versions.lineage(champion.version)
    outcome = {
        "champion": champion.version,
        "sha256": champion.sha256,
        "config_sha256": champion.config_sha256,
        "lineage": lineage,
    }
    text = f"{champion.version} is the champion; ancestry: {' < '.join(lineage)}"
    print(json.dumps(outcome) if args.json else text)
    return 0
