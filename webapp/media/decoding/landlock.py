"""Landlock sandbox (Linux 5.13 and later): no files and, if supported, no TCP connections or signals.

It applies to the calling thread and to threads that it starts later. See landlock(7).
"""

from __future__ import annotations

import ctypes
import os

# Numbers of the system calls, the same on every processor.
_CREATE_RULESET = 444
_RESTRICT_SELF = 446
# Flag of _CREATE_RULESET: return the kernel's Landlock version instead of a rule set.
_VERSION = 1
# Bits of the rights that can be removed, by the first Landlock version that supports them.
# Files by version: 1 = the 13 basic rights, 2 = links across folders, 3 = truncation, 5 = device control.
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
    rights = [_supported(_FILES, version)]
    # Pass only the fields that this version has.
    if version >= min(_NETWORK):
        rights.append(_supported(_NETWORK, version))
    if version >= min(_SCOPES):
        rights.append(_supported(_SCOPES, version))
    attributes = (ctypes.c_uint64 * len(rights))(*rights)
    # The rule set stays empty: no right is given back.
    rules = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    try:
        _call(_RESTRICT_SELF, rules, 0, 0)
    finally:
        os.close(rules)
    return f"Landlock {version}"


def _supported(rights: dict[int, int], version: int) -> int:
    """Return the bits of all rights that this Landlock version supports."""
    return sum(bits for since, bits in rights.items() if version >= since)


def _call(number: int, first: object, second: int, third: int) -> int:
    """Make a system call and return its result. Raises OSError if it fails."""
    library = ctypes.CDLL(None, use_errno=True)
    result: int = library.syscall(
        ctypes.c_long(number), first, ctypes.c_size_t(second), ctypes.c_uint32(third)
    )
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
