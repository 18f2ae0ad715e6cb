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
from typing import Any

from laanet_core.results import AnalysisResult
from laanet_core.types import RGBImage
from webapp.domain.errors import Unable

# Seconds until a request fails.
_TIMEOUT = 600.0


@dataclass(frozen=True)
class ThroughputMeasurement:
    """Measurement of analysed photos. `waits` are latencies and `processor` is CPU time, all in seconds."""

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
            ordered, median = sorted(self.waits), statistics.median(self.waits)
            figures.update(
                p50=round(median, 3),
                p95=round(ordered[int(0.95 * len(ordered))], 3),
                longest=round(ordered[-1], 3),
            )
            figures["longest_over_median"] = round(ordered[-1] / median, 2)
        return figures


def ask(host: str, photos: Sequence[bytes], *, clients: int, each: int) -> ThroughputMeasurement:
    """Send `each` photos per client, one after another, from `clients` concurrent clients.

    Each client has a connection of its own. Raises Unable (not_answered) if a photo was not analysed.
    """
    waits: list[float] = []
    together = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        with contextlib.closing(http.client.HTTPConnection(host, timeout=_TIMEOUT)) as connection:
            together.wait()
            for photo in itertools.islice(itertools.cycle(photos), number, number + each):
                began = time.perf_counter()
                connection.request(
                    "POST", "/api/v1/analyse", photo, {"Content-Type": "application/octet-stream"}
                )
                answer = connection.getresponse()
                _require_verdict(answer.status, answer.read())
                waits.append(time.perf_counter() - began)

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client, number) for number in range(clients)]
        together.wait()
        began = time.perf_counter()
        for one in running:
            one.result()
    return ThroughputMeasurement(len(waits), time.perf_counter() - began, tuple(waits))


def judge(
    analyse: Callable[[RGBImage], AnalysisResult], pictures: Sequence[RGBImage], *, count: int, at_once: int
) -> ThroughputMeasurement:
    """Analyse `count` decoded images (H, W, 3), uint8 RGB, `at_once` at a time, without a server."""
    with ThreadPoolExecutor(at_once) as pool:
        began, before = time.perf_counter(), time.process_time()
        list(pool.map(analyse, itertools.islice(itertools.cycle(pictures), count)))
        return ThroughputMeasurement(
            count, time.perf_counter() - began, processor=time.process_time() - before
        )


def _require_verdict(status: int, body: bytes) -> None:
    outcome = json.loads(body).get("outcome") if status == 200 else None
    if outcome != "verdict":
        raise Unable(
            "not_answered",
            f"a photo was answered with status {status}, outcome {outcome}: "
            f"{body[:200].decode(errors='replace')}",
        )
