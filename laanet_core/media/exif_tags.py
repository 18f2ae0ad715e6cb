"""Tags of a TIFF structure, such as EXIF or a TIFF file, that say where a picture comes from.

Only the tags in `ORIGIN_TAGS` are ever read: never a place, an author or a serial number. Descriptions and
comments may name people, so they are compared with the forms of `generator_text` and never passed on.
"""

from __future__ import annotations

import os
from typing import BinaryIO

MAKE, MODEL, SOFTWARE = 271, 272, 305
# Free texts. Programs for AI pictures write their settings into any of them.
DOCUMENT_NAME, DESCRIPTION, USER_COMMENT, WINDOWS_COMMENT = 269, 270, 37510, 40092
FREE_TEXTS = (USER_COMMENT, DESCRIPTION, WINDOWS_COMMENT, DOCUMENT_NAME)
XMP, IPTC, CREDENTIALS = 700, 33723, 52545
_EXIF_DIRECTORY = 34665
ORIGIN_TAGS = {MAKE, MODEL, SOFTWARE, *FREE_TEXTS, XMP, IPTC, CREDENTIALS}

# Bytes of a value by the type of its tag. Others hold no text.
_TYPE_BYTES = {1: 1, 2: 1, 4: 4, 7: 1, 13: 4, 129: 1}
# Codes of a comment's encoding, in its first eight bytes. Eight zeros leave it undefined.
_CODE_BYTES = 8
_UNICODE, _OTHER_CODES = b"UNICODE\x00", (b"ASCII\x00\x00\x00", b"JIS\x00\x00\x00\x00\x00", bytes(8))
_MAX_ENTRIES = 512
_MAX_VALUE = 1_000_000


def read_tags(file: BinaryIO) -> dict[int, bytes]:
    """Return the values of ORIGIN_TAGS in the first directory and its EXIF directory; empty if damaged.

    The value of CREDENTIALS is cut to one byte: only its presence matters.
    """
    file.seek(0)
    head = file.read(8)
    if head[:4] not in (b"II*\x00", b"MM\x00*"):
        return {}
    is_little = head[:2] == b"II"
    tags = _directory(file, _number(head[4:], is_little), is_little)
    place = _number(tags.pop(_EXIF_DIRECTORY, b""), is_little)
    if place:
        tags = {**_directory(file, place, is_little), **tags}
    return {tag: value for tag, value in tags.items() if tag in ORIGIN_TAGS}


def text_of(tag: int, value: bytes) -> str:
    """Return the text of a tag's value. The code of a comment does not always name its true encoding."""
    if tag == WINDOWS_COMMENT:
        return _utf_16(value)
    if value.startswith(_UNICODE):
        return _utf_16(value[_CODE_BYTES:])
    if value.startswith(_OTHER_CODES):
        value = value[_CODE_BYTES:]
    return value.rstrip(b"\x00").decode("utf-8", "replace")


def _utf_16(text: bytes) -> str:
    """Return a text in UTF-16 of either byte order, or in UTF-8 if it has no zeros and is valid there.

    Settings are mostly ASCII, so the order shows in the places of their zeros.
    """
    if b"\x00" not in text.rstrip(b"\x00"):
        try:
            return text.rstrip(b"\x00").decode("utf-8")
        except UnicodeDecodeError:
            # Letters of another script have no zeros in UTF-16 either.
            pass
    if text[:2] in (b"\xfe\xff", b"\xff\xfe"):
        is_big = text[:1] == b"\xfe"
    else:
        is_big = text[::2].count(0) > text[1::2].count(0)
    return text.decode("utf-16-be" if is_big else "utf-16-le", "replace").strip("\x00\ufeff")


def _directory(file: BinaryIO, place: int, is_little: bool) -> dict[int, bytes]:
    """Return the values of wanted tags of the directory at a place."""
    size = file.seek(0, os.SEEK_END)
    file.seek(place)
    count = min(_number(file.read(2), is_little), _MAX_ENTRIES)
    content = file.read(12 * count)
    values: dict[int, bytes] = {}
    for start in range(0, len(content) - 11, 12):
        entry = content[start : start + 12]
        tag, kind, number = (_number(part, is_little) for part in (entry[:2], entry[2:4], entry[4:8]))
        if tag not in ORIGIN_TAGS and tag != _EXIF_DIRECTORY:
            continue
        length = _TYPE_BYTES.get(kind, 0) * number
        if length <= 4:
            values.setdefault(tag, entry[8 : 8 + length])
            continue
        at = _number(entry[8:], is_little)
        if at < size:
            file.seek(at)
            values.setdefault(tag, file.read(min(length, 1 if tag == CREDENTIALS else _MAX_VALUE)))
    return values


def _number(content: bytes, is_little: bool) -> int:
    return int.from_bytes(content, "little" if is_little else "big")
