"""Metadata blocks of a file, found by its structure without decoding pixels.

Every walk has bounds: a hostile file may claim gigabytes or millions of parts.
"""

from __future__ import annotations

import functools
import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from laanet_core.media.exif_tags import IPTC, XMP, read_tags
from laanet_core.media.xmp_packets import Property, as_utf8, properties

# Bytes of one metadata block. Cameras and editors write up to some hundred thousand.
MAX_BLOCK = 4_000_000

# Bytes of all texts of a file together, inflated: XMP, EXIF, comments, PNG texts and software atoms. The
# first ones count. Real prompts take some thousand, real workflows of ComfyUI some hundred thousand.
MAX_TEXTS = 1_000_000

# Bytes of that limit which a text uses up at least, so that the number of texts is limited, too.
_LEAST_CHARGE = 1000
# Names of the XMP properties that are read, in lower case.
XMP_NAMES = frozenset(
    (
        "digitalsourcetype",
        "provenance",
        "creatortool",
        "description",
        "imagedescription",
        "usercomment",
        "parameters",
        "prompt",
        "workflow",
    )
)

# Bytes that an EXIF block without any tag uses up.
_EMPTY_EXIF_CHARGE = 50_000

# Parts of a file that are looked at.
MAX_PARTS = 65_536

# Text chunks of a PNG, and comments of other pictures.
_MAX_TEXTS = 64

# Bytes read at a time in a search.
_CHUNK = 1 << 20

# JPEG markers.
_SOS, _EOI, _APP1, _APP11, _APP13, _COM = 0xDA, 0xD9, 0xE1, 0xEB, 0xED, 0xFE
_PARAMETERLESS = {*range(0xD0, 0xD9), 0x01}
_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"

# Application extensions of a GIF with Content Credentials and with XMP.
_GIF_CREDENTIALS = b"!\xff\x0bC2PA_GIF"
_GIF_XMP = b"!\xff\x0bXMP DataXMP"


