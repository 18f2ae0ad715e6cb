"""Ten thousand hostile and honest files through a server: memory, answers and times (`make proof`).

`PROOF_FILES` sets another number of files.

Memory is measured every 100 files, after the answers of all files so far:

- `resident`: resident memory of the server's process, as the operating system sees it. It includes freed
  pages, of which the server returns some at once and the others each minute, so it moves by hundreds of MB
  with the sizes of the last pictures.
- `held`: memory of the same process that no file backs, after garbage collection and the return of freed
  pages (`trimmed_server`). A leak shows here, because little else moves.
- `decoders`: proportional memory of the decoders. They are replaced after at most 400 files, and one that
  is just starting is small, so single points say nothing and the median of ten points is compared.

A single point that is high or low decides nothing. Growth over the second half is a slope with an interval,
and the upper end of the interval must be below the limit: a measurement that is too noisy to exclude a leak
fails.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port, start_server, wait_until_served
from tests.memory_growth import growth_per_file
from tests.mixed_files import MixedFile, MixedFiles
from tests.process_usage import held_megabytes, proportional_megabytes, resident_megabytes, tree

FILES = int(os.environ.get("PROOF_FILES", "10000"))
# Files after which the server is warm: every kind was decoded and every library loaded.
WARM_UP = min(500, FILES // 4)
CLIENTS = 3
# Files between two measurements.
STEP = 100
# Seconds in which workers that are worn are replaced.
SETTLING_SECONDS = 1.5
# Points of which the median is compared.
WINDOW = 10
# MB by which the server, and its decoders, may grow after the warm-up.
MAX_GROWTH = 400
# MB by which the server may grow over the last 5,000 files, as kB per file.
MAX_LATE_GROWTH = 50 * 1000 / 5000
# Seconds within which a file that is not decodable is refused, and attempts at it alone.
MAX_SECONDS = 5.0
ATTEMPTS = 3
# Codes of refusals that do not depend on the file.
BUSY = {"busy", "decoders_busy"}


@dataclass
class Answers:
    """Numbers of answers by status and code, bad answers, and slow refusals as (seconds, number, code)."""

    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    slow: list[tuple[float, int, str]] = field(default_factory=list)

    def add(self, number: int, file: MixedFile, response: httpx.Response, seconds: float) -> None:
        error = response.json().get("error") or {}
        code = str(error.get("code", ""))
        self.counts[response.status_code, code] += 1
        if response.status_code not in (200, 422) or code in ("unforeseen", "decoder_died", *BUSY):
            self.bad.append(f"{file.name} ({file.kind}): {response.status_code} {code}")
        if response.status_code == 422 and seconds > MAX_SECONDS:
            self.slow.append((seconds, number, code))


@dataclass(frozen=True)
class Measurement:
    """MB of the server and of its decoders after `files` files; see above."""

    files: int
    resident: float
    held: float
    decoders: float


@dataclass(frozen=True)
class RunningServer:
    """Address and process id of a server, and the file that grows each time that it returned freed memory."""

    url: str
    pid: int
    trimmed: Path

    def measure(self, files: int) -> Measurement:
        """Measure the memory once the server is idle."""
        time.sleep(SETTLING_SECONDS)
        resident = resident_megabytes(self.pid)
        before = self.trimmed.stat().st_size
        os.kill(self.pid, signal.SIGUSR1)
        deadline = time.monotonic() + 60
        while self.trimmed.stat().st_size == before:
            assert time.monotonic() < deadline, "the server did not return its freed memory"
            time.sleep(0.02)
        decoders = sum(proportional_megabytes(pid) for pid in tree(self.pid) if pid != self.pid)
        return Measurement(files, resident, held_megabytes(self.pid), decoders)


def send(client: httpx.Client, file: MixedFile) -> tuple[httpx.Response, float]:
    """Return the answer and its time in seconds."""
    began = time.monotonic()
    response = client.post("/api/v1/analyse", files={"file": (file.name, file.content)})
    return response, time.monotonic() - began


def seconds_alone(client: httpx.Client, file: MixedFile) -> float:
    """Return the time in seconds of the first answer in time, or of the fastest one."""
    fastest = float("inf")
    for _ in range(ATTEMPTS):
        fastest = min(fastest, send(client, file)[1])
        if fastest <= MAX_SECONDS:
            break
    return fastest


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningServer]:
    """Yield a server with the default runtime."""
    port = free_port()
    trimmed = tmp_path / "trimmed"
    trimmed.touch()
    process = start_server(
        tmp_path,
        ("-m", "tests.proofs.trimmed_server", str(trimmed)),
        LENS_PORT=str(port),
        LENS_RUNTIME="auto",
        LENS_FRAMES="32",
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(url, process, tmp_path / "log", seconds=600)
        yield RunningServer(url, process.pid, trimmed)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.mark.proof
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_reaches_a_plateau_and_every_file_is_answered(
    running: RunningServer, samples: Path, tmp_path: Path
) -> None:
    files = MixedFiles(samples, tmp_path)
    answers = Answers()
    points: list[Measurement] = []

    with httpx.Client(base_url=running.url, timeout=900) as client, ThreadPoolExecutor(CLIENTS) as pool:

        def send_number(number: int) -> None:
            file = files.file(number)
            response, seconds = send(client, file)
            answers.add(number, file, response, seconds)

        for start in range(0, FILES, STEP):
            list(pool.map(send_number, range(start, min(start + STEP, FILES))))
            points.append(running.measure(min(start + STEP, FILES)))
            print(points[-1], f"{time.monotonic():.0f}", flush=True)
        print(sorted(answers.counts.items(), key=lambda pair: -pair[1]), flush=True)
        # A busy machine delays answers; alone, the same file must be refused in time.
        alone = {number: seconds_alone(client, files.file(number)) for _, number, _ in answers.slow}

    print("slow beside others:", answers.slow, "alone:", alone)
    warm = [point for point in points if point.files >= WARM_UP]
    late = [point for point in points if point.files >= FILES / 2]
    growth = growth_per_file([point.files for point in late], [point.held for point in late])
    print("kB per file over the second half:", growth)
    assert not answers.bad
    assert all(seconds <= MAX_SECONDS for seconds in alone.values())
    assert max(point.resident for point in warm) - typical(warm[:WINDOW], "resident") <= MAX_GROWTH
    assert typical(warm[-WINDOW:], "held") - typical(warm[:WINDOW], "held") <= MAX_GROWTH
    assert typical(warm[-WINDOW:], "decoders") - typical(warm[:WINDOW], "decoders") <= MAX_GROWTH
    assert growth.high <= MAX_LATE_GROWTH


def typical(points: list[Measurement], name: str) -> float:
    """Return the median of a value of the points in MB."""
    return statistics.median(getattr(point, name) for point in points)
