"""Structure of a JPEG by its markers, read without decoding. Bytes behind the JPEG's end do not count."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from laanet_core.errors import UnreadableMedia

# Scans of a progressive JPEG, each of which covers the whole picture. Cameras and editors write about ten.
MAX_SCANS = 256

# Segments before the last scan. Profiles and extended metadata take up to some thousand.
_MAX_SEGMENTS = 20_000

# Bytes between two segments that belong to neither, fill bytes included. Some cameras write a few.
_MAX_GARBAGE = 65_536

# Bytes read at a time.
_CHUNK = 1 << 20

# Markers.
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


@dataclass
class JpegStructure:
    """Size (width, height), and what the scans up to the JPEG's end contain.

    `ended` is false if the file stops before the end marker. `component_scans` counts the components of all
    scans together, and `coefficients` the values that a progressive decoder keeps in memory. `last_refines`
    is true if the last scan adds the last bit to coefficients that earlier scans coded.
    """

    size: tuple[int, int] = (0, 0)
    components: int = 0
    progressive: bool = False
    scans: int = 0
    component_scans: int = 0
    coefficients: int = 0
    last_refines: bool = False
    ended: bool = False
    _garbage: int = field(default=0, repr=False)

    @property
    def has_all_coefficients(self) -> bool:
        """True if every component was begun and, in a progressive JPEG, only a last bit can be missing."""
        if self.progressive:
            return self.last_refines
        return 0 < self.components == self.component_scans

    @property
    def coefficient_bytes(self) -> int:
        """Bytes that a decoder needs for the coefficients of a progressive JPEG; 0 for others."""
        return 2 * self.coefficients if self.progressive else 0


def read_structure(file: BinaryIO) -> JpegStructure:
    """Read the structure of the JPEG at the start of an open file.

    Raises UnreadableMedia (corrupt_image) for files that would only keep a decoder busy.
    """
    structure = JpegStructure()
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        marker = _next_marker(file, structure)
        if marker is None:
            return structure
        if marker == _EOI:
            structure.ended = True
            return structure
        if marker in _RESTARTS or marker in (_SOI, _TEM):
            continue
        length = int.from_bytes(file.read(2), "big")
        if length < 2:
            return structure
        if marker in _FRAMES:
            _read_frame(file.read(length - 2), marker, structure)
        elif marker == _SOS:
            _read_scan(file.read(length - 2), structure)
            _skip_scan(file)
        else:
            file.seek(length - 2, 1)
    raise UnreadableMedia("corrupt_image", f"The picture has more than {_MAX_SEGMENTS} segments.")


def _next_marker(file: BinaryIO, structure: JpegStructure) -> int | None:
    """Read up to the next marker and return it; None at the end of the file."""
    previous = b""
    while byte := file.read(1):
        if previous == b"\xff" and byte not in (b"\x00", b"\xff"):
            return byte[0]
        structure._garbage += 1
        if structure._garbage > _MAX_GARBAGE:
            raise UnreadableMedia(
                "corrupt_image", "The picture is damaged: its parts do not follow each other."
            )
        previous = byte
    return None


def _read_frame(body: bytes, marker: int, structure: JpegStructure) -> None:
    if len(body) >= 6:
        structure.size = (int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
        structure.components = body[5]
        structure.progressive = marker in _PROGRESSIVE
        # Per component: its number, its sampling (across and down, four bits each), and its table.
        sampling = [(byte >> 4, byte & 0x0F) for byte in body[7::3]]
        across, down = (max((pair[axis] for pair in sampling), default=1) or 1 for axis in (0, 1))
        pixels = structure.size[0] * structure.size[1]
        structure.coefficients = sum(pixels * wide * high // (across * down) for wide, high in sampling)


def _read_scan(body: bytes, structure: JpegStructure) -> None:
    structure.scans += 1
    if structure.scans > MAX_SCANS:
        raise UnreadableMedia(
            "corrupt_image",
            f"The picture is made of more than {MAX_SCANS} scans. No real picture needs as many.",
        )
    if body:
        structure.component_scans += body[0]
        # The high half of the last byte is the precision so far, the low half that of this scan.
        structure.last_refines = body[-1] >> 4 > 0 and body[-1] & 0x0F == 0


def _skip_scan(file: BinaryIO) -> None:
    """Move to the marker that ends the coded data of a scan, or to the end of the file."""
    while chunk := file.read(_CHUNK):
        found = _SCAN_END.search(chunk)
        if found is not None:
            file.seek(found.start() - len(chunk), 1)
            return
        # A marker may be split between two chunks.
        if chunk.endswith(b"\xff") and len(chunk) > 1:
            file.seek(-1, 1)