@dataclass
class MetadataBlocks:
    """Raw metadata of a file.

    `exif` are the values of `exif_tags.ORIGIN_TAGS`, `xmp` one or more XML packets in UTF-8, `photoshop` a
    list of Photoshop's resources, `iptc` an IIM block, `texts` keys and values of PNG text chunks,
    `comments` those of a JPEG or GIF. `software` are names (software, make, model, comment, description,
    prompt, workflow, parameters) and values of a clip's container.
    `credential_bytes` is the claimed size of the Content Credentials; 0: there are none.
    """

    exif: dict[int, bytes] = field(default_factory=dict)
    xmp: bytes = b""
    photoshop: bytes = b""
    iptc: bytes = b""
    texts: list[tuple[str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    software: list[tuple[str, str]] = field(default_factory=list)
    credential_bytes: int = 0
    # Bytes of texts that may still be read.
    texts_left: int = MAX_TEXTS

    @functools.cached_property
    def xmp_properties(self) -> list[Property]:
        """Return the properties of all XMP packets, which are complete when this is first read."""
        return properties(self.xmp.decode("utf-8", "replace"), XMP_NAMES)

    def take(self, content: bytes, *, stored: int = 0) -> bytes:
        """Return what the limit of all texts leaves of a text that takes `stored` bytes in the file."""
        kept = content[: self.texts_left]
        self.charge(max(len(kept), stored))
        return kept

    def charge(self, size: int) -> None:
        """Subtract the size of a text from the limit of all texts."""
        self.texts_left = max(0, self.texts_left - max(size, _LEAST_CHARGE))

    def add_exif(self, content: bytes) -> None:
        """Add the tags of an EXIF block, unless there was one before."""
        if not self.exif and self.texts_left:
            self.set_exif(read_tags(io.BytesIO(content.removeprefix(_EXIF))))
            if not self.exif:
                self.charge(_EMPTY_EXIF_CHARGE)

    def set_exif(self, tags: dict[int, bytes]) -> None:
        """Set the tags of an EXIF block. XMP and IPTC among them are no texts."""
        self.exif = {tag: value if tag in (XMP, IPTC) else self.take(value) for tag, value in tags.items()}

    def add_comment(self, content: bytes) -> None:
        """Add a comment of a JPEG or GIF. The formats do not state its encoding."""
        if len(self.comments) < _MAX_TEXTS:
            self.comments.append(self.take(content).rstrip(b"\x00").decode("utf-8", "replace"))

    def add_software(self, name: str, content: bytes) -> None:
        """Add a value of a clip's container, unless there was one of that name before."""
        if all(name != known for known, _ in self.software):
            self.software.append((name, self.take(content).rstrip(b"\x00").decode("utf-8", "replace")))

    def add_photoshop(self, content: bytes) -> None:
        """Add a part of Photoshop's resources. They have thumbnails, so only their number is charged."""
        if self.texts_left and len(self.photoshop) < MAX_TEXTS:
            self.photoshop += content
            self.charge(0)

    def add_xmp(self, packet: bytes) -> None:
        """Add an XMP packet, or the next part of one, within the limit of all texts."""
        if self.texts_left:
            self.xmp += as_utf8(self.take(packet))


def read_jpeg(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the metadata segments before a JPEG's first scan."""
    file.seek(2)
    for _ in range(MAX_PARTS):
        marker = _next_marker(file)
        if marker is None or marker in (_SOS, _EOI):
            return
        if marker in _PARAMETERLESS:
            continue
        length = int.from_bytes(file.read(2), "big") - 2
        if length < 0:
            return
        if marker == _APP11:
            blocks.credential_bytes += length
        if marker not in (_APP1, _APP13, _COM):
            file.seek(length, os.SEEK_CUR)
            continue
        body = file.read(length)
        if marker == _COM:
            blocks.add_comment(body)
        elif body.startswith(_EXIF):
            blocks.add_exif(body)
        elif body.startswith(_XMP):
            blocks.add_xmp(body[len(_XMP) :])
        elif body.startswith(_MORE_XMP):
            # A digest of 32 letters, the total length and the offset come first.
            blocks.add_xmp(body[len(_MORE_XMP) + 40 :])
        elif body.startswith(_PHOTOSHOP):
            blocks.add_photoshop(body[len(_PHOTOSHOP) :])


def _next_marker(file: BinaryIO) -> int | None:
    """Return the next marker's number; None if there is none right here."""
    pair = file.read(2)
    # Any number of fill bytes may precede a marker.
    for _ in range(_CHUNK):
        if len(pair) < 2 or pair[0] != 0xFF:
            return None
        if pair[1] != 0xFF:
            return pair[1]
        pair = pair[1:] + file.read(1)
    return None


def read_png(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the metadata chunks of a PNG."""
    file.seek(8)
    for _ in range(MAX_PARTS):
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"caBX":
            blocks.credential_bytes += length
        is_wanted = blocks.texts_left > 0 and len(blocks.texts) < _MAX_TEXTS
        is_text = is_wanted and kind in (b"tEXt", b"zTXt", b"iTXt")
        if length > MAX_BLOCK or not (is_text or kind == b"eXIf"):
            file.seek(length + 4, os.SEEK_CUR)
            continue
        body = file.read(length)
        file.seek(4, os.SEEK_CUR)
        if kind == b"eXIf":
            blocks.add_exif(body)
        else:
            _add_text(kind, body, blocks)


def _add_text(kind: bytes, body: bytes, blocks: MetadataBlocks) -> None:
    key, _, rest = body.partition(b"\x00")
    encoding = "latin-1"
    if kind == b"zTXt":
        rest = _inflated(rest[1:], blocks.texts_left)
    elif kind == b"iTXt":
        encoding = "utf-8"
        is_compressed = rest[:1] == b"\x01"
        # Language and translated key follow the two bytes of compression.
        value = rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
        rest = _inflated(value, blocks.texts_left) if is_compressed else value
    if key == b"XML:com.adobe.xmp":
        blocks.add_xmp(rest)
        return
    text = blocks.take(rest, stored=len(body)).decode(encoding, "replace")
    blocks.texts.append((key[:80].decode("latin-1"), text))


def _inflated(content: bytes, most: int) -> bytes:
    """Return decompressed bytes, at most as many as may be read; empty if they are damaged."""
    try:
        return zlib.decompressobj().decompress(content, most)
    except zlib.error:
        return b""


def read_riff(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the metadata chunks of a WebP or AVI."""
    for kind, start, length in _riff_chunks(file, 12, _size_of(file)):
        if kind == b"C2PA":
            blocks.credential_bytes += length
        elif kind == b"EXIF":
            blocks.add_exif(_part(file, start, length))
        elif kind in (b"XMP ", b"_PMX"):
            blocks.add_xmp(_part(file, start, length))
        elif kind == b"LIST" and _part(file, start, 4) == b"INFO":
            for name, place, size in _riff_chunks(file, start + 4, start + length):
                if name == b"ISFT":
                    blocks.add_software("software", _part(file, place, min(size, 256)))


def _riff_chunks(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, start and length of the chunks between two places."""
    for _ in range(MAX_PARTS):
        head = _part(file, start, 8)
        if start >= end or len(head) < 8:
            return
        length = int.from_bytes(head[4:], "little")
        yield head[:4], start + 8, length
        start += 8 + length + length % 2


def read_gif(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the comments before a GIF's first picture, and its extensions with credentials and XMP."""
    _read_gif_comments(file, blocks)
    file.seek(0)
    offset = 0
    tail = b""
    while chunk := file.read(_CHUNK):
        window = tail + chunk
        start = offset - len(tail)
        found = window.find(_GIF_XMP)
        if found >= 0 and not blocks.xmp:
            place = file.tell()
            blocks.add_xmp(_part(file, start + found + len(_GIF_XMP), MAX_BLOCK))
            file.seek(place)
        if _GIF_CREDENTIALS in window:
            blocks.credential_bytes = 1
        offset += len(chunk)
        tail = window[-len(_GIF_XMP) :]


def _read_gif_comments(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the comment extensions before the first picture."""
    file.seek(0)
    head = file.read(13)
    if len(head) == 13 and head[10] & 0x80:
        # The global colour table.
        file.seek(3 << (head[10] & 7) + 1, os.SEEK_CUR)
    parts_left = MAX_PARTS
    while parts_left > 0:
        start = file.read(2)
        if start[:1] != b"!" or file.tell() > MAX_BLOCK:
            return
        content, parts = _sub_blocks(file, parts_left)
        parts_left -= parts
        if start == b"!\xfe":
            blocks.add_comment(content)


def _sub_blocks(file: BinaryIO, most: int) -> tuple[bytes, int]:
    """Return the content of a chain of at most so many sub-blocks, and how many parts were read."""
    content = bytearray()
    for number in range(most):
        length = file.read(1)
        if length in (b"", b"\x00"):
            return bytes(content), number + 1
        content += file.read(length[0])
    return bytes(content), most


def _part(file: BinaryIO, start: int, length: int) -> bytes:
    """Return at most MAX_BLOCK bytes of a file."""
    file.seek(start)
    return file.read(min(length, MAX_BLOCK))


def _size_of(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)
