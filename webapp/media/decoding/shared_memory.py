"""Shared memory for one request, in which a worker returns decoded images.

The server reads it as a file and never maps it: later writes of the worker cannot change what was read.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt


class BufferTooSmall(Exception):
    """The buffer has fewer bytes than the worker claims."""


class SharedBuffer:
    """Sealed anonymous file of `size` bytes.

    It takes no memory until it is written; the context closes it.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.file = _anonymous_file(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.file)

    def read(self, shape: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Return a copy of the first bytes as uint8 of `shape`, such as (H, W, 3). Raises BufferTooSmall."""
        if math.prod(shape) > self.size:
            raise BufferTooSmall("the array is larger than the buffer")
        values = np.empty(tuple(shape), np.uint8)
        remaining = values.reshape(-1).data
        offset = 0
        while remaining:
            length = os.preadv(self.file, [remaining], offset)
            if not length:
                raise BufferTooSmall("the buffer was truncated")
            offset += length
            remaining = remaining[length:]
        return values


def _anonymous_file(size: int) -> int:
    """Return the descriptor of an unnamed file of `size` bytes, which on Linux cannot change its size."""
    if hasattr(os, "memfd_create"):
        import fcntl

        file = os.memfd_create("decoded", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(file, size)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return file
    # macOS has no memfd. There a truncation is noticed on reading.
    with tempfile.TemporaryFile() as unnamed:
        unnamed.truncate(size)
        return os.dup(unnamed.fileno())
