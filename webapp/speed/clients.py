"""HTTP clients that send photos to /api/v1/analyse, and the offline rate of the detector."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from webapp.domain.errors import Unable

# Seconds until a request fails.
_TIMEOUT = 600.0
# Bytes of an unexpected response that an error message quotes.
_EXCERPT = 200


@dataclass(frozen=True)
class ThroughputMeasurement:
    """Measurement of analysed photos, with all times in seconds.

    `photos`: number of photos. `seconds`: duration of the measurement. `waits`: latency of each request, if
    they were measured. `processor`: CPU time, if it is known.
    """

    photos: int
    seconds: float
    waits: tuple[float, ...] = ()
    processor: float | None = None

    @property
    def rate(self) -> float:
        """Return the photos per second."""
        return self.photos / self.seconds

    def to_json(self) -> dict[str, Any]:
        """Return the figures, times in seconds except `processor_ms` per photo."""
        figures: dict[str, Any] = {"photos": self.photos, "photos_per_second": round(self.rate, 2)}
        if self.processor is not None:
            figures["processor_ms"] = round(1e3 * self.processor / self.photos, 1)
        if self.waits:
            ordered = sorted(self.waits)
            median = statistics.median(ordered)
            longest = ordered[-1]
            figures["p50"] = round(median, 3)
            figures["p95"] = round(ordered[int(0.95 * len(ordered))], 3)
            figures["longest"] = round(longest, 3)
            figures["longest_over_median"] = round(longest / median, 2)
        return figures


def send_photos(
    host: str, photos: Sequence[bytes], *, clients: int, photos_per_client: int
) -> ThroughputMeasurement:
    """Send photos to the server from concurrent clients; each client sends its photos one after another.

    `host` includes the port. Each client has a connection of its own. Raises Unable (not_answered) if a photo
    was not analysed.
    """
    # All clients and the measuring thread start at the same time.
    start = threading.Barrier(clients + 1)

    def run_client(number: int) -> list[float]:
        own_photos = itertools.islice(itertools.cycle(photos), number, number + photos_per_client)
        with contextlib.closing(http.client.HTTPConnection(host, timeout=_TIMEOUT)) as connection:
            start.wait()
            return [_send_photo(connection, photo) for photo in own_photos]

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(run_client, number) for number in range(clients)]
        start.wait()
        began = time.perf_counter()
        waits: list[float] = []
        for client in running:
            waits.extend(client.result())
        seconds = time.perf_counter() - began
    return ThroughputMeasurement(photos=len(waits), seconds=seconds, waits=tuple(waits))


def _send_photo(connection: http.client.HTTPConnection, photo: bytes) -> float:
    """Send one photo, wait for its verdict and return the latency in seconds."""
    began = time.perf_counter()
    connection.request("POST", "/api/v1/analyse", photo, {"Content-Type": "application/octet-stream"})
    answer = connection.getresponse()
    _require_verdict(answer.status, answer.read())
    return time.perf_counter() - began


def analyse_offline(
    analyse: Callable[[RGBImage], AnalysisResult], images: Sequence[RGBImage], *, count: int, at_once: int
) -> ThroughputMeasurement:
    """Analyse `count` decoded images (H, W, 3), uint8 RGB, `at_once` at a time, without a server.

    Fewer images are analysed repeatedly.
    """
    repeated_images = itertools.islice(itertools.cycle(images), count)
    with ThreadPoolExecutor(at_once) as pool:
        began = time.perf_counter()
        processor_began = time.process_time()
        for _ in pool.map(analyse, repeated_images):
            pass
        seconds = time.perf_counter() - began
        processor = time.process_time() - processor_began
    return ThroughputMeasurement(photos=count, seconds=seconds, processor=processor)


def _require_verdict(status: int, body: bytes) -> None:
    """Raise Unable (not_answered) if a response contains no verdict."""
    outcome = json.loads(body).get("outcome") if status == HTTPStatus.OK else None
    if outcome != "verdict":
        excerpt = body[:_EXCERPT].decode(errors="replace")
        raise Unable(
            "not_answered", f"a photo was answered with status {status}, outcome {outcome}: {excerpt}"
        )
