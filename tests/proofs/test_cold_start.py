from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Seconds, on an idle machine with two cores.
BUDGET = 4


def best_of(attempts: int, *arguments: str) -> float:
    """Return the shortest wall time, in seconds, of a Python process with these arguments."""
    seconds = []
    for _ in range(attempts):
        before = time.monotonic()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
        seconds.append(time.monotonic() - before)
    return min(seconds)


@pytest.mark.proof
def test_predict_analyses_a_photo_from_a_cold_start_within_the_budget(samples: Path) -> None:
    assert best_of(3, "-m", "laanet_core", "predict", str(samples / "astronaut.png"), "--json") < BUDGET
