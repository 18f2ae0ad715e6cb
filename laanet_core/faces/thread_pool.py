"""Threads in each of which torch computes alone.

Torch shares every operation among all threads and waits for the last of them. Where operations are small, or others compute too, most of
that is waiting: a face search on two threads took two to six times the processor time of the same search on one. So the parts of a
search run side by side instead, and so do the searches of different visitors.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Executor, ThreadPoolExecutor

import torch

_making = threading.Lock()
_made: list[Executor] = []


def workers() -> Executor:
    """The threads that all of this process share, as many as torch would use for one operation. What they are given must not wait for
    more of the same.
    """
    with _making:
        if not _made:
            _made.append(_make())
        return _made[0]


def _make() -> Executor:
    count = torch.get_num_threads()
    together = threading.Barrier(count + 1)
    pool = ThreadPoolExecutor(count, "worker", initializer=_alone)
    for _ in range(count):
        pool.submit(together.wait)
    together.wait()
    torch.set_num_threads(count)  # each worker has set what threads still to come begin with, too
    return pool


def _alone() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # only now torch takes it for this thread: else it would take, at the first operation, what holds then


def _forget() -> None:
    """In a copy of the process: threads do not survive a fork, and would be waited for."""
    _made.clear()
    _making.release()


os.register_at_fork(before=_making.acquire, after_in_parent=_making.release, after_in_child=_forget)
