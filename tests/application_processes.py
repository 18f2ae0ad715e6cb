"""Processes of the application that start fast: forks of one that has imported the libraries already.

Imports take two thirds of a start's processor time, and the suite starts the application some fifty times.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[1]
# The fork server has imported these, and what they import.
PRELOADED = ("tests.preloaded_libraries",)


class RunningProcess(Protocol):
    """The part of `subprocess.Popen` that tests of a running application use."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class ForkedApplication:
    """`python app.py` with an environment of its own; its output goes to `log`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        log.write_bytes(b"")
        self._process = _fork_server().Process(target=_run, args=(dict(environment), str(log)))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired("app.py", timeout or 0)
        return status

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _fork_server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def _run(environment: dict[str, str], log: str) -> None:
    """Become `python app.py`."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.close(output)
    sys.argv = ["app.py"]
    sys.path.insert(0, str(ROOT))
    runpy.run_path("app.py", run_name="__main__")
