"""`export-labels`: export decisions with their provenance. No person is named."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from pathlib import Path

from webapp.settings import Settings

_HELP = (
    "csv; jsonl: with every label; coco: photos, painted regions as RLE; "
    "hf: a folder with the photos for Hugging Face's datasets"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export-labels", help="export the decisions of moderators", description=__doc__
    )
    parser.add_argument("--format", choices=("csv", "jsonl", "coco", "hf"), default="jsonl", help=_HELP)
    parser.add_argument("out", type=Path, metavar="OUT", help="a file (hf: a folder) that is not there yet")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_records
    from webapp.services.moderation.export import LabelExport

    # Moderators may still undo younger decisions.
    delay = timedelta(minutes=settings.decision_delay)
    with open_records(settings, upgrade=False) as records:
        export = LabelExport(records.sessions, records.audit, records.keeping, delay=delay)
        summary = export.write(args.format, args.out)
    text = (
        f"{summary.path}: decisions: {summary.decisions}; "
        f"left out, for lack of a file or of a place in this format: {summary.left_out}"
    )
    print(json.dumps(summary.model_dump(mode="json")) if args.json else text)
    return 0
