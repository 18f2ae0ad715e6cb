from __future__ import annotations

import io
import struct
import time
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from laanet_core.media.metadata_blocks import (
    MAX_BLOCK,
    MAX_TEXTS,
    MetadataBlocks,
    read_gif,
    read_jpeg,
    read_png,
    read_riff,
)
from tests.signed_files import clip, picture, signed

XMP = b"<x:xmpmeta/>"


def exif() -> Image.Exif:
    tags = Image.Exif()
    tags[271], tags[272], tags[305] = "Maker", "Model 1", "Firmware 2"
    return tags


def test_blocks_of_a_jpeg() -> None:
    blocks = MetadataBlocks()
    read_jpeg(io.BytesIO(picture("JPEG", exif=exif(), xmp=XMP)), blocks)
    assert blocks.exif[271].startswith(b"Maker")
    assert (blocks.xmp, blocks.credential_bytes) == (XMP, 0)
    blocks = MetadataBlocks()
    read_jpeg(io.BytesIO(picture("JPEG", comment=b"a lake\x00")), blocks)
    assert blocks.comments == ["a lake"]
    blocks = MetadataBlocks()
    read_jpeg(io.BytesIO(signed(picture(), "image/jpeg")), blocks)
    assert blocks.credential_bytes > 1000


def test_texts_of_a_png_are_decompressed_within_a_bound() -> None:
    texts = PngInfo()
    texts.add_text("Plain", "value")
    texts.add_text("Packed", "packed value", zip=True)
    texts.add_itxt("International", "\u00fcber", zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    bomb = zlib.compress(bytes(10 * MAX_BLOCK))
    texts.add(b"zTXt", b"Bomb\x00\x00" + bomb)
    blocks = MetadataBlocks()
    read_png(io.BytesIO(picture("PNG", pnginfo=texts, exif=exif())), blocks)
    found = dict(blocks.texts)
    assert MAX_TEXTS - 10_000 < len(found.pop("Bomb")) <= MAX_TEXTS
    assert blocks.texts_left == 0
    assert found == {"Plain": "value", "Packed": "packed value", "International": "\u00fcber"}
    assert blocks.xmp == XMP
    # The limit was used up before EXIF, which comes last in this file.
    assert blocks.exif == {}


def test_blocks_of_a_png() -> None:
    blocks = MetadataBlocks()
    read_png(io.BytesIO(picture("PNG", exif=exif())), blocks)
    assert blocks.exif[305].startswith(b"Firmware 2")


def test_blocks_of_a_webp_and_of_an_avi() -> None:
    blocks = MetadataBlocks()
    read_riff(io.BytesIO(picture("WEBP", exif=exif(), xmp=XMP)), blocks)
    assert blocks.xmp == XMP
    assert blocks.exif[272].startswith(b"Model 1")
    blocks = MetadataBlocks()
    read_riff(io.BytesIO(clip("avi")), blocks)
    assert blocks.software[0][0] == "software"
    assert blocks.software[0][1].startswith("Lavf")


def test_blocks_of_a_gif() -> None:
    plain = picture("GIF")
    blocks = MetadataBlocks()
    read_gif(io.BytesIO(picture("GIF", comment=b"a" * 1000)), blocks)
    assert blocks.comments == ["a" * 1000]
    blocks = MetadataBlocks()
    read_gif(io.BytesIO(signed(plain, "image/gif")), blocks)
    assert blocks.credential_bytes
    blocks = MetadataBlocks()
    read_gif(io.BytesIO(plain), blocks)
    assert blocks == MetadataBlocks()


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff" * 3_000_000,
        b"\xff\xd8" + b"\xff\xe1\x00\x02" * 500_000,
        b"\xff\xd8" + b"\xff\xe1\x00\x00",
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sI", 0, b"tEXt", 0) * 200_000,
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 0xFFFFFFFF, b"iTXt"),
        b"RIFF\xff\xff\xff\xffWEBP" + struct.pack("<4sI", b"XMP ", 0xFFFFFFFF),
        b"RIFF\xff\xff\xff\xffAVI " + struct.pack("<4sI", b"LIST", 4) * 500_000,
        b"GIF89a" + b"!\xff\x0bXMP DataXMP" * 500_000,
        b"GIF89a" + bytes(7) + b"!\xfe\x00" * 2_000_000,
        b"GIF89a" + bytes(7) + b"!\xfe" + b"\x01a" * 2_000_000,
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 500_000,
    ],
)
def test_hostile_structures_end_soon(content: bytes) -> None:
    blocks = MetadataBlocks()
    began = time.monotonic()
    for read in (read_jpeg, read_png, read_riff, read_gif):
        read(io.BytesIO(content), blocks)
    assert time.monotonic() - began < 5
    assert len(blocks.xmp) <= MAX_TEXTS
