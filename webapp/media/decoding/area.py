"""Memory that server and worker both see, for one request: decoded pictures come back in it.

The server reads it as a file and never maps it: what the worker still does to it cannot hurt the reader, and what was read stays.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt


class Torn(Exception):
    """The area holds less than was said."""


class Area:
    """`size` bytes that take no room until they are written; gone at the block's end."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.file = _memory(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.file)

    def read(self, shape: Sequence[int]) -> npt.NDArray[np.uint8]:
        """A copy of what lies at its start, as bytes of that shape. Raises Torn."""
        if math.prod(shape) > self.size:
            raise Torn("more than the area can hold")
        values = np.empty(tuple(shape), np.uint8)
        left = values.reshape(-1).data
        place = 0
        while left:
            length = os.preadv(self.file, [left], place)
            if not length:
                raise Torn("the area was cut")
            place, left = place + length, left[length:]
        return values


def _memory(size: int) -> int:
    if hasattr(os, "memfd_create"):
        import fcntl

        file = os.memfd_create("pictures", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(file, size)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return file
    with tempfile.TemporaryFile() as unnamed:  # macOS
        unnamed.truncate(size)
        return os.dup(unnamed.fileno())
