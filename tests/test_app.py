"""Entry point of the web application: the end of a process whose shutdown is stuck."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port

# A shutdown that keeps Python's interpreter lock, as a broken extension does, so that no thread can help.
_STUCK_SERVER = """
import ctypes, sys
from types import SimpleNamespace
import app
from webapp import bootstrap
from webapp.services.operations import shutdown
from webapp.ui import server

shutdown.TIME_LIMIT = float(sys.argv[1])
stuck = SimpleNamespace(run=lambda: ctypes.PyDLL(None).sleep(60))
parts = {"site": SimpleNamespace(blocks=None), "timer": SimpleNamespace(start=lambda: None)}
bootstrap.build = lambda settings: SimpleNamespace(**parts, stopping=stuck)
server.serve = lambda site, settings: None
sys.exit(app.main())
"""


_SIGNALLED_THREAD = """
import signal, sys, threading, time
from types import SimpleNamespace
import app
from webapp import bootstrap
from webapp.ui import server

def signal_own_thread():
    time.sleep(1)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=signal_own_thread).start()
parts = {"site": SimpleNamespace(blocks=None), "timer": SimpleNamespace(start=lambda: None)}
stopping = SimpleNamespace(run=lambda: None)
bootstrap.build = lambda settings: SimpleNamespace(**parts, stopping=stopping)
server.serve = lambda site, settings: None
sys.exit(app.main())
"""


def test_signal_that_another_thread_receives_ends_the_server(tmp_path: Path) -> None:
    environment = {**os.environ, "LENS_PORT": str(free_port()), "LENS_DATA": str(tmp_path)}
    command = [sys.executable, "-c", _SIGNALLED_THREAD]
    assert subprocess.run(command, cwd=ROOT, env=environment, timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("limit", [1.0, pytest.param(18.0, marks=pytest.mark.proof)])
def test_stuck_shutdown_is_ended_and_says_where(tmp_path: Path, limit: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _STUCK_SERVER, str(limit)],
        cwd=ROOT,
        env={**os.environ, "LENS_PORT": str(free_port()), "LENS_DATA": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "LAA-Net Lens on" in process.stdout.readline()
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=40)
    assert time.monotonic() - began < limit + 2
    assert process.returncode == 1
    assert "most recent call first" in errors
    assert "in main" in errors
