"""Timing of two networks, which must not depend on other load of the machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from laanet_core.decision import DecisionConfig
from laanet_core.errors import InvalidDataset
from laanet_core.inference.detector import Detector
from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import LoadedWeights, load_weights, save_weights
from laanet_core.results import AnalysisResult
from tests.conftest import ROOT
from tests.core.conftest import TINY
from webapp.services.model_registry.gate_report import GateLimits
from webapp.services.training.gate_measurements import GateSettings, picture_false_alarms, seconds_per_crop

LARGE, SMALL = replace(TINY, input_size=256), replace(TINY, input_size=192)
# Processes that only compute
BUSY_PROCESSES = 3
SLOWDOWN = GateLimits().slowdown


def network(folder: Path, config: ModelConfig, seed: int) -> LoadedWeights:
    torch.manual_seed(seed)
    save_weights(LAANet(config), folder / str(seed), version=str(seed))
    return load_weights(folder / str(seed))


@contextmanager
def busy_processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start busy loops on the one processor that this process is restricted to meanwhile."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_PROCESSES)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, allowed)


def signal_before_forward(
    loaded: LoadedWeights, processes: list[subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    """Send a signal to the processes before every forward pass of a network."""

    def send(*_: object) -> None:
        for process in processes:
            process.send_signal(number)

    loaded.model.register_forward_pre_hook(send)


def test_load_during_one_networks_rounds_does_not_make_it_slower(tmp_path: Path) -> None:
    candidate, champion = network(tmp_path, LARGE, 1), network(tmp_path, LARGE, 2)
    with busy_processes() as processes:
        signal_before_forward(candidate, processes, signal.SIGCONT)
        signal_before_forward(champion, processes, signal.SIGSTOP)
        seconds = seconds_per_crop([candidate, champion])
    # In wall time the one with load would take BUSY_PROCESSES + 1 times as long; caches are shared.
    assert max(seconds) / min(seconds) < 2, seconds


def test_a_slower_network_is_measured_as_slower_under_load(tmp_path: Path) -> None:
    slow, fast = network(tmp_path, LARGE, 1), network(tmp_path, SMALL, 2)
    with busy_processes():
        seconds = seconds_per_crop([slow, fast])
    assert seconds[0] > SLOWDOWN * seconds[1], seconds


def test_the_number_of_torch_threads_is_restored(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    seconds_per_crop([network(tmp_path, TINY, 1)])
    assert torch.get_num_threads() == before


def test_false_alarms_are_those_of_real_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    shutil.copy(ROOT / "tests/samples/astronaut.png", folder / "astronaut.png")
    table = folder / "pictures.csv"
    settings = GateSettings((), (), "cpu", pictures=folder)
    loaded = network(tmp_path, TINY, 1)
    assert picture_false_alarms(loaded, replace(settings, pictures=None)) is None
    # Any probability above 0 is fake for the one network, none for the other.
    for threshold, share in ((0.0, 1.0), (1.0, 0.0)):
        decision = DecisionConfig(real_below=0.0, fake_above=threshold)
        table.write_text("path,label\nastronaut.png,real\nastronaut.png,fake\n", encoding="utf-8")
        assert picture_false_alarms(replace(loaded, decision=decision), settings) == share
    table.write_text("path,label\nastronaut.png,fake\n", encoding="utf-8")
    with pytest.raises(InvalidDataset, match="no real one"):
        picture_false_alarms(loaded, settings)


def test_verdicts_on_pictures_are_cached_by_content_and_thresholds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cache = tmp_path / "pictures", tmp_path / "cache"
    folder.mkdir()
    picture = folder / "astronaut.png"
    shutil.copy(ROOT / "tests/samples/astronaut.png", picture)
    (folder / "pictures.csv").write_text("path,label\nastronaut.png,real\n", encoding="utf-8")
    settings = GateSettings((), (), "cpu", pictures=folder)
    loaded = network(tmp_path, TINY, 1)
    judged: list[Path] = []
    analyse_file = Detector.analyse_file

    def count(detector: Detector, path: Path, **options: Any) -> AnalysisResult:
        judged.append(path)
        return analyse_file(detector, path, **options)

    monkeypatch.setattr(Detector, "analyse_file", count)
    always_fake = replace(loaded, decision=DecisionConfig(real_below=0.0, fake_above=0.0))
    never_fake = replace(loaded, decision=DecisionConfig(real_below=0.0, fake_above=1.0))
    for _ in range(2):
        assert picture_false_alarms(always_fake, settings, cache) == 1.0
        assert picture_false_alarms(never_fake, settings, cache) == 0.0
    assert len(judged) == 2
    # An interruption cut the last line.
    file = next(cache.iterdir())
    file.write_text(file.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    picture.write_bytes(picture.read_bytes() + b" ")
    assert picture_false_alarms(always_fake, settings, cache) == 1.0
    assert len(judged) == 3


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
