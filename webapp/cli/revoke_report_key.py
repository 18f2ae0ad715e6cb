"""`revoke-report-key`: declare that others may have a key. No report that it signed is authentic any more."""

from __future__ import annotations

import argparse
import json

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
    parser.add_argument(
        "--print-secret",
        action="store_true",
        help="print the new key set, with its private key, for LENS_REPORT_KEYS instead of changing the file",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.bootstrap.report_keys import revoke

    with open_records(settings, upgrade=False) as records:
        keys = revoke(settings, records.audit, args.kid, prints=args.print_secret)
    if args.print_secret:
        print(keys.to_json())
        return 0
    current, *earlier = keys.public.keys
    if args.json:
        print(json.dumps({"kid": current.kid, "earlier": [key.jwk() for key in earlier]}))
    else:
        print(f"no report of key {args.kid} is authentic any more; reports are signed with key {current.kid}")
    return 0
