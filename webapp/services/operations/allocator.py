"""Memory allocator of the C library: limits of what it keeps, and the return of the rest to the system."""

from __future__ import annotations

import ctypes
import platform

# Parameters of glibc's mallopt (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# Heaps. glibc's default of 8 per processor leaves the memory of the largest picture in each of them.
_ARENAS = 2
# Bytes from which on a block is returned as soon as it is freed. By default glibc raises this limit with the
# blocks that it sees. With 1 MB, an analysis took half as much CPU time again.
_RETURNED_BLOCK = 32 * 2**20
# Bytes at the top of a heap that are kept for the next file.
_KEPT_TOP = 16 * 2**20


def limit_kept_memory() -> bool:
    """Limit the freed memory that this process keeps; return True if that is possible.

    Call it before threads start. Files of many sizes, each in another thread, leave gaps that glibc neither
    fills nor returns. Allocators other than glibc's are left alone.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = (
        (_ARENA_MAX, _ARENAS),
        (_MMAP_THRESHOLD, _RETURNED_BLOCK),
        (_TRIM_THRESHOLD, _KEPT_TOP),
    )
    results = [mallopt(parameter, value) for parameter, value in settings]
    return all(result == 1 for result in results)


def return_freed_memory() -> bool:
    """Return all freed pages to the system, those inside the heaps too; return True if there were any."""
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).malloc_trim(0) == 1)
