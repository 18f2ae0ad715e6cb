"""Locks on files, which the operating system releases when the last process that has them ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def try_lock(path: Path) -> Iterator[int | None]:
    """Lock a file for the block. Yield the file descriptor, or None if another process has the lock.

    A child process that inherits the descriptor keeps the lock after the block.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Return True if a living process has the lock."""
    if not path.exists():
        return False
    with try_lock(path) as descriptor:
        return descriptor is None
