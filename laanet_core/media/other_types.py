"""Types of files that people bring and that are not analysed, with what to do about each."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import BinaryIO

_SUPPORTED = (
    "This is neither a picture (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC) "
    "nor a video (MP4, MOV, WebM, MKV, AVI)."
)
_EXPORT = "Export it as JPEG with the camera's program or a photo editor."
_AS_JPEG = "Save it as JPEG or PNG."
_AS_MP4 = "Save it as MP4."
_SCREENSHOT = "Save the photo itself, or take a screenshot of it."
_SOUND = "Only pictures and videos can be analysed."

# Camera raw files by their first bytes.
_RAW_STARTS = {
    b"FUJIFILMCCD-RAW": "Fujifilm RAF",
    b"IIRO": "Olympus ORF",
    b"IIRS": "Olympus ORF",
    b"MMOR": "Olympus ORF",
    b"IIU\x00": "Panasonic RW2",
    b"FOVb": "Sigma X3F",
    b"\x00MRM": "Minolta MRW",
    b"II\x1a\x00\x00\x00HEAPCCDR": "Canon CRW",
}

# Other types by their first bytes, each with its name and what to do.
_STARTS = {
    b"%PDF": ("a PDF document", _SCREENSHOT),
    b"PK\x03\x04": ("a ZIP archive or an office document", "Extract the pictures first."),
    b"Rar!": ("a RAR archive", "Extract the pictures first."),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "Extract the pictures first."),
    b"\x1f\x8b": ("a gzip archive", "Extract the pictures first."),
    b"8BPS": ("a Photoshop document", _AS_JPEG),
    b"\xff\x0a": ("a JPEG XL picture", _AS_JPEG),
    b"\x00\x00\x00\x0cJXL ": ("a JPEG XL picture", _AS_JPEG),
    b"\x00\x00\x00\x0cjP  ": ("a JPEG 2000 picture", _AS_JPEG),
    b"\xff\x4f\xff\x51": ("a JPEG 2000 picture", _AS_JPEG),
    b"\x00\x00\x01\x00": ("an icon", _AS_JPEG),
    b"\xd0\xcf\x11\xe0": ("an office document", _SCREENSHOT),
    b"{\\rtf": ("a text document", _SCREENSHOT),
    b"FLV\x01": ("a Flash video", _AS_MP4),
    b"\x30\x26\xb2\x75": ("a Windows Media file", _AS_MP4),
    b"\x00\x00\x01\xba": ("an MPEG video", _AS_MP4),
    b"\x00\x00\x01\xb3": ("an MPEG video", _AS_MP4),
    b"ID3": ("a sound recording (MP3)", _SOUND),
    b"\xff\xfb": ("a sound recording (MP3)", _SOUND),
    b"\xff\xf3": ("a sound recording (MP3)", _SOUND),
    b"\xff\xf1": ("a sound recording (AAC)", _SOUND),
    b"fLaC": ("a sound recording (FLAC)", _SOUND),
    b"#!AMR": ("a sound recording (AMR)", _SOUND),
    b"OggS": ("an Ogg file", _AS_MP4),
}
_RIFF_TYPES = {b"WAVE": ("a sound recording (WAV)", _SOUND)}
_BRANDS = {
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "), ("a sound recording (M4A)", _SOUND)),
    b"crx ": ("a camera raw file (Canon CR3)", _EXPORT),
    b"jxl ": ("a JPEG XL picture", _AS_JPEG),
}
_SVG = re.compile(
    rb"\A(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?((<!--.*?-->|<!DOCTYPE svg[^>]*>)\s*)*<svg\b", re.S
)
_HTML = re.compile(rb"\A(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body)\b", re.S | re.I)

# All names without their details, and all advice, for translations.
_TYPES = (*_STARTS.values(), *_RIFF_TYPES.values(), *_BRANDS.values())
TYPE_NAMES = tuple(
    dict.fromkeys(
        (*(name.split(" (")[0] for name, _ in _TYPES), "a drawing", "a web page", "a camera raw file")
    )
)
TYPE_ADVICE = tuple(dict.fromkeys((*(advice for _, advice in _TYPES), _EXPORT, _AS_JPEG, _SCREENSHOT)))

# Form of the sentences that name a type.
_NAMING = re.compile(
    r"This is (?P<name>an? [^(,]*?)( \((?P<detail>[^)]*)\))?, which cannot be analysed\. (?P<advice>.+)"
)

# Bytes in which the first element of a document begins.
_DOCUMENT_BYTES = 2048

# TIFF tags: compression, interpretation of the values, maker, parts, and the version of DNG.
_COMPRESSION, _INTERPRETATION, _MAKE, _PARTS, _DNG = 259, 262, 271, 330, 50706
# Values of a colour filter's array, and its linear form.
_SENSOR_VALUES = (32803, 34892)
# Compressions of Nikon, Sony, Pentax and Samsung, and the lossy one of DNG.
_RAW_COMPRESSIONS = (32767, 32769, 32770, 32772, 34713, 34892, 65535)
_MAKERS = {
    b"NIKON": "Nikon NEF",
    b"SONY": "Sony ARW",
    b"PENTAX": "Pentax PEF",
    b"RICOH": "Pentax PEF",
    b"SAMSUNG": "Samsung SRW",
    b"HASSELBLAD": "Hasselblad 3FR",
    b"CANON": "Canon CR2",
    b"OLYMPUS": "Olympus ORF",
    b"PANASONIC": "Panasonic RW2",
    b"EASTMAN": "Kodak raw",
    b"KODAK": "Kodak raw",
    b"EPSON": "Epson ERF",
    b"LEICA": "Leica raw",
}
# Bounds of the search: directories, entries of each, and values of one entry.
_MAX_DIRECTORIES, _MAX_ENTRIES, _MAX_VALUES = 12, 512, 16
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 13: 4}


def refusal(file: BinaryIO, head: bytes, *, is_supported: bool) -> str | None:
    """Return why an open file cannot be analysed, as a sentence with what to do; None if it can.

    `head` are its first bytes, and `is_supported` says whether they are those of a supported type, which some
    camera raw files share.
    """
    raw = raw_type(file, head)
    if raw is not None:
        return _sentence(f"a camera raw file ({raw})", _EXPORT)
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return _sentence(*_BRANDS[head[8:12]])
    return None if is_supported else _other_refusal(file, head)


def _other_refusal(file: BinaryIO, head: bytes) -> str:
    """Return why a file of no supported type cannot be analysed."""
    if head[:4] == b"RIFF" and head[8:12] in _RIFF_TYPES:
        return _sentence(*_RIFF_TYPES[head[8:12]])
    for start, described in _STARTS.items():
        if head.startswith(start):
            return _sentence(*described)
    file.seek(0)
    beginning = file.read(_DOCUMENT_BYTES)
    if _SVG.match(beginning):
        return _sentence("a drawing (SVG)", _AS_JPEG)
    if _HTML.match(beginning):
        return _sentence("a web page", _SCREENSHOT)
    return _SUPPORTED


def raw_type(file: BinaryIO, head: bytes) -> str | None:
    """Return the type of a camera raw file, such as "Nikon NEF"; None for other files."""
    for start, name in _RAW_STARTS.items():
        if head.startswith(start):
            return name
    if head[:4] not in (b"II*\x00", b"MM\x00*"):
        return None
    if head[8:11] == b"CR\x02":
        return "Canon CR2"
    return _raw_tiff_type(file, "little" if head[:2] == b"II" else "big")


def _raw_tiff_type(file: BinaryIO, order: str) -> str | None:
    file.seek(4)
    pending = [_number(file.read(4), order)]
    first: dict[int, list[int]] = {}
    maker = b""
    is_raw = False
    for _ in range(_MAX_DIRECTORIES):
        if not pending:
            break
        entries, following = _directory(file, pending.pop(0), order)
        if not first:
            first = entries
            maker = _text(file, entries.get(-_MAKE, []))
        pending += entries.get(_PARTS, [])
        if following:
            pending.append(following)
        is_raw = (
            is_raw
            or entries.get(_INTERPRETATION, [0])[0] in _SENSOR_VALUES
            or entries.get(_COMPRESSION, [0])[0] in _RAW_COMPRESSIONS
        )
    if _DNG in first:
        return "DNG"
    if not is_raw:
        return None
    return next((name for start, name in _MAKERS.items() if maker.upper().startswith(start)), "of its maker")


def _directory(file: BinaryIO, place: int, order: str) -> tuple[dict[int, list[int]], int]:
    """Return the whole numbers by tag of the directory at a place, and the place of the following one.

    The place and length of the maker's name are entered under its negative tag.
    """
    file.seek(0, os.SEEK_END)
    if not 0 < place < file.tell():
        return {}, 0
    file.seek(place)
    count = min(_number(file.read(2), order), _MAX_ENTRIES)
    content = file.read(12 * count + 4)
    entries: dict[int, list[int]] = {}
    for number in range(count):
        entry = content[12 * number : 12 * number + 12]
        if len(entry) < 12:
            break
        tag, kind, values = (_number(part, order) for part in (entry[:2], entry[2:4], entry[4:8]))
        size = _TYPE_BYTES.get(kind)
        if size is None or tag not in (_COMPRESSION, _INTERPRETATION, _MAKE, _PARTS, _DNG):
            continue
        inside = size * values <= 4
        at = place + 2 + 12 * number + 8 if inside else _number(entry[8:], order)
        if tag == _MAKE:
            entries[-_MAKE] = [at, values]
            continue
        file.seek(at)
        raw = file.read(size * min(values, _MAX_VALUES))
        entries[tag] = [_number(raw[start : start + size], order) for start in range(0, len(raw), size)] or [
            0
        ]
    return entries, _number(content[12 * count : 12 * count + 4], order)


def _text(file: BinaryIO, place: list[int]) -> bytes:
    if not place:
        return b""
    file.seek(place[0])
    return file.read(min(place[1], 64))


def _number(content: bytes, order: str) -> int:
    return int.from_bytes(content, "little" if order == "little" else "big")


def _sentence(name: str, advice: str) -> str:
    return f"This is {name}, which cannot be analysed. {advice}"


@dataclass(frozen=True)
class NamedType:
    """Type of a file that is not analysed: `name`, `detail` such as "Nikon NEF" or "", and what to do."""

    name: str
    detail: str
    advice: str


def named_type(message: str) -> NamedType | None:
    """Return the type that a message of `refusal` names; None for other messages."""
    found = _NAMING.fullmatch(message)
    return None if found is None else NamedType(found["name"], found["detail"] or "", found["advice"])
