"""The Hub client against a server on the loopback that answers as the Hub does."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from laanet_core.errors import InvalidWeights
from laanet_core.hub import download
from laanet_core.model import LAANet
from laanet_core.weights import load_weights, save_weights
from tests.core.conftest import TINY

COMMIT = "c" * 40
NAME = f"hf://someone/weights@{COMMIT}"


class Hub:
    """Serves the files of one repository; `delay` seconds late."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.delay = 0.0
        self.requests: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                hub.requests.append(self.path)
                time.sleep(hub.delay)
                status, code, body = hub.answer(self.path)
                self.send_response(status)
                if code:
                    self.send_header("X-Error-Code", code)
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_GET = do_HEAD  # noqa: N815 - the base class wants these names

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> tuple[int, str | None, bytes]:
        match = re.fullmatch(r"/([\w.-]+/[\w.-]+)/resolve/([^/]+)/(.+)", path)
        if match is None or match[1] != "someone/weights":
            return 404, "RepoNotFound", b""
        if match[2] not in (COMMIT, "v1"):
            return 404, "RevisionNotFound", b""
        if match[3] not in self.files:
            return 404, "EntryNotFound", b""
        return 200, None, self.files[match[3]]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path / "source")
    running = Hub({path.name: path.read_bytes() for path in (tmp_path / "source").iterdir()})
    yield running
    running.server.shutdown()
    running.server.server_close()


def test_weights_are_downloaded_once_and_then_work_without_the_hub(tmp_path: Path, hub: Hub) -> None:
    cache = tmp_path / "cache"
    folder = download(NAME, endpoint=hub.address, cache=cache)
    assert load_weights(folder).info == load_weights(tmp_path / "source").info
    asked = len(hub.requests)
    assert download(NAME, endpoint=hub.address, cache=cache) == folder
    assert len(hub.requests) == asked
    assert download(NAME, endpoint="http://127.0.0.1:9", cache=cache) == folder  # nobody listens there
    assert download("hf://someone/weights@v1", endpoint=hub.address, cache=cache) == folder


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("hf://someone/else@v1", "no repository someone/else"),
        ("hf://someone/weights@v2", "no revision v2"),
        ("hf://someone/weights", "not of the form"),
        ("hf://someone@v1", "not of the form"),
        ("hf://some..one/weights@v1", "names no repository"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, hub: Hub, name: str, complaint: str) -> None:
    with pytest.raises(InvalidWeights, match=complaint):
        download(name, endpoint=hub.address, cache=tmp_path / "cache")


def test_a_repository_without_weights_is_refused(tmp_path: Path, hub: Hub) -> None:
    del hub.files["model.safetensors"]
    with pytest.raises(InvalidWeights, match="holds no LAA-Net weights"):
        download(NAME, endpoint=hub.address, cache=tmp_path / "cache")


def test_a_hanging_hub_costs_the_set_time_only(tmp_path: Path, hub: Hub) -> None:
    hub.delay = 3.0
    started = time.monotonic()
    with pytest.raises(InvalidWeights, match=r"within 0\.5 seconds"):
        download(NAME, seconds=0.5, endpoint=hub.address, cache=tmp_path / "cache")
    assert time.monotonic() - started < 2.5


def test_tampered_downloads_are_refused(tmp_path: Path, hub: Hub) -> None:
    content = bytearray(hub.files["model.safetensors"])
    content[-1] ^= 1
    hub.files["model.safetensors"] = bytes(content)
    folder = download(NAME, endpoint=hub.address, cache=tmp_path / "cache")
    with pytest.raises(InvalidWeights, match="was changed"):
        load_weights(folder)
