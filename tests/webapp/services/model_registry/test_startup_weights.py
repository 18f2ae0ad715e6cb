"""Weights at the start of a server, with a Hub on the loopback that works or fails."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from laanet_core.errors import InvalidWeights
from laanet_core.modeling.hub import download
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import LoadedWeights, load_weights, save_weights
from laanet_core.results import ModelInfo
from tests.core.conftest import TINY
from tests.hub_server import HubServer, Repository
from webapp.services.model_registry.startup_weights import StartupWeights, WeightsInUse
from webapp.texts import LANGUAGES
from webapp.ui.render.headline import fallback_notice

# Timeout of downloads in these tests
SECONDS = 1.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    save_weights(LAANet(TINY), folder, version="7")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as running:
        yield running


@pytest.fixture
def repository(hub: HubServer, files: dict[str, bytes]) -> Repository:
    return hub.add("model", "someone/weights", dict(files), tags=("v1",))


def start(hub: HubServer, name: str, cache: Path) -> tuple[LoadedWeights, WeightsInUse]:
    fetch = partial(download, seconds=SECONDS, endpoint=hub.address, cache=cache)
    return StartupWeights(name, fetch).load(load_weights)


def test_the_hubs_weights_are_used_and_the_next_start_needs_no_hub(
    hub: HubServer, repository: Repository, tmp_path: Path
) -> None:
    for name in (f"hf://someone/weights@{repository.head}", "hf://someone/weights@v1"):
        loaded, used = start(hub, name, tmp_path)
        assert (loaded.info.version, used.to_json()) == ("7", {"wanted": name, "used": name, "reason": None})
    requests = len(hub.requests)
    with hub.failing(delay=60):
        _, used = start(hub, "hf://someone/weights@v1", tmp_path)
    assert not used.is_fallback
    assert len(hub.requests) == requests


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ({"delay": 60.0}, "did not deliver"),
        # The client itself retries after 429.
        ({"status": 429}, "answered 429|did not deliver"),
        ({"status": 403}, "answered 403|no repository"),
        ({"status": 500}, "answered 500|did not deliver"),
        ({"withheld": 1000}, "did not deliver|could not be reached"),
    ],
)
def test_a_failing_hub_delays_the_start_by_a_bounded_time_and_the_starter_weights_are_used(
    hub: HubServer,
    repository: Repository,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    failure: dict[str, float],
    reason: str,
) -> None:
    started = time.monotonic()
    with hub.failing(**failure), caplog.at_level(logging.ERROR):  # type: ignore[arg-type]
        loaded, used = start(hub, f"hf://someone/weights@{repository.head}", tmp_path)
    # Much less than the delay; the starter weights take seconds to load on a busy machine.
    assert time.monotonic() - started < SECONDS + 10
    assert (loaded.info.name, used.used, used.is_fallback) == ("laanet-lite", "starter", True)
    assert used.reason is not None
    assert re.search(reason, used.reason), used.reason
    assert "falling back to the starter weights" in caplog.text


def test_an_unknown_repository_and_an_unreachable_hub_are_reported(hub: HubServer, tmp_path: Path) -> None:
    _, used = start(hub, "hf://someone/else@v1", tmp_path)
    assert used.reason == "the Hub knows no repository someone/else, or it is private"
    fetch = partial(download, seconds=SECONDS, endpoint="http://127.0.0.1:9", cache=tmp_path)
    _, used = StartupWeights("hf://someone/weights@v1", fetch).load(load_weights)
    assert used.is_fallback


def test_tampered_weights_are_neither_used_nor_cached(
    hub: HubServer, repository: Repository, tmp_path: Path, files: dict[str, bytes]
) -> None:
    for broken in (files["model.safetensors"][:-1] + b"!", files["model.safetensors"][:1000]):
        repository.files["model.safetensors"] = broken
        _, used = start(hub, "hf://someone/weights@v1", tmp_path)
        assert used.is_fallback
        assert "was changed" in str(used.reason)
    repository.files["model.safetensors"] = files["model.safetensors"]
    loaded, used = start(hub, "hf://someone/weights@v1", tmp_path)
    assert (loaded.info.version, used.is_fallback) == ("7", False)


def test_a_missing_folder_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidWeights, match="no folder of weights"):
        StartupWeights(str(tmp_path / "none")).load(load_weights)


def test_the_page_states_the_weights_in_use_in_every_language() -> None:
    info = ModelInfo("laanet-<lite>", "1.2", "0" * 64)
    for texts in LANGUAGES.values():
        markup = fallback_notice(info, texts)
        assert "laanet-&lt;lite&gt;" in markup
        assert "1.2" in markup
