"""`rescore`: analyse stored files again with the current model; their receipts show both scores."""

from __future__ import annotations

import argparse
import dataclasses
import json

from webapp.cli.arguments import positive
from webapp.settings import Settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "rescore", help="score stored files with the champion", description=__doc__
    )
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="number of results to score, at most (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning, present_detector
    from webapp.bootstrap.commands import rescoring_service

    with open_learning(settings) as learning:
        detector = present_detector(settings, learning)
        summary = rescoring_service(learning, settings, detector).run(args.limit)
        version = detector.info.version
    text = f"{summary.scored} results were judged again, by {version}"
    print(json.dumps({"by": version, **dataclasses.asdict(summary)}) if args.json else text)
    return 0
