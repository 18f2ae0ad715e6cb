"""Threads in which torch computes alone, in a process that has no pool yet."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

CODE = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
import torch
from laanet_core.faces.thread_pool import workers

def threads_of_an_operation(together):
    together.wait(20)
    torch.rand(200_000).exp().sum().item()
    return torch.get_num_threads()

def in_each(pool, count):
    together = threading.Barrier(count)
    return list(pool.map(threads_of_an_operation, [together] * count))

torch.set_num_threads(3)
with ThreadPoolExecutor(8) as others:
    together = threading.Barrier(8)
    pools = list(others.map(lambda _: (together.wait(20), workers())[1], range(8)))
    assert len({id(pool) for pool in pools}) == 1
    assert in_each(pools[0], 3) == [1, 1, 1]
with ThreadPoolExecutor(2) as later:
    assert in_each(later, 2) == [3, 3]
assert torch.get_num_threads() == 3
child = os.fork()
if child == 0:
    os._exit(0 if workers() is not pools[0] and workers().submit(int).result(timeout=20) == 0 else 1)
assert os.waitpid(child, 0)[1] == 0
"""


def test_each_process_has_one_pool_and_only_its_threads_compute_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
