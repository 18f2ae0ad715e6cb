"""`verify-audit`: verify every entry of the audit log, and that it contains known heads."""

from __future__ import annotations

import argparse
import json
import sys

from webapp.cli.arguments import head
from webapp.domain.errors import BrokenAudit
from webapp.settings import Settings

# Exit status if the log was tampered with
BROKEN = 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "verify-audit",
        help="check the audit log, and print its head for safekeeping",
        description=f"{__doc__} Exit status 0: intact; {BROKEN}: tampered with; 1: it could not be checked.",
    )
    parser.add_argument(
        "--head",
        type=head,
        metavar="HEX",
        help="a head that this command printed earlier, and which the log must still contain",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Verify the log. A broken log is reported on standard error and, with --json, on standard output too."""
    from webapp.bootstrap import open_records

    try:
        with open_records(settings, upgrade=False) as records:
            verified = records.audit.verify(args.head)
    except BrokenAudit as error:
        if args.json:
            print(json.dumps({"intact": False, "error": {"code": error.code, "message": error.message}}))
        print(f"error: {error.code}: {error.message}", file=sys.stderr)
        return BROKEN
    if args.json:
        stored_number = None if verified.stored_head is None else verified.stored_head.number
        outcome = {
            "intact": True,
            "entries": verified.head.number,
            "head": verified.head.hash,
            "kept": stored_number,
        }
        print(json.dumps(outcome))
    else:
        print(f"{verified.head.number} entries, each as it was written. Keep this head elsewhere:")
        print(verified.head.hash)
    if verified.stored_head is None:
        print(
            f"there is no {settings.audit_head}: "
            "only a head kept elsewhere shows whether entries are missing at the end",
            file=sys.stderr,
        )
    return 0
