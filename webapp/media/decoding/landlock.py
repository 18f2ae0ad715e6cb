"""Landlock sandbox (Linux 5.13 and later): no files and, if supported, no TCP connections or signals.

It applies to the calling thread and to threads that it starts later. See landlock(7).
"""

from __future__ import annotations

import ctypes
import os

# Numbers of the system calls, the same on every processor.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
# Flag that asks for the supported version.
_VERSION = 1
# Rights that can be removed, by the first version that knows them.
# Files: all rights; links across folders; truncation; device control.
_FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
# Network: bind and connect of TCP.
_NETWORK = {4: 0b11}
# Scopes: abstract Unix sockets and signals of other processes.
_SCOPES = {6: 0b11}


def restrict() -> str:
    """Remove every right that Landlock can remove; return a name for the log.

    Raises OSError if the kernel has no Landlock.
    """
    version = _call(_CREATE_RULESET, None, 0, _VERSION)
    files, network, scopes = (_known(rights, version) for rights in (_FILES, _NETWORK, _SCOPES))
    attributes = (ctypes.c_uint64 * 3)(files, network, scopes)
    size = 8 * (1 if version < 4 else 2 if version < 6 else 3)
    # Without a rule nothing is allowed.
    rules = _call(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        _call(_RESTRICT_SELF, rules, 0, 0)
    finally:
        os.close(rules)
    return f"Landlock {version}"


def _known(rights: dict[int, int], version: int) -> int:
    return sum(bits for since, bits in rights.items() if version >= since)


def _call(number: int, first: object, second: int, third: int) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    result: int = library.syscall(
        ctypes.c_long(number), first, ctypes.c_size_t(second), ctypes.c_uint32(third)
    )
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
