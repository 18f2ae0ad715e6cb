"""Metadata of Matroska and WebM files: the writing program and text tags.

The format has no place for Content Credentials, so these files never have any.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from laanet_core.media.metadata_blocks import MAX_PARTS, MAX_TEXTS, MetadataBlocks

# Identifiers of elements (RFC 9559).
_SEGMENT, _INFO, _TAGS, _TAG, _SIMPLE_TAG = 0x18538067, 0x1549A966, 0x1254C367, 0x7373, 0x67C8
_WRITING_APP, _TAG_NAME, _TAG_STRING = 0x5741, 0x45A3, 0x4487
_CONTAINERS = {_SEGMENT, _INFO, _TAGS, _TAG, _SIMPLE_TAG}

# Tags whose texts may be settings of a program for AI pictures.
_TEXTS = {"comment", "description", "prompt", "workflow", "parameters"}


@dataclass(frozen=True)
class _Element:
    """Element of a file: its identifier, and where its contents start and end."""

    kind: int
    start: int
    end: int


def read_matroska(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the writing program and the texts of a Matroska or WebM file."""
    end = file.seek(0, io.SEEK_END)
    # Containers are read one after the other, without recursion, and share one limit of elements.
    waiting = [(0, end)]
    seen = 0
    while waiting:
        name = ""
        for element in _elements(file, *waiting.pop(0)):
            seen += 1
            if seen > MAX_PARTS:
                return
            if element.kind in _CONTAINERS:
                waiting.append((element.start, element.end))
            elif element.kind == _WRITING_APP:
                blocks.add_software("software", _content(file, element))
            # The name of a tag comes before its text.
            elif element.kind == _TAG_NAME:
                name = _content(file, element)[:128].rstrip(b"\x00").decode("latin-1").lower()
            elif element.kind == _TAG_STRING and name in _TEXTS:
                blocks.add_software(name, _content(file, element))


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[_Element]:
    """Yield the elements between two places. One that claims more than there is ends with its parent."""
    for _ in range(MAX_PARTS):
        if not start < end:
            return
        file.seek(start)
        head = file.read(12)
        kind_length = _length_of_number(head[:1], most=4)
        size_length = _length_of_number(head[kind_length : kind_length + 1], most=8)
        if not kind_length or not size_length:
            return
        kind = int.from_bytes(head[:kind_length], "big")
        ones = (1 << 7 * size_length) - 1
        size = int.from_bytes(head[kind_length : kind_length + size_length], "big") & ones
        start += kind_length + size_length
        # All bits are one if the size is unknown: a live stream's element ends with its parent.
        stop = end if size == ones else min(start + size, end)
        yield _Element(kind, start, stop)
        start = stop


def _length_of_number(first: bytes, *, most: int) -> int:
    """Return the bytes of a number by the leading zeros of its first byte; 0 if it is none."""
    length = 9 - first[0].bit_length() if first else 0
    return length if 0 < length <= most else 0


def _content(file: BinaryIO, element: _Element) -> bytes:
    """Return at most MAX_TEXTS bytes of an element."""
    file.seek(element.start)
    return file.read(min(element.end - element.start, MAX_TEXTS))
