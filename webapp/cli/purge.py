"""`purge`: delete the results that are older than LENS_RETENTION_DAYS, from copies and backups too."""

from __future__ import annotations

import argparse
import dataclasses
import json

from webapp.cli.arguments import positive
from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("purge", help="delete old results", description=__doc__)
    parser.add_argument(
        "--days", type=positive, metavar="N", help="older than that, instead of LENS_RETENTION_DAYS"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.domain.errors import Unable

    days = args.days or settings.retention_days
    if not days:
        raise Unable(
            "no_retention", "nothing says how old results may become; set LENS_RETENTION_DAYS or give --days"
        )
    changed_settings = settings.model_copy(update={"retention_days": days})
    with open_records(changed_settings, upgrade=False) as records:
        purge = records.retention.purge()
    text = f"{purge.analyses} results older than {purge.days} days were deleted"
    print(json.dumps(dataclasses.asdict(purge)) if args.json else text)
    return 0
