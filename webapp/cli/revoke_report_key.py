"""`revoke-report-key`: declare that others may have a key. No report that it signed is authentic any more."""

from __future__ import annotations

import argparse

from webapp.cli import key_output
from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "revoke-report-key",
        help="declare a key that signed reports untrusted",
        description=f"{__doc__} The present key is replaced, too.",
    )
    parser.add_argument(
        "kid",
        metavar="KID",
        help="thumbprint of the key, as `verify-report` and /.well-known/laanet-lens-keys.json show it; "
        "put -- before one that begins with -",
    )
    key_output.add_options(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.bootstrap.report_keys import revoke

    with open_records(settings, upgrade=False) as records:
        keys = revoke(settings, records.audit, args.kid, prints=args.print_secret)
    present = keys.public.keys[0].kid
    key_output.print_keys(
        args,
        keys,
        f"no report of key {args.kid} is authentic any more; reports are signed with key {present}",
    )
    return 0
