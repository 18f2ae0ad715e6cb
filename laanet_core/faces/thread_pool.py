"""Thread pool in which torch runs each operation in one thread.

torch divides every operation among all its threads and waits for the last of them. With small operations,
or while other threads compute too, most of the time is spent waiting: a face search on two threads took two
to six times the processor time of the same search on one. Therefore the parts of a search run in parallel
instead, and so do the searches of different visitors.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Executor, ThreadPoolExecutor

import torch

_lock = threading.Lock()
_pools: list[Executor] = []


def workers() -> Executor:
    """Return the pool of this process, with as many threads as torch would use for one operation.

    A task must not wait for other tasks of the pool.
    """
    with _lock:
        if not _pools:
            _pools.append(_start_pool())
        return _pools[0]


def _start_pool() -> Executor:
    count = torch.get_num_threads()
    all_started = threading.Barrier(count + 1)
    pool = ThreadPoolExecutor(count, "worker", initializer=_use_one_thread)
    for _ in range(count):
        pool.submit(all_started.wait)
    all_started.wait()
    # set_num_threads in a worker also sets the default of threads that start later.
    torch.set_num_threads(count)
    return pool


def _use_one_thread() -> None:
    torch.set_num_threads(1)
    # torch applies the number to this thread now; without this call it would apply the default of its first
    # operation.
    torch.get_num_threads()


def _forget_pool() -> None:
    """Drop the pool in a forked process, because its threads do not survive the fork."""
    _pools.clear()
    _lock.release()


os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forget_pool)
