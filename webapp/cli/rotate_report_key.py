"""`rotate-report-key`: replace the key that signs reports. Reports signed with the earlier key stay valid."""

from __future__ import annotations

import argparse
import json

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
    parser.add_argument(
        "--print-secret",
        action="store_true",
        help="print the new key set, with its private key, for LENS_REPORT_KEYS instead of changing the file",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.bootstrap.report_keys import rotate

    with open_records(settings, upgrade=False) as records:
        keys = rotate(settings, records.audit, revoke=args.revoke, prints=args.print_secret)
    if args.print_secret:
        print(keys.to_json())
        return 0
    current, *earlier = keys.public.keys
    if args.json:
        print(json.dumps({"kid": current.kid, "earlier": [key.jwk() for key in earlier]}))
    else:
        fate = "its reports are no longer authentic" if args.revoke else "its reports stay authentic"
        print(f"reports are now signed with key {current.kid}; {earlier[0].kid} is retired, {fate}")
    return 0
