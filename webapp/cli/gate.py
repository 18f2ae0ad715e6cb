"""`gate`: compare a candidate with the champion, and report whether it may be promoted."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.services.model_registry.gate_report import GateReport

# Exit status if the gate stopped the candidate
STOPPED = 3
# Widths of the columns of the table: state, name of the check, and a figure of either model.
_STATE_WIDTH = 5
_NAME_WIDTH = 44
_FIGURE_WIDTH = 12


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "gate",
        help="report whether a candidate may be promoted",
        description=f"{__doc__} Exit status 0: it may; {STOPPED}: it may not; 1: it could not be measured.",
    )
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument(
        "--snapshot",
        metavar="ID",
        help="measure on the gold part of this snapshot (default: the one that the candidate learned from)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from webapp.bootstrap import open_learning

    with open_learning(settings) as learning:
        report = learning.gate.evaluate(args.version, args.snapshot)
    print(report.to_json() if args.json else as_text(report))
    return 0 if report.passed else STOPPED


def as_text(report: GateReport) -> str:
    """Return the report as a table with one row per check."""
    versions = f"{report.candidate.version:>{_FIGURE_WIDTH}} {report.champion.version:>{_FIGURE_WIDTH}}"
    lines = [f"{'':{_STATE_WIDTH}} {'':{_NAME_WIDTH}} {versions}"]
    for check in report.checks:
        state = "ok" if check.passed else "FAILS"
        figures = f"{_figure(check.candidate)} {_figure(check.champion)}"
        interval = "" if check.low is None else f", difference {check.low:+.4f} to {check.high:+.4f}"
        row = f"{state:{_STATE_WIDTH}} {check.name:{_NAME_WIDTH}} {figures}"
        lines.append(f"{row}  {check.why}{interval}")
    lines.append("it may be promoted" if report.passed else "it may not be promoted")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    text = "-" if value is None else f"{value:.4f}"
    return f"{text:>{_FIGURE_WIDTH}}"
