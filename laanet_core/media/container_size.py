"""Size that a clip's container declares, read from the headers of its outermost boxes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

# MP4 boxes that count. Other bytes that a camera appends may not be a box at all.
_BOXES = (b"moov", b"moof", b"mdat")

# A clip of ten minutes in fragments of one frame each has fewer boxes.
_MAX_BOXES = 100_000

# Ids of Matroska elements.
_SEGMENT = b"\x18\x53\x80\x67"
_EBML = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True)
class ContainerSize:
    """Bytes of a file, and bytes its container declares (0 if it declares none).

    `fragmented` is true for an MP4 in fragments.
    """

    actual: int
    declared: int
    fragmented: bool = False


def container_size(file: BinaryIO) -> ContainerSize:
    """Return the sizes of an open MP4, MOV, Matroska, WebM or AVI file."""
    actual = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(4)
    if head == b"RIFF":
        return ContainerSize(actual, 8 + int.from_bytes(file.read(4), "little"))
    if head == _EBML:
        return ContainerSize(actual, _segment_end(file))
    return _mp4_size(file, actual)


def _segment_end(file: BinaryIO) -> int:
    """Return the position at which a Matroska file's segment ends, 0 if the file does not declare it."""
    header = _element_size(file)
    if header is None:
        return 0
    file.seek(header, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _element_size(file)
    return 0 if size is None else file.tell() + size


def _element_size(file: BinaryIO) -> int | None:
    """Read a Matroska integer of variable length; None for "unknown" (all ones).

    The leading zero bits of the first byte tell how many bytes follow. The one after them is no part of the
    value.
    """
    first = file.read(1)
    if first in (b"", b"\0"):
        return None
    length = 9 - first[0].bit_length()
    all_ones = (1 << 7 * length) - 1
    value = int.from_bytes(first + file.read(length - 1), "big") & all_ones
    return None if value == all_ones else value


def _mp4_size(file: BinaryIO, actual: int) -> ContainerSize:
    """Return the sizes of an MP4 file. It declares the end of the last known box that begins inside it."""
    position = declared = 0
    fragmented = False
    for _ in range(_MAX_BOXES):
        file.seek(position)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        # A length of 0 means "up to the end of the file", anything else below 8 is no box.
        if length < 8:
            break
        position += length
        if kind in _BOXES:
            declared = position
            fragmented = fragmented or kind == b"moof"
        if position >= actual:
            break
    return ContainerSize(actual, declared, fragmented)
