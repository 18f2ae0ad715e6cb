"""Settings of the C library's memory allocator for training on CPUs."""

from __future__ import annotations

import ctypes
import platform

# Parameters of glibc's mallopt (malloc.h).
_TRIM_THRESHOLD = -1
_TOP_PAD = -2
_MMAP_MAX = -4

# Bytes by which the heap grows at a time.
_GROWTH = 256 * 2**20


def keep_freed_memory() -> bool:
    """Make this process keep freed memory for its next allocations; return True if that is possible.

    By default, glibc returns large freed blocks to the kernel. The next training step allocates the same
    blocks, and the kernel clears every page of them again. That took a third of a step's CPU time. The memory
    in use does not grow, because every step needs as much as the one before. Allocators other than glibc's
    are left alone.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # A trim threshold of -1 disables trimming.
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _GROWTH))
    results = [mallopt(parameter, value) for parameter, value in settings]
    return all(result == 1 for result in results)
