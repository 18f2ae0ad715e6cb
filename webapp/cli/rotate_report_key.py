"""`rotate-report-key`: replace the key that signs reports. Reports signed with the earlier key stay valid."""

from __future__ import annotations

import argparse

from webapp.cli import key_output
from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "rotate-report-key", help="replace the key that signs reports", description=__doc__
    )
    parser.add_argument(
        "--revoke",
        action="store_true",
        help="others may have the earlier key: no report that it signed is authentic any more",
    )
    key_output.add_options(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.bootstrap.report_keys import rotate

    with open_records(settings, upgrade=False) as records:
        keys = rotate(settings, records.audit, revoke=args.revoke, prints=args.print_secret)
    current, earlier = keys.public.keys[:2]
    fate = "its reports are no longer authentic" if args.revoke else "its reports stay authentic"
    sentence = f"reports are now signed with key {current.kid}; {earlier.kid} is retired, {fate}"
    key_output.print_keys(args, keys, sentence)
    return 0
