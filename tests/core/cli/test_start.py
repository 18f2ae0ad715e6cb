"""Budgets of starting: seconds on a machine with two cores that does nothing else, the best of a few tries."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT


def best_of(tries: int, *arguments: str) -> float:
    seconds = []
    for _ in range(tries):
        before = time.monotonic()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
        seconds.append(time.monotonic() - before)
    return min(seconds)


def test_importing_the_library_is_no_wait() -> None:
    code = (
        "import time; before = time.perf_counter(); import laanet_core; print(time.perf_counter() - before)"
    )
    tries = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    assert min(float(done.stdout) for done in tries) < 0.3


@pytest.mark.proof
def test_one_photo_is_judged_from_a_cold_start_in_four_seconds(samples: Path) -> None:
    assert best_of(3, "-m", "laanet_core", "predict", str(samples / "astronaut.png"), "--json") < 4
