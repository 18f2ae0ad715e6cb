"""Pictures whose file ends too early: decoding of what is there, and the share that is missing."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import ImageFile

if TYPE_CHECKING:
    from laanet_core.media.jpeg_structure import JpegStructure
    from laanet_core.types import RGBImage

# Largest share of the rows that may be missing. With more, faces are likely to be incomplete or absent, and
# an answer about the rest would pass for one about the picture.
MAX_MISSING = 0.25

# Bytes at the start of a file that tell its form and its declared length, and at its end.
_HEAD, _TAIL = 64, 64

# Extensions before the first picture of a GIF, and blocks of each.
_MAX_BLOCKS = 1000

# Zeros behind the data of a cut WebP. Rows that are missing take few bits of them.
_PADDING = 1 << 18

# A Pillow setting for the whole process says whether incomplete pictures are decoded.
_SETTING = threading.Lock()


def is_cut(file: BinaryIO, jpeg: JpegStructure | None) -> bool:
    """Return whether an open picture ends too early, in a form whose first part can be decoded alone.

    These are JPEG, PNG, GIF, WebP and BMP without a coarse-to-fine order of their rows. Of a progressive
    JPEG, only the last bit of coefficients may be missing: less is a blurred picture.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(max(length - _TAIL, 0))
    tail = file.read()
    file.seek(0)
    head = file.read(_HEAD)
    if jpeg is not None:
        return not jpeg.ended and jpeg.has_all_coefficients
    if head.startswith(b"\x89PNG"):
        is_interlaced = head[28:29] == b"\x01"
        return b"IEND" not in tail and not is_interlaced
    if head.startswith(b"GIF8"):
        return not tail.endswith(b"\x3b") and not _is_interlaced_gif(file)
    if head.startswith(b"BM"):
        return int.from_bytes(head[2:6], "little") > length
    return _missing_webp_bytes(head, length) > 0


@contextlib.contextmanager
def tolerant_decoding() -> Iterator[None]:
    """Make Pillow decode incomplete pictures; their missing rows have one colour."""
    with _SETTING:
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


@contextlib.contextmanager
def completed(file: BinaryIO) -> Iterator[BinaryIO]:
    """Yield a cut file with what its decoder insists on: a WebP gets zeros for its missing bytes."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    missing = _missing_webp_bytes(head, length)
    # More zeros would be decoded as a picture of which too little is there.
    if 0 < missing <= MAX_MISSING * (length + missing):
        yield io.BytesIO(_padded_webp(file.read() + bytes(missing)))
    else:
        yield file


def missing_rows(rgb: RGBImage) -> float:
    """Return the share of rows (H, W, 3) at the top or the bottom that have one colour throughout.

    Pillow fills missing rows so; a border of the picture counts too, which only makes the answer stricter.
    """
    is_uniform = (rgb == rgb[:, :1]).all(axis=(1, 2))
    top = is_uniform & (rgb[:, 0] == rgb[0, 0]).all(axis=1)
    bottom = (is_uniform & (rgb[:, 0] == rgb[-1, 0]).all(axis=1))[::-1]
    missing = [len(rows) if rows.all() else int(np.argmin(rows)) for rows in (top, bottom)]
    return max(missing) / len(rgb)


def _missing_webp_bytes(head: bytes, length: int) -> int:
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return 0
    return max(8 + int.from_bytes(head[4:8], "little") - length, 0)


def _padded_webp(content: bytes) -> bytes:
    """Return a WebP with more zeros in its picture's chunk, which end it before the decoder misses data."""
    place = 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        end = place + 8 + size + size % 2
        if content[place : place + 4] in (b"VP8 ", b"VP8L"):
            longer = content[place + 8 : end] + bytes(_PADDING)
            chunk = content[place : place + 4] + len(longer).to_bytes(4, "little") + longer
            chunks = b"WEBP" + content[12:place] + chunk
            return b"RIFF" + len(chunks).to_bytes(4, "little") + chunks
        place = end
    return content


def _is_interlaced_gif(file: BinaryIO) -> bool:
    """Return whether the first picture of a GIF is interlaced, or does not follow soon."""
    file.seek(10)
    flags = file.read(1) or b"\0"
    table = 3 << ((flags[0] & 7) + 1) if flags[0] & 0x80 else 0
    file.seek(13 + table)
    for _ in range(_MAX_BLOCKS):
        kind = file.read(1)
        if kind == b"\x2c":
            descriptor = file.read(9)
            return len(descriptor) < 9 or bool(descriptor[8] & 0x40)
        # An extension: its label, and blocks up to an empty one.
        if kind != b"\x21" or not file.read(1):
            return True
        for _ in range(_MAX_BLOCKS):
            size = int.from_bytes(file.read(1), "big")
            if not size:
                break
            file.seek(size, os.SEEK_CUR)
    return True
