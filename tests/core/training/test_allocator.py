"""Tests of the memory allocator's settings: a process that keeps freed memory has fewer page faults."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_COUNT_FAULTS = """
import resource, sys
import numpy as np
from laanet_core.training.allocator import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory()

def allocate():
    for _ in range(20):
        np.ones(32 * 2**20, np.uint8)

allocate()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
allocate()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _page_faults(mode: str) -> int:
    """Return the page faults of 20 repeated allocations of 32 MiB in a process of its own."""
    command = [sys.executable, "-c", _COUNT_FAULTS, mode]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")
def test_kept_memory_is_not_cleared_again() -> None:
    # Every block of 32 MiB is at least 15 huge pages, or 8,192 small ones where the kernel has no huge pages.
    assert _page_faults("default") >= 20 * 15
    assert _page_faults("keep") < 100
