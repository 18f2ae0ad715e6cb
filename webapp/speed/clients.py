"""Programs that send photos to /api/v1/analyse, and the same photos judged without any server."""

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

_TIMEOUT = 600.0


@dataclass(frozen=True)
class Measured:
    """Photos judged in so many seconds. `waits`: how long each was waited for; `processor`: seconds all of it took of the processors."""

    photos: int
    seconds: float
    waits: tuple[float, ...] = ()
    processor: float | None = None

    @property
    def rate(self) -> float:
        return self.photos / self.seconds

    def to_json(self) -> dict[str, Any]:
        """Times in seconds, but for `processor_ms` of a photo."""
        said: dict[str, Any] = {"photos": self.photos, "photos_per_second": round(self.rate, 2)}
        if self.processor is not None:
            said["processor_ms"] = round(1e3 * self.processor / self.photos, 1)
        if self.waits:
            ordered, median = sorted(self.waits), statistics.median(self.waits)
            said.update(
                p50=round(median, 3),
                p95=round(ordered[int(0.95 * len(ordered))], 3),
                longest=round(ordered[-1], 3),
            )
            said["longest_over_median"] = round(ordered[-1] / median, 2)
        return said


def ask(host: str, photos: Sequence[bytes], *, clients: int, each: int) -> Measured:
    """`clients` programs at a time, each with a connection of its own, send `each` photos one after the other.

    Raises Unable (not_answered) where a photo was not judged.
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
    return Measured(len(waits), time.perf_counter() - began, tuple(waits))


def judge(
    analyse: Callable[[RGBImage], AnalysisResult], pictures: Sequence[RGBImage], *, count: int, at_once: int
) -> Measured:
    """The offline rate: pictures that are decoded already, faces found and judged, `at_once` side by side, and nothing else."""
    with ThreadPoolExecutor(at_once) as pool:
        began, before = time.perf_counter(), time.process_time()
        list(pool.map(analyse, itertools.islice(itertools.cycle(pictures), count)))
        return Measured(count, time.perf_counter() - began, processor=time.process_time() - before)


def _require_verdict(status: int, body: bytes) -> None:
    outcome = json.loads(body).get("outcome") if status == 200 else None
    if outcome != "verdict":
        raise Unable(
            "not_answered",
            f"a photo was answered with status {status}, outcome {outcome}: {body[:200].decode(errors='replace')}",
        )
