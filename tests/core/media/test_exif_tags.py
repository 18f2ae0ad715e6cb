from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from laanet_core.media.exif_tags import MAKE, MODEL, SOFTWARE, USER_COMMENT, read_tags
from tests.core.media.test_metadata_blocks import exif
from tests.signed_files import picture


def test_only_tags_of_the_origin_are_read() -> None:
    tags = exif()
    # Artist, and the directories of EXIF (comment, serial number) and GPS.
    tags[315] = "Jane Roe"
    tags.get_ifd(34665)[37510] = b"ASCII\x00\x00\x00a comment"
    tags.get_ifd(34665)[42033] = "SN-12345"
    tags.get_ifd(34853)[2] = (46.0, 57.0, 0.0)
    read = read_tags(io.BytesIO(tags.tobytes().removeprefix(b"Exif\x00\x00")))
    assert read.keys() == {MAKE, MODEL, SOFTWARE, USER_COMMENT}
    assert read[MODEL] == b"Model 1\x00"


def test_tags_of_a_tiff_file() -> None:
    assert read_tags(io.BytesIO(picture("TIFF", tiffinfo={MAKE: "Maker"})))[MAKE].startswith(b"Maker")


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders_of_bytes(order: str) -> None:
    start = b"II*\x00" if order == "<" else b"MM\x00*"
    entry = struct.pack(f"{order}HHI4s", SOFTWARE, 2, 4, b"GIM\x00")
    content = start + struct.pack(f"{order}IH", 8, 1) + entry
    assert read_tags(io.BytesIO(content)) == {SOFTWARE: b"GIM\x00"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"II*\x00\xff\xff\xff\xff",
        b"II*\x00\x08\x00\x00\x00\xff\xff",
        # A directory that refers to itself, and a text of 4 GB.
        b"II*\x00\x08\x00\x00\x00\x02\x00"
        + struct.pack("<HHII", 34665, 4, 1, 8)
        + struct.pack("<HHII", MAKE, 2, 0xFFFFFFFF, 8),
    ],
)
def test_damaged_structures_give_no_more_than_they_hold(content: bytes) -> None:
    assert all(len(value) < 100 for value in read_tags(io.BytesIO(content)).values())


def test_pillow_writes_what_is_read() -> None:
    with Image.open(io.BytesIO(picture("JPEG", exif=exif()))) as image:
        assert image.getexif()[MAKE] == "Maker"
