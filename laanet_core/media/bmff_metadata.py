"""Metadata of files made of boxes (ISO/IEC 14496-12): MP4, QuickTime, HEIC and AVIF."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from laanet_core.media.metadata_blocks import MAX_BLOCK, MAX_PARTS, MAX_TEXTS, MetadataBlocks

# Names of `uuid` boxes with Content Credentials and with XMP.
_CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

# Boxes inside boxes that are looked at.
_MAX_DEPTH = 8
# Items of a picture file, and entries of a list.
_MAX_ENTRIES = 4096

# Atoms and keys that name software or camera, or may have settings of a program for AI pictures.
_ATOMS = {
    b"\xa9too": "software",
    b"\xa9swr": "software",
    b"\xa9enc": "software",
    b"\xa9mak": "make",
    b"\xa9mod": "model",
    b"\xa9cmt": "comment",
    b"\xa9des": "description",
    b"desc": "description",
}
_KEYS = {
    "com.apple.quicktime.software": "software",
    "com.apple.quicktime.make": "make",
    "com.apple.quicktime.model": "model",
    "com.apple.proapps.creatorapplication": "software",
    "com.android.manufacturer": "make",
    "com.android.model": "model",
    # Names as FFmpeg writes them with the option use_metadata_tags.
    "encoder": "software",
    **{name: name for name in ("comment", "description", "prompt", "workflow", "parameters")},
}


@dataclass(frozen=True)
class Box:
    """Box of a file: its four-letter kind, and where its contents start and end."""

    kind: bytes
    start: int
    end: int


def read_boxes(file: BinaryIO, blocks: MetadataBlocks) -> None:
    """Collect the metadata of a file made of boxes."""
    end = file.seek(0, io.SEEK_END)
    for box in boxes(file, 0, end):
        if box.kind == b"uuid":
            _read_uuid(file, box, blocks)
        elif box.kind == b"moov":
            _read_movie(file, box, blocks, depth=1)
        elif box.kind == b"meta":
            _read_items(file, box, blocks)


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places of a file. A box that claims more than there is ends the list."""
    for _ in range(MAX_PARTS):
        head = _part(file, start, 16)
        if start + 8 > end or len(head) < 8:
            return
        size, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, header = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        yield Box(kind, start + header, start + size)
        start += size


def _read_uuid(file: BinaryIO, box: Box, blocks: MetadataBlocks) -> None:
    name = _part(file, box.start, 16)
    if name == _CREDENTIALS:
        blocks.credential_bytes += box.end - box.start
    elif name == _XMP:
        blocks.add_xmp(_part(file, box.start + 16, box.end - box.start - 16))


def _read_movie(file: BinaryIO, parent: Box, blocks: MetadataBlocks, depth: int) -> None:
    """Collect the software atoms of a movie's boxes."""
    if depth > _MAX_DEPTH:
        return
    for box in boxes(file, parent.start, parent.end):
        if box.kind == b"udta":
            _read_movie(file, box, blocks, depth + 1)
        elif box.kind == b"meta":
            _read_lists(file, _body_of_meta(file, box), blocks)
        elif box.kind == b"uuid":
            _read_uuid(file, box, blocks)
        elif box.kind == b"XMP_":
            blocks.add_xmp(_part(file, box.start, box.end - box.start))
        elif box.kind in _ATOMS:
            content = _part(file, box.start, min(box.end - box.start, MAX_TEXTS))
            # Length and language precede the text.
            length = int.from_bytes(content[:2], "big")
            blocks.add_software(_ATOMS[box.kind], content[4 : 4 + length])


def _body_of_meta(file: BinaryIO, box: Box) -> Box:
    """Return the box without its version, which QuickTime leaves out."""
    has_version = _part(file, box.start, 8)[4:] not in (b"hdlr", b"keys", b"ilst")
    return Box(box.kind, box.start + 4, box.end) if has_version else box


