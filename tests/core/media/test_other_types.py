from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image, sniff_file
from laanet_core.media.other_types import raw_type


def tiff(entries: dict[int, tuple[int, int]], maker: bytes = b"", order: str = "<") -> bytes:
    """A TIFF with one directory of numbers by tag, and a maker's name behind it."""
    entries = dict(entries)
    end = 8 + 2 + 12 * (len(entries) + bool(maker)) + 4
    rows = [(tag, kind, 1, value) for tag, (kind, value) in entries.items()]
    if maker:
        rows.append((271, 2, len(maker), end))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    body = struct.pack(order + "H", len(rows))
    for tag, kind, count, value in sorted(rows):
        packed = struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
        body += struct.pack(order + "HHI", tag, kind, count) + packed
    return start + body + bytes(4) + maker


RAW = {
    "Canon CR2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(64),
    "Canon CR3": b"\0\0\0\x18ftypcrx \0\0\0\1" + bytes(64),
    "Nikon NEF": tiff({259: (3, 34713), 262: (3, 32803)}, b"NIKON CORPORATION\0", ">"),
    "Sony ARW": tiff({259: (3, 32767)}, b"SONY\0"),
    "DNG": tiff({50706: (1, 0x0401)}, b"Google\0"),
    "Pentax PEF": tiff({262: (3, 32803)}, b"PENTAX\0", ">"),
    "Fujifilm RAF": b"FUJIFILMCCD-RAW 0201" + bytes(64),
    "Olympus ORF": b"IIRO\x08\0\0\0" + bytes(64),
    "Panasonic RW2": b"IIU\0\x18\0\0\0" + bytes(64),
}


@pytest.mark.parametrize("name", RAW)
def test_raw_files_are_named(tmp_path: Path, name: str) -> None:
    file = tmp_path / "photo"
    file.write_bytes(RAW[name])
    with pytest.raises(UnreadableMedia) as caught:
        sniff_file(file)
    assert caught.value.code == "unsupported_type"
    assert name in caught.value.message
    assert "Export it as JPEG" in caught.value.message


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"<?xml version='1.0'?>\n<!-- a -->\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\n<!DOCTYPE html><html></html>", "web page"),
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (b"ID3\x04" + bytes(40), "MP3"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "M4A"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "WAV"),
        (b"8BPS\0\1", "Photoshop"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"any other bytes", "neither a picture"),
    ],
)
def test_other_types_are_named(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    with pytest.raises(UnreadableMedia, match=word) as caught:
        sniff_file(file)
    assert caught.value.code == "unsupported_type"
    assert caught.value.message.endswith(".")


def test_finished_tiffs_are_pictures(tmp_path: Path) -> None:
    for mode in ("RGB", "L", "I;16", "CMYK", "LAB"):
        content = io.BytesIO()
        Image.new(mode, (40, 30)).save(content, "TIFF", tiffinfo={271: "NIKON CORPORATION"})
        (tmp_path / "a.tif").write_bytes(content.getvalue())
        assert sniff_file(tmp_path / "a.tif") == "image"
        assert read_image(content.getvalue()).shape == (30, 40, 3)


def test_endless_directories_are_abandoned() -> None:
    loop = tiff({330: (4, 8)})
    assert raw_type(io.BytesIO(loop), loop[:64]) is None
    assert raw_type(io.BytesIO(loop[:12]), loop[:12]) is None
