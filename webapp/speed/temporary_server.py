"""Temporary server in a process of its own, with the settings of the host."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from webapp.domain.errors import Unable
from webapp.settings import ROOT, isolated_environment
from webapp.speed.clients import ThroughputMeasurement

# The start may download weights or compile the network.
_START_SECONDS = 300.0
_END_SECONDS = 30.0
_POLL_SECONDS = 0.2
_PROC = Path("/proc")


@dataclass(frozen=True)
class TemporaryServer:
    """Running server with an empty database. `host` includes the port."""

    host: str
    pid: int

    def processor_seconds(self) -> float | None:
        """Return the CPU time of the server and its child processes so far; None if it is unknown."""
        try:
            own = _processor_times(self.pid)
            children = [_processor_times(pid) for pid in _children(self.pid)]
        except (OSError, ValueError):
            return None
        # The server's own figures include its ended children. Those of living children are added.
        total = own.user + own.system + own.ended_user + own.ended_system
        for times in children:
            total += times.user + times.system
        return total

    def measure_with_processor(self, measure: Callable[[], ThroughputMeasurement]) -> ThroughputMeasurement:
        """Return the measurement that `measure` makes, with the CPU time that the server used meanwhile."""
        before = self.processor_seconds()
        measurement = measure()
        after = self.processor_seconds()
        if before is None or after is None:
            return measurement
        return replace(measurement, processor=after - before)

    def peak_memory(self) -> dict[str, float] | None:
        """Return the peak memory in MB of the server and, summed, of its decoders; None if unknown."""
        try:
            decoders = sum(_peak_megabytes(pid) for pid in _children(self.pid))
            return {"server": _peak_megabytes(self.pid), "decoders": decoders}
        except (OSError, ValueError):
            return None


@contextlib.contextmanager
def temporary_server(*, max_waiting: int) -> Iterator[TemporaryServer]:
    """Start a server with the host's settings and a temporary folder, and end it after the `with` block.

    `max_waiting`: requests that may wait in its queue. Raises Unable (no_server).
    """
    with tempfile.TemporaryDirectory(prefix="lens-benchmark-") as name:
        folder = Path(name)
        port = _free_port()
        environment = isolated_environment(folder, port=port, max_waiting=max_waiting)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/healthz", process, folder / "log")
            yield TemporaryServer(host=f"127.0.0.1:{port}", pid=process.pid)
        finally:
            _end(process)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until `url` answers. Raises Unable (no_server) with the last line of the log."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(_POLL_SECONDS)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last_line = lines[-1] if lines else "no output"
    raise Unable("no_server", f"the server did not start: {last_line}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, by force if it does not end itself in time."""
    process.terminate()
    try:
        process.wait(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    """Return the living child processes of all threads of `pid`."""
    children: list[int] = []
    for thread in (_PROC / str(pid) / "task").iterdir():
        texts = (thread / "children").read_text(encoding="ascii").split()
        children.extend(int(text) for text in texts)
    return children


class ProcessorTimes(NamedTuple):
    """CPU seconds of a process, and of its ended children, in user and system mode."""

    user: float
    system: float
    ended_user: float
    ended_system: float


def _processor_times(pid: int) -> ProcessorTimes:
    """Return the CPU times of a process, from /proc/PID/stat."""
    # The fields after the name, which is in parentheses, begin with field 3 of proc_pid_stat(5). Fields 14 to
    # 17 are the times in clock ticks.
    fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    ticks_per_second = os.sysconf("SC_CLK_TCK")
    return ProcessorTimes(*(int(field) / ticks_per_second for field in fields[11:15]))


def _peak_megabytes(pid: int) -> float:
    """Return the peak of the resident memory of a process in MB."""
    for line in (_PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            kilobytes = int(line.split()[1])
            return kilobytes / 1e3
    raise ValueError(f"process {pid} has no peak of its memory")
