"""Fixtures for all tests: sample photographs, the detector and running servers."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from laanet_core.inference.detector import Detector
from tests.application_processes import ForkedApplication, RunningProcess

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def samples() -> Path:
    """Return the folder of public-domain photographs."""
    return ROOT / "tests" / "samples"


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Return the maintainers' folder beside the repository, or skip the test if there is none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the maintainers' folder ../shared")
    return folder


@pytest.fixture(scope="session")
def detector() -> Detector:
    """Return a detector with the bundled weights on the CPU."""
    return Detector.from_weights("starter", device="cpu")


@dataclass(frozen=True)
class Server:
    """A running application: its address, its database file, the folder of uploads under way, and its log."""

    url: str
    database: Path
    cache: Path
    log: Path


def start_server(
    folder: Path, arguments: Sequence[str] = ("app.py",), **settings: str
) -> subprocess.Popen[bytes]:
    """Start `python` with arguments that serve; its data is in `folder`, its output in `folder/log`."""
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=_environment(folder, settings),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def fork_server(folder: Path, **settings: str) -> RunningProcess:
    """Start `python app.py` as `start_server` does, in a third of its time if all settings are LENS_*."""
    # Libraries that are imported already do not read other variables again.
    if not all(name.startswith("LENS_") for name in settings):
        return start_server(folder, **settings)
    return ForkedApplication(_environment(folder, settings), folder / "log")


def _environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("LENS_")},
        "LENS_DATA": str(folder / "data"),
        "LENS_CACHE": str(folder / "cache"),
        "LENS_DEVICE": "cpu",
        "LENS_FRAMES": "8",
        # The server starts a second faster with it. The default runtime has a test of its own.
        "LENS_RUNTIME": "eager",
        **settings,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_served(url: str, process: RunningProcess, log: Path, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no answer from {url} within {seconds} seconds")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield the server that most tests share."""
    with served(tmp_path_factory.mktemp("server"), LENS_MAX_UPLOAD_MB="20", LENS_MCP="on") as running:
        yield running


@pytest.fixture(scope="session")
def desk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a server with moderators and an admin (`tests.desks.PEOPLE`). Each test opens its own cases."""
    from tests.desks import invite_all

    no_automatic_cases = {"LENS_AUDIT_SHARE": "0", "LENS_CASE_UNCERTAIN": "0"}
    with served(tmp_path_factory.mktemp("desk"), **no_automatic_cases) as running:
        invite_all(running)
        yield running


@contextlib.contextmanager
def served(folder: Path, **settings: str) -> Iterator[Server]:
    """Run the whole application in a process of its own, on a free port."""
    port = free_port()
    process = fork_server(folder, LENS_PORT=str(port), **settings)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(url, process, folder / "log")
        yield Server(url, folder / "data" / "lens.sqlite3", folder / "cache", folder / "log")
    finally:
        process.terminate()
        process.wait(timeout=20)