def _read_lists(file: BinaryIO, parent: Box, blocks: MetadataBlocks) -> None:
    """Collect software atoms of an item list, whose names are its own or numbers of a list of keys."""
    keys: list[str] = []
    for box in boxes(file, parent.start, parent.end):
        if box.kind == b"keys":
            keys = [
                _part(file, key.start, min(key.end - key.start, 128)).decode("latin-1")
                for key, _ in zip(boxes(file, box.start + 8, box.end), range(_MAX_ENTRIES), strict=False)
            ]
        elif box.kind == b"ilst":
            for item, _ in zip(boxes(file, box.start, box.end), range(_MAX_ENTRIES), strict=False):
                number = int.from_bytes(item.kind, "big")
                name = _KEYS.get(keys[number - 1]) if 0 < number <= len(keys) else _ATOMS.get(item.kind)
                value = next((box for box in boxes(file, item.start, item.end) if box.kind == b"data"), None)
                if name is not None and value is not None:
                    # Type and country precede the text.
                    content = _part(file, value.start + 8, min(value.end - value.start - 8, MAX_TEXTS))
                    blocks.add_software(name, content)


def _read_items(file: BinaryIO, box: Box, blocks: MetadataBlocks) -> None:
    """Collect EXIF and XMP of a picture file's items."""
    parts = {part.kind: part for part in boxes(file, box.start + 4, box.end)}
    if b"iinf" not in parts or b"iloc" not in parts:
        return
    kinds = _item_kinds(file, parts[b"iinf"])
    base = parts[b"idat"].start if b"idat" in parts else 0
    for number, (start, length) in _item_places(file, parts[b"iloc"], base).items():
        kind = kinds.get(number)
        if not blocks.texts_left:
            return
        if kind == b"Exif":
            content = _part(file, start, length)
            # The first four bytes tell where the TIFF structure starts.
            blocks.add_exif(content[4 + int.from_bytes(content[:4], "big") :])
        elif kind == b"mime":
            blocks.add_xmp(_part(file, start, length))


def _item_kinds(file: BinaryIO, box: Box) -> dict[int, bytes]:
    """Return the kinds of EXIF and XMP items by number."""
    version = _part(file, box.start, 1)
    kinds: dict[int, bytes] = {}
    start = box.start + (6 if version == b"\x00" else 8)
    for entry, _ in zip(boxes(file, start, box.end), range(_MAX_ENTRIES), strict=False):
        content = _part(file, entry.start, min(entry.end - entry.start, 128))
        width = 4 if content[:1] == b"\x03" else 2
        kind = content[6 + width : 10 + width]
        if kind == b"Exif" or (kind == b"mime" and b"rdf+xml" in content):
            kinds[int.from_bytes(content[4 : 4 + width], "big")] = kind
    return kinds


def _item_places(file: BinaryIO, box: Box, base: int) -> dict[int, tuple[int, int]]:
    """Return the place and length of the first extent of each item by number."""
    content = io.BytesIO(_part(file, box.start, box.end - box.start))

    def number(width: int) -> int:
        return int.from_bytes(content.read(width), "big")

    version = number(1)
    number(3)
    sizes = number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    width = 4 if version == 2 else 2
    places: dict[int, tuple[int, int]] = {}
    for _ in range(min(number(width), _MAX_ENTRIES)):
        item = number(width)
        is_in_box = bool(number(2) & 15) if version in (1, 2) else False
        number(2)
        item_base = number(base_size)
        for extent in range(min(number(2), _MAX_ENTRIES)):
            number(index_size)
            offset, length = number(offset_size), number(length_size)
            if extent == 0:
                places[item] = (item_base + offset + (base if is_in_box else 0), length)
    return places


def _part(file: BinaryIO, start: int, length: int) -> bytes:
    """Return at most MAX_BLOCK bytes of a file; none at a place that no file has."""
    if not 0 <= start < 1 << 62 or length <= 0:
        return b""
    file.seek(start)
    return file.read(min(length, MAX_BLOCK))
