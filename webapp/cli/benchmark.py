"""`benchmark`: latency and throughput of the server, and the offline rate of the detector.

Both are measured in one run, so that other load affects them alike.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.cli.arguments import positive
from webapp.settings import ROOT, Settings

if TYPE_CHECKING:
    from laanet_core.inference.detector import Detector
    from webapp.speed.clients import ThroughputMeasurement
    from webapp.speed.temporary_server import TemporaryServer

# Numbers of concurrent clients.
CLIENTS = (1, 8, 32)
# Photos per measurement. Few clients send fewer, because one photo at a time takes long.
_PHOTOS = 96
_MAX_PHOTOS_PER_CLIENT = 16
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
        help="numbers of clients that send photos at the same time (default: 1 8 32)",
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        default=3,
        help="rounds; each measures the detector and every number of clients (default: %(default)s)",
    )
    parser.add_argument(
        "--count", type=positive, default=_PHOTOS, help="photos per measurement (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in one line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from laanet_core.evaluation import hardware
    from laanet_core.media.reader import IN_PROCESS
    from webapp.bootstrap.detector import open_detector
    from webapp.speed.temporary_server import temporary_server

    files = args.photos or [EXAMPLES / "astronaut.jpg", EXAMPLES / "astronaut-self-blended.jpg"]
    detector = open_detector(settings, settings.weights, IN_PROCESS)
    with temporary_server(max_waiting=max(settings.max_waiting, *args.clients)) as server:
        offline, online = _measure(args, files, detector, server, at_once=settings.at_once)
        memory = server.peak_memory()
    figures: dict[str, list[dict[str, Any]]] = {}
    shares: dict[str, dict[str, float]] = {}
    for clients, measurements in online.items():
        figures[str(clients)] = [measurement.to_json() for measurement in measurements]
        shares[str(clients)] = _shares_of_offline_rate(measurements, offline)
    outcome = {
        "machine": hardware.describe(),
        "runtime": dataclasses.asdict(detector.runtime),
        "at_once": settings.at_once,
        "photos": [file.name for file in files],
        "offline": [measurement.to_json() for measurement in offline],
        "clients": figures,
        "of_offline_rate": shares,
        "peak_memory_mb": memory,
    }
    print(json.dumps(outcome, indent=None if args.json else 2))
    return 0


def _measure(
    args: argparse.Namespace,
    files: Sequence[Path],
    detector: Detector,
    server: TemporaryServer,
    *,
    at_once: int,
) -> tuple[list[ThroughputMeasurement], dict[int, list[ThroughputMeasurement]]]:
    """Return one measurement per round of the detector, and of the server for each number of clients."""
    from laanet_core.media.images import read_image
    from webapp.speed.clients import analyse_offline, send_photos

    photos = [file.read_bytes() for file in files]
    # (H, W, 3), uint8 RGB
    images = [read_image(file) for file in files]
    # Warm up.
    send_photos(server.host, photos, clients=at_once, photos_per_client=2)
    analyse_offline(detector.analyse_image, images, count=2 * at_once, at_once=at_once)
    offline: list[ThroughputMeasurement] = []
    online: dict[int, list[ThroughputMeasurement]] = {clients: [] for clients in args.clients}
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        offline.append(analyse_offline(detector.analyse_image, images, count=args.count, at_once=at_once))
        for clients, measurements in online.items():
            photos_in_total = min(args.count, _MAX_PHOTOS_PER_CLIENT * clients)
            send = partial(
                send_photos,
                server.host,
                photos,
                clients=clients,
                photos_per_client=math.ceil(photos_in_total / clients),
            )
            measurements.append(server.measure_with_processor(send))
    return offline, online


def _shares_of_offline_rate(
    online: Sequence[ThroughputMeasurement], offline: Sequence[ThroughputMeasurement]
) -> dict[str, float]:
    """Return the server's throughput as a share of the detector's, over rounds: median and best.

    `processor` is the median ratio of CPU times per photo, the detector's divided by the server's. It
    compares best on a shared machine, and is missing if the CPU time of the server is unknown.
    """
    rates: list[float] = []
    processor_ratios: list[float] = []
    for served, direct in zip(online, offline, strict=True):
        rates.append(served.rate / direct.rate)
        if served.processor and direct.processor:
            served_cost = served.processor / served.photos
            direct_cost = direct.processor / direct.photos
            processor_ratios.append(direct_cost / served_cost)
    shares = {"median": round(statistics.median(rates), 3), "best": round(max(rates), 3)}
    if processor_ratios:
        shares["processor"] = round(statistics.median(processor_ratios), 3)
    return shares
