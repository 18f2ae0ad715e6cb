"""How long a clip's file should be: by the sizes of the outermost boxes alone, nothing in them is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

_BOXES = (b"moov", b"moof", b"mdat")  # of MP4; what else a camera hangs on may be no box at all
_MOST_BOXES = 100_000  # a clip of ten minutes in fragments of one frame each has fewer
_SEGMENT = b"\x18\x53\x80\x67"
_EBML = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True)
class Extent:
    """Bytes of a file, bytes that its container says it has (0: it does not say), and whether it is an MP4 in fragments."""

    size: int
    announced: int
    fragmented: bool = False


def extent_of(file: BinaryIO) -> Extent:
    """Of an open MP4, MOV, Matroska, WebM or AVI file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(4)
    if head == b"RIFF":
        return Extent(size, 8 + int.from_bytes(file.read(4), "little"))
    if head == _EBML:
        return Extent(size, _segment_end(file))
    return _of_boxes(file, size)


def _segment_end(file: BinaryIO) -> int:
    """Where a Matroska file's segment ends; 0 where it does not say."""
    header = _element_size(file)
    if header is None:
        return 0
    file.seek(header, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _element_size(file)
    return 0 if size is None else file.tell() + size


def _element_size(file: BinaryIO) -> int | None:
    """The number at this place, as long as its first byte's leading zeros say; None for all ones: unknown."""
    first = file.read(1)
    if first in (b"", b"\0"):
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1), "big") & ((1 << 7 * length) - 1)
    return None if value == (1 << 7 * length) - 1 else value


def _of_boxes(file: BinaryIO, size: int) -> Extent:
    """By where the last of an MP4's known boxes ends, of those that begin in the file."""
    place = end = 0
    fragmented = False
    for _ in range(_MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:  # of the last box that may be 0: it has all the rest
            break
        place += length
        if kind in _BOXES:
            end, fragmented = place, fragmented or kind == b"moof"
        if place >= size:
            break
    return Extent(size, end, fragmented)
