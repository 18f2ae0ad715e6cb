"""`gate`: measure a candidate and the champion on the same ground, and tell whether the candidate may take its place."""

from __future__ import annotations

import argparse
import json
from typing import Any

from webapp.settings import Settings

STOPPED = 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "gate",
        help="tell whether a candidate may be promoted",
        description=f"{__doc__} Exit status 0: it may; {STOPPED}: it may not; 1: it could not be measured.",
    )
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument(
        "--snapshot",
        metavar="ID",
        help="measure on the gold part of this one (default: the one it learned from)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning

    with open_learning(settings) as learning:
        report = learning.gate.judge(args.version, args.snapshot)
    print(json.dumps(report) if args.json else as_text(report))
    return 0 if report["passed"] else STOPPED


def as_text(report: dict[str, Any]) -> str:
    lines = [f"{'':5} {'':44} {report['candidate']['version']:>12} {report['champion']['version']:>12}"]
    for check in report["checks"]:
        figures = [
            ("-" if check[which] is None else f"{check[which]:.4f}") for which in ("candidate", "champion")
        ]
        interval = "" if check["low"] is None else f", difference {check['low']:+.4f} to {check['high']:+.4f}"
        lines.append(
            f"{'ok' if check['passed'] else 'FAILS':5} {check['name']:44} {figures[0]:>12} {figures[1]:>12}  {check['why']}{interval}"
        )
    lines.append("it may be promoted" if report["passed"] else "it may not be promoted")
    return "\n".join(lines)
