"""Threads in each of which torch computes alone.

Torch shares every operation among all threads and waits for the last of them. Where operations are small, or others compute too, most of
that is waiting: a face search on two threads took two to six times the processor time of the same search on one. So the parts of a
search run side by side instead, and so do the searches of different visitors.
"""

from __future__ import annotations

import functools
import os
import threading
from concurrent.futures import Executor, ThreadPoolExecutor

import torch


@functools.cache
def workers() -> Executor:
    """The threads that all of this process share, as many as torch would use for one operation. What they are given must not wait for
    more of the same.
    """
    count = torch.get_num_threads()
    pool = ThreadPoolExecutor(count, "worker", initializer=torch.set_num_threads, initargs=(1,))
    together = threading.Barrier(count + 1)
    for _ in range(count):
        pool.submit(together.wait)
    together.wait()
    torch.set_num_threads(count)  # each worker has set what threads still to come begin with, too
    return pool


os.register_at_fork(after_in_child=workers.cache_clear)  # threads do not survive a fork, and would be waited for
