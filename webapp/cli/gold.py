"""`gold`: mark a face of a result as a case with a known answer, which tests the moderators."""

from __future__ import annotations

import argparse
import json

from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("gold", help="mark a case whose answer is known", description=__doc__)
    parser.add_argument("receipt", help="receipt, or its link, of a result of yours whose file is kept")
    parser.add_argument(
        "--face",
        type=int,
        default=1,
        metavar="N",
        help="number of a photo's face or a clip's person, from 1 on; 0: the whole file",
    )
    parser.add_argument("--answer", choices=("real", "fake"), required=True)
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.bootstrap.commands import gold_service

    # In the link of a result the receipt follows the "#".
    receipt = args.receipt.rpartition("#")[2]
    with open_records(settings, upgrade=False) as records:
        case = gold_service(records, settings).mark(receipt, args.face, args.answer)
    print(json.dumps({"case": case, "answer": args.answer}) if args.json else f"case {case}: {args.answer}")
    return 0
