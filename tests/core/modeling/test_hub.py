"""The Hub client against a server on the loopback that answers as the Hub does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from laanet_core.errors import InvalidWeights
from laanet_core.modeling.hub import download
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import load_weights, save_weights
from tests.core.conftest import TINY
from tests.hub_server import HubServer

COMMIT = "c" * 40
NAME = f"hf://someone/weights@{COMMIT}"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    torch.manual_seed(0)
    save_weights(LAANet(TINY), tmp_path / "source")
    with HubServer() as running:
        files = {path.name: path.read_bytes() for path in (tmp_path / "source").iterdir()}
        running.add("model", "someone/weights", files, tags=("v1",)).commits.append(COMMIT)
        yield running


def files(hub: HubServer) -> dict[str, bytes]:
    return hub.repositories["model", "someone/weights"].files


def test_weights_are_downloaded_once_and_then_work_without_the_hub(tmp_path: Path, hub: HubServer) -> None:
    cache = tmp_path / "cache"
    folder = download(NAME, endpoint=hub.address, cache=cache)
    assert load_weights(folder).info == load_weights(tmp_path / "source").info
    request_count = len(hub.requests)
    assert download(NAME, endpoint=hub.address, cache=cache) == folder
    assert len(hub.requests) == request_count
    # No server listens on this port.
    assert download(NAME, endpoint="http://127.0.0.1:9", cache=cache) == folder
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
def test_hub_errors_state_the_reason(tmp_path: Path, hub: HubServer, name: str, complaint: str) -> None:
    with pytest.raises(InvalidWeights, match=complaint):
        download(name, endpoint=hub.address, cache=tmp_path / "cache")


def test_a_repository_without_weights_is_refused(tmp_path: Path, hub: HubServer) -> None:
    del files(hub)["model.safetensors"]
    with pytest.raises(InvalidWeights, match="holds no LAA-Net weights"):
        download(NAME, endpoint=hub.address, cache=tmp_path / "cache")


def test_hanging_hub_is_abandoned_after_the_time_limit(tmp_path: Path, hub: HubServer) -> None:
    hub.delay = 3.0
    started = time.monotonic()
    with pytest.raises(InvalidWeights, match=r"within 0\.5 seconds"):
        download(NAME, seconds=0.5, endpoint=hub.address, cache=tmp_path / "cache")
    assert time.monotonic() - started < 2.5


def test_tampered_downloads_are_refused(tmp_path: Path, hub: HubServer) -> None:
    content = bytearray(files(hub)["model.safetensors"])
    content[-1] ^= 1
    files(hub)["model.safetensors"] = bytes(content)
    folder = download(NAME, endpoint=hub.address, cache=tmp_path / "cache")
    with pytest.raises(InvalidWeights, match="was changed"):
        load_weights(folder)
