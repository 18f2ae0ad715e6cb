"""Timing of two networks, which must not depend on other load of the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from laanet_core.modeling.config import ModelConfig
from laanet_core.modeling.laanet import LAANet
from laanet_core.modeling.loading import LoadedWeights, load_weights, save_weights
from tests.core.conftest import TINY
from webapp.services.model_registry.gate_report import GateLimits
from webapp.services.training.gate_measurements import seconds_per_crop

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
    assert max(seconds) / min(seconds) <= SLOWDOWN, seconds


def test_a_slower_network_is_measured_as_slower_under_load(tmp_path: Path) -> None:
    slow, fast = network(tmp_path, LARGE, 1), network(tmp_path, SMALL, 2)
    with busy_processes():
        seconds = seconds_per_crop([slow, fast])
    assert seconds[0] > SLOWDOWN * seconds[1], seconds


def test_the_number_of_torch_threads_is_restored(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    seconds_per_crop([network(tmp_path, TINY, 1)])
    assert torch.get_num_threads() == before


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
