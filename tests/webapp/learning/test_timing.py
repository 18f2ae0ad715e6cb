"""What the gate says of two networks' speed does not depend on what else the machine does."""

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
from webapp.services.training.gate_measurements import _seconds
from webapp.services.training.promotion_gate import TriageRules

LARGE, SMALL = replace(TINY, input_size=256), replace(TINY, input_size=192)
BUSY = 3  # processes that do nothing but compute
SLOWER = TriageRules().slower


def loaded(folder: Path, config: ModelConfig, seed: int) -> LoadedWeights:
    torch.manual_seed(seed)
    save_weights(LAANet(config), folder / str(seed), version=str(seed))
    return load_weights(folder / str(seed))


@contextmanager
def load_beside() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Busy loops that stand still, on the one processor that this process keeps to."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        yield busy
    finally:
        for one in busy:
            one.kill()
            one.wait()
        os.sched_setaffinity(0, allowed)


def disturbed(network: LoadedWeights, busy: list[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    def tell(*_: object) -> None:
        for one in busy:
            one.send_signal(number)

    network.model.register_forward_pre_hook(tell)


def test_a_busy_machine_makes_no_network_slower_than_its_like(tmp_path: Path) -> None:
    """The load is there whenever the candidate works, and never while the champion does: as unjust as it can be."""
    candidate, champion = loaded(tmp_path, LARGE, 1), loaded(tmp_path, LARGE, 2)
    with load_beside() as busy:
        disturbed(candidate, busy, signal.SIGCONT)
        disturbed(champion, busy, signal.SIGSTOP)
        times = _seconds([candidate, champion])
    assert max(times) / min(times) <= SLOWER, times


def test_a_slower_network_is_seen_under_load(tmp_path: Path) -> None:
    slow, fast = loaded(tmp_path, LARGE, 1), loaded(tmp_path, SMALL, 2)
    with load_beside():
        times = _seconds([slow, fast])
    assert times[0] > SLOWER * times[1], times


def test_threads_are_as_before(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    _seconds([loaded(tmp_path, TINY, 1)])
    assert torch.get_num_threads() == before


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
