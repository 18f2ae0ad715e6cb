"""`benchmark`: latency and throughput of the server, and the offline rate of the detector.

Both are measured in one run, so that other load affects them alike.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.cli.arguments import positive
from webapp.settings import ROOT, Settings

if TYPE_CHECKING:
    from webapp.speed.clients import ThroughputMeasurement

CLIENTS = (1, 8, 32)
# Photos per measurement. A single client sends fewer.
_PHOTOS = 96
_ALONE = 16
EXAMPLES = ROOT / "webapp" / "examples"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "benchmark", help="measure how fast the server answers on this machine", description=__doc__
    )
    parser.add_argument(
        "photos",
        type=Path,
        nargs="*",
        metavar="PHOTO",
        help="photos to send (default: two examples with one face each)",
    )
    parser.add_argument(
        "--clients",
        type=positive,
        nargs="+",
        default=CLIENTS,
        help="programs that ask at a time (default: 1 8 32)",
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        default=3,
        help="rounds in which everything has its turn (default: %(default)s)",
    )
    parser.add_argument(
        "--count", type=positive, default=_PHOTOS, help="photos of a measurement (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in one line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from laanet_core.evaluation import hardware as machine
    from laanet_core.media.images import read_image
    from laanet_core.media.reader import IN_PROCESS
    from webapp.bootstrap.detector import open_detector
    from webapp.speed.clients import ask, judge
    from webapp.speed.served import served

    files = args.photos or [EXAMPLES / "astronaut.jpg", EXAMPLES / "astronaut-self-blended.jpg"]
    photos, pictures = [file.read_bytes() for file in files], [read_image(file) for file in files]
    detector = open_detector(settings, settings.weights, IN_PROCESS)
    offline: list[ThroughputMeasurement] = []
    online: dict[int, list[ThroughputMeasurement]] = {clients: [] for clients in args.clients}
    with served(max_waiting=max(settings.max_waiting, *args.clients)) as server:
        # Warm up.
        ask(server.host, photos, clients=settings.at_once, each=2)
        judge(detector.analyse_image, pictures, count=2 * settings.at_once, at_once=settings.at_once)
        for number in range(args.rounds):
            print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
            offline.append(
                judge(detector.analyse_image, pictures, count=args.count, at_once=settings.at_once)
            )
            for clients, found in online.items():
                each = -(-min(args.count, _ALONE * clients) // clients)
                found.append(server.charged(partial(ask, server.host, photos, clients=clients, each=each)))
        memory = server.peak_memory()
    outcome = {
        "machine": machine.describe(),
        "runtime": dataclasses.asdict(detector.runtime),
        "at_once": settings.at_once,
        "photos": [file.name for file in files],
        "offline": [found.to_json() for found in offline],
        "clients": {str(clients): [one.to_json() for one in found] for clients, found in online.items()},
        "of_offline_rate": {str(clients): _parts(found, offline) for clients, found in online.items()},
        "peak_memory_mb": memory,
    }
    print(json.dumps(outcome) if args.json else json.dumps(outcome, indent=2))
    return 0


def _parts(
    found: Sequence[ThroughputMeasurement], offline: Sequence[ThroughputMeasurement]
) -> dict[str, float]:
    """Return each round's throughput divided by the offline rate of the same round.

    `processor` is the ratio of CPU times, which compares best on a shared machine.
    """
    pairs = list(zip(found, offline, strict=True))
    rates = [one.rate / other.rate for one, other in pairs]
    parts = {"median": round(statistics.median(rates), 3), "best": round(max(rates), 3)}
    costs = [
        other.processor / other.photos / (one.processor / one.photos)
        for one, other in pairs
        if one.processor and other.processor
    ]
    return {**parts, "processor": round(statistics.median(costs), 3)} if costs else parts
