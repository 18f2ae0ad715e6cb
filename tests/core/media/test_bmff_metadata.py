from __future__ import annotations

import io
import struct
import time

import pytest

from laanet_core.media.bmff_metadata import boxes, read_boxes
from laanet_core.media.metadata_blocks import MetadataBlocks
from tests.core.media.test_metadata_blocks import XMP, exif
from tests.signed_files import clip, picture, signed, source_file


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def blocks_of(content: bytes) -> MetadataBlocks:
    blocks = MetadataBlocks()
    read_boxes(io.BytesIO(content), blocks)
    return blocks


@pytest.mark.parametrize("image_format", ["AVIF", "HEIF"])
def test_items_of_a_picture(image_format: str) -> None:
    blocks = blocks_of(picture(image_format, exif=exif(), xmp=XMP))
    assert blocks.exif[271].startswith(b"Maker")
    assert blocks.xmp.startswith(XMP)


@pytest.mark.parametrize("name", ["AVIF", "HEIF", "mp4", "mov"])
def test_credentials_are_noticed(name: str) -> None:
    content, media_type = source_file(name)
    assert blocks_of(content).credential_bytes == 0
    assert blocks_of(signed(content, media_type)).credential_bytes > 1000


def test_software_of_clips() -> None:
    assert blocks_of(clip("mp4")).software[0][1].startswith("Lavf")
    assert blocks_of(clip("mov")).software[0][1].startswith("Lavf")
    named = [("make", b"Apple"), ("model", b"Phone 9"), ("software", b"17.1")]
    keys = b"".join(box(b"mdta", b"com.apple.quicktime." + name.encode()) for name, _ in named)
    values = b"".join(
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0) + value))
        for number, (_, value) in enumerate(named, start=1)
    )
    lists = box(b"keys", struct.pack(">II", 0, len(named)) + keys) + box(b"ilst", values)
    meta = box(b"meta", box(b"hdlr", bytes(24)) + lists)
    content = box(b"ftyp", b"qt  ") + box(b"moov", meta)
    assert blocks_of(content).software == [(name, value.decode()) for name, value in named]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"uuid", 1 << 63),
        box(b"ftyp", b"isom") + struct.pack(">I4s", 8, b"free") * 300_000,
        box(b"ftyp", b"isom") + box(b"moov", struct.pack(">I4s", 0, b"udta") * 100_000),
        box(b"ftyp", b"heic") + box(b"meta", bytes(4) + box(b"iinf", b"") + box(b"iloc", b"\x01" * 90)),
        box(b"ftyp", b"heic")
        + box(
            b"meta", bytes(4) + box(b"iinf", bytes(6)) + box(b"iloc", b"\x02\0\0\0\xff\xff" + b"\xff" * 90)
        ),
    ],
)
def test_hostile_boxes_end_soon(content: bytes) -> None:
    began = time.monotonic()
    assert blocks_of(content).xmp == b""
    assert time.monotonic() - began < 5


def test_box_beyond_the_end_is_not_listed() -> None:
    content = box(b"free", b"1234") + struct.pack(">I4s", 1 << 31, b"uuid")
    assert [one.kind for one in boxes(io.BytesIO(content), 0, len(content))] == [b"free"]
