"""Landlock (Linux 5.13 and later): from here on this process opens no file, and where the kernel knows how, no connection.

It holds for the thread that asks for it and those it starts later. See landlock(7).
"""

from __future__ import annotations

import ctypes
import os

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same on every processor
_VERSION = 1
# the rights that can be taken away, by the first version that knows them
_FILES = {
    1: (1 << 13) - 1,
    2: 1 << 13,
    3: 1 << 14,
    5: 1 << 15,
}  # everything; linking across folders, truncating, device control
_NETWORK = {4: 0b11}  # binding and connecting TCP
_SCOPES = {6: 0b11}  # abstract Unix sockets and signals of other processes


def restrict() -> str:
    """Take away everything Landlock can. Returns what holds now. Raises OSError where the kernel has no Landlock."""
    version = _call(_CREATE_RULESET, None, 0, _VERSION)
    files, network, scopes = (_known(rights, version) for rights in (_FILES, _NETWORK, _SCOPES))
    attributes = (ctypes.c_uint64 * 3)(files, network, scopes)
    size = 8 * (1 if version < 4 else 2 if version < 6 else 3)
    rules = _call(_CREATE_RULESET, ctypes.byref(attributes), size, 0)  # no rule is added: nothing is allowed
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
