"""A server in any state ends within 20 seconds after SIGTERM, and its decoders with it (`make proof`)."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import sync_playwright

from laanet_core.media.images import read_image
from tests.conftest import free_port, start_server, wait_until_served
from tests.core.clips import drifting, write_clip
from tests.e2e.conftest import FLAGS
from tests.process_usage import tree
from tests.proofs.test_bounded_work import mosaic, send_without_reading
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
# Seconds after which hosts kill the process.
MAX_SECONDS = 20.0
CONNECTIONS = 20
PAGES = 3


class Load(Protocol):
    """Clients of a server, who stay as they are while it ends."""

    def __call__(self, url: str, samples: Path, folder: Path) -> AbstractContextManager[None]: ...


def connect(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30)


def wait_for_analysis(url: str) -> None:
    wait_for(lambda: json.loads(httpx.get(f"{url}/healthz", timeout=30).content)["running"] > 0)


@contextlib.contextmanager
def idle(url: str, samples: Path, folder: Path) -> Iterator[None]:
    """No client."""
    yield


@contextlib.contextmanager
def idle_browser(url: str, samples: Path, folder: Path) -> Iterator[None]:
    """Pages that are open in a browser, each with its stream of heartbeats."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for _ in range(PAGES):
            page = browser.new_context().new_page()
            page.goto(url)
            page.wait_for_selector("#analyse")
        yield
        browser.close()


@contextlib.contextmanager
def open_connections(url: str, samples: Path, folder: Path) -> Iterator[None]:
    """Connections that are kept alive, that sent nothing yet, and that stopped in the middle of an upload."""
    with ExitStack() as stack:
        for number in range(CONNECTIONS):
            connection = stack.enter_context(connect(url))
            if number % 3 == 0:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.1 200")
            elif number % 3 == 1:
                connection.sendall(
                    b"POST /api/v1/analyse HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\nabc"
                )
        yield


@contextlib.contextmanager
def running_crowds(url: str, samples: Path, folder: Path) -> Iterator[None]:
    """More crowds than run at a time."""
    crowd = mosaic(samples)
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(send_without_reading(url, crowd))
        wait_for_analysis(url)
        yield


@contextlib.contextmanager
def decoded_clip(url: str, samples: Path, folder: Path) -> Iterator[None]:
    """A clip of a minute that is being decoded."""
    face = read_image(samples / "astronaut.png")
    frames = [drifting(face, number / 10, 720) for number in range(60)]
    content = write_clip(folder / "long.mp4", frames * 10, codec="libx264").read_bytes()
    with send_without_reading(url, content):
        wait_for_analysis(url)
        time.sleep(0.3)
        yield


@pytest.mark.parametrize("load", [idle, idle_browser, open_connections, running_crowds, decoded_clip])
def test_server_ends_after_sigterm(load: Load, samples: Path, tmp_path: Path) -> None:
    port = free_port()
    process = start_server(tmp_path, LENS_PORT=str(port), LENS_RUNTIME="auto", LENS_FRAMES="32")
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_served(url, process, tmp_path / "log", seconds=600)
        with load(url, samples, tmp_path):
            members = tree(process.pid)
            assert len(members) > 1
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=2 * MAX_SECONDS)
            seconds = time.monotonic() - began
        print(f"{load.__name__}: ended after {seconds:.1f} s")  # type: ignore[attr-defined]
        assert seconds <= MAX_SECONDS
        assert status == 0, (tmp_path / "log").read_text()
        # The decoders die with the server.
        wait_for(lambda: not any(Path(f"/proc/{member}/exe").exists() for member in members), seconds=5)
    finally:
        process.kill()
        process.wait()
