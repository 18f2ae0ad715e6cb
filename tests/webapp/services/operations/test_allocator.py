"""Tests of the memory that a process keeps after files of many sizes in several threads."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_USE = """
import sys
import numpy as np
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from webapp.services.operations.allocator import limit_kept_memory, return_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

is_limited = sys.argv[1] == "limited"
if is_limited:
    assert limit_kept_memory()
before = resident()

def use(seed):
    random = np.random.default_rng(seed)
    kept = []
    for _ in range(40):
        blocks = [np.ones(int(random.integers(1, 16) * 2**20), np.uint8) for _ in range(4)]
        # A small block at the top of a heap keeps all below it from being returned.
        kept.append(bytearray(64_000))
    return kept

with ThreadPoolExecutor(8) as pool:
    kept = list(pool.map(use, range(8)))
if is_limited:
    return_freed_memory()
print(resident() - before)
"""


def _kept_megabytes(mode: str) -> float:
    """Return the memory that a process of its own has beyond its start after all blocks were freed."""
    done = subprocess.run([sys.executable, "-c", _USE, mode], capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")
def test_freed_memory_is_returned() -> None:
    # About 90 instead of 500 MB.
    assert _kept_megabytes("limited") < _kept_megabytes("default") / 3
