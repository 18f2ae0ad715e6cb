"""Marks of Content Credentials in the bytes of a file, found without regard to its structure.

A file with lost or added bytes may hide its credentials from every reader. It must not look like one that
never had any.
"""

from __future__ import annotations

import os
import re
from typing import BinaryIO

# Bytes that are searched at the beginning and at the end. Credentials lie near one of them.
SEARCHED = 64_000_000
_CHUNK = 1 << 18

# Description of a box of C2PA's store: its type and the end that all types have. Each store has many.
_TYPE_END = b"\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
_BOX = re.compile(rb"jumdc2[a-z]{2}" + re.escape(_TYPE_END))
_BOX_BYTES = 20


def has_marks(file: BinaryIO) -> bool:
    """Return whether a file has a part of C2PA's store anywhere near its beginning or end."""
    size = file.seek(0, os.SEEK_END)
    if size <= 2 * SEARCHED:
        return _found(file, 0, size)
    return _found(file, 0, SEARCHED) or _found(file, size - SEARCHED, size)


def _found(file: BinaryIO, start: int, end: int) -> bool:
    file.seek(start)
    tail = b""
    while start < end and (chunk := file.read(min(_CHUNK, end - start))):
        start += len(chunk)
        window = tail + chunk
        # The search for many fixed bytes is the fastest, and nearly no file has them by chance.
        if _TYPE_END in window and _BOX.search(window) is not None:
            return True
        tail = window[-_BOX_BYTES:]
    return False
