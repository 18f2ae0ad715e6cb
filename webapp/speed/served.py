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

from webapp.domain.errors import Unable
from webapp.settings import ROOT, isolated_environment
from webapp.speed.clients import ThroughputMeasurement

_START_SECONDS, _END_SECONDS = 300.0, 30.0
_POLL_SECONDS = 0.2
_PROC = Path("/proc")


@dataclass(frozen=True)
class TemporaryServer:
    """Running server with an empty database."""

    host: str
    pid: int

    def processor_seconds(self) -> float | None:
        """Return the CPU time of the server and its child processes so far; None if it is unknown."""
        try:
            own, *others = (_times(pid) for pid in (self.pid, *_children(self.pid)))
        except (OSError, ValueError):
            return None
        return sum(own) + sum(sum(times[:2]) for times in others)

    def charged(self, work: Callable[[], ThroughputMeasurement]) -> ThroughputMeasurement:
        """Return the measurement of `work` with the CPU time of the server."""
        before = self.processor_seconds()
        measured = work()
        after = self.processor_seconds()
        return measured if before is None or after is None else replace(measured, processor=after - before)

    def peak_memory(self) -> dict[str, float] | None:
        """Return the peak memory in MB of the server and, summed, of its decoders; None if unknown."""
        try:
            return {"server": _peak(self.pid), "decoders": sum(_peak(pid) for pid in _children(self.pid))}
        except (OSError, ValueError, StopIteration):
            return None


@contextlib.contextmanager
def served(*, max_waiting: int) -> Iterator[TemporaryServer]:
    """Start a server with the host's settings and a temporary folder. Raises Unable (no_server)."""
    with tempfile.TemporaryDirectory(prefix="lens-benchmark-") as name:
        folder, port = Path(name), _free_port()
        environment = isolated_environment(folder, port=port, max_waiting=max_waiting)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", process, folder / "log")
            yield TemporaryServer(f"127.0.0.1:{port}", process.pid)
        finally:
            _end(process)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(_POLL_SECONDS)
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] or ["no output"]
    raise Unable("no_server", f"the server did not start: {last[0]}")


def _end(process: subprocess.Popen[bytes]) -> None:
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
    found: list[int] = []
    for thread in (_PROC / str(pid) / "task").iterdir():
        found.extend(int(child) for child in (thread / "children").read_text(encoding="ascii").split())
    return found


def _times(pid: int) -> tuple[float, ...]:
    """Return user and system time, own and of ended children, in seconds (proc_pid_stat(5))."""
    fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return tuple(int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15])


def _peak(pid: int) -> float:
    lines = (_PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1e3
