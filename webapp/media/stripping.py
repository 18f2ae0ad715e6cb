"""Media made bare: the picture as it was, byte for byte where that can be, and nothing that says who took it, where or when.

What a model learns from are traces that a second compression would wipe out. So JPEG, PNG and WebP are taken apart and put together
from the parts that hold pixels, by a list of what stays; nothing is decoded. Whatever has another form, or an odd one, is decoded and
written as PNG: its pixels are those that were judged. Clips are copied packet by packet into a fresh container.
Everything here reads bytes that a stranger made.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import av
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import Source, opened_file, read_image, sniff_file
from laanet_core.media.video import opened

Format = Literal["jpeg", "png", "webp", "mp4", "matroska", "avi"]
ENDINGS: dict[str, str] = {
    "jpeg": "jpg",
    "png": "png",
    "webp": "webp",
    "mp4": "mp4",
    "matroska": "mkv",
    "avi": "avi",
}
_DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    RuntimeError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
)

# JPEG: frames, tables, scans. Left out: COM, and all APPn but a bare JFIF header and Adobe's, which tell how colours are to be read
_JPEG_KEPT = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD}
_SOI, _EOI, _SOS, _APP0, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xEE
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_PNG_SPEAKING = (b"eXIf", b"iTXt", b"zTXt", b"tEXt")  # may say how the picture is turned
_WEBP_ANIMATED, _WEBP_ALPHA, _WEBP_SPEAKING = 0x02, 0x10, 0x0C

# which containers a clip's pictures are copied into, by what it came in
_CONTAINERS: dict[str, tuple[Format, ...]] = {
    "mov": ("mp4", "matroska"),
    "matroska": ("matroska",),
    "avi": ("avi", "matroska"),
}
# messages of encoders and cameras between the pictures (H.264 and HEVC SEI, AV1 metadata); some cameras write place and time there
_MESSAGES = {
    "h264": "filter_units=remove_types=6",
    "hevc": "filter_units=remove_types=39|40",
    "av1": "filter_units=remove_types=5",
}


class _Odd(Exception):
    """A picture whose parts do not follow each other as they should."""


@dataclass(frozen=True)
class Bare:
    """A file without metadata. `orientation` (EXIF, 1 to 8) turns its pixels upright; other than 1 for JPEG only."""

    content: bytes
    format: Format
    orientation: int = 1


def bare(source: Source) -> Bare:
    """A photo or clip without its metadata. Raises UnreadableMedia."""
    if sniff_file(source) == "video":
        return bare_clip(source)
    with opened_file(source) as file:
        return bare_picture(file.read())


def bare_picture(content: bytes) -> Bare:
    """A picture without its metadata, and what follows its end. Raises UnreadableMedia where it cannot be decoded either."""
    with contextlib.suppress(_Odd):
        if content.startswith(b"\xff\xd8\xff"):
            return Bare(_jpeg_picture(content, 0)[0], "jpeg", _orientation(content))
        if content.startswith(_PNG_START):
            return Bare(_bare_png(content), "png")
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return Bare(_bare_webp(content), "webp")
    written = io.BytesIO()
    Image.fromarray(read_image(content)).save(written, "PNG", compress_level=3)
    return Bare(written.getvalue(), "png")


def bare_clip(source: Source) -> Bare:
    """The stream of a clip that is judged, its packets as they are, in a container of our making: no sound, no other streams.

    Raises UnreadableMedia (corrupt_video).
    """
    try:
        with opened(source) as clip:
            family = next(name for name in _CONTAINERS if name in clip.format.name)
    except StopIteration as error:
        raise UnreadableMedia("corrupt_video", "The video is damaged and cannot be opened.") from error
    for container in _CONTAINERS[family]:
        with contextlib.suppress(UnreadableMedia, ValueError):
            return Bare(_copied(source, container), container)
    raise UnreadableMedia("corrupt_video", "The video's pictures cannot be copied into another file.")


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A bare JPEG that viewers show upright: with EXIF of this one tag."""
    if orientation == 1:
        return jpeg
    tag = b"\x12\x01\x03\x00\x01\x00\x00\x00" + bytes([orientation, 0, 0, 0])
    exif = b"Exif\x00\x00" + b"II*\x00\x08\x00\x00\x00\x01\x00" + tag + b"\x00\x00\x00\x00"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def _orientation(content: bytes) -> int:
    """How the picture is turned, read as `read_image` reads it; 1 where that cannot be read."""
    with (
        warnings.catch_warnings(),
        contextlib.suppress(*_DECODE_ERRORS, zlib.error, Image.DecompressionBombError),
    ):
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
            found = image.getexif().get(0x0112, 1)
            return found if found in range(1, 9) else 1
    return 1


def _jpeg_picture(content: bytes, place: int) -> tuple[bytes, int]:
    """The parts to keep of the picture that starts at `place`, and where it ends. Raises _Odd."""
    parts = [content[place : place + 2]]
    place += 2
    while True:
        marker, place = _jpeg_marker(content, place)
        if marker == _EOI:
            parts.append(b"\xff\xd9")
            return b"".join(parts), place
        length = int.from_bytes(content[place : place + 2], "big")
        body = content[place + 2 : place + length]
        if length < 2 or len(body) != length - 2:
            raise _Odd
        place += length
        if marker == _APP0 and body.startswith(b"JFIF\x00") and len(body) >= 14:
            body = body[:12] + b"\x00\x00"  # without its thumbnail
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            body = body[:12]
        elif marker not in _JPEG_KEPT:
            continue
        parts.append(bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body)
        if marker == _SOS:
            end = _SCAN_END.search(content, place)
            if end is None:
                raise _Odd
            parts.append(content[place : end.start()])
            place = end.start()


def _jpeg_marker(content: bytes, place: int) -> tuple[int, int]:
    """The marker at `place`, after any number of fill bytes, and where its part begins. Raises _Odd for one that cannot stand there."""
    start = place
    while content[place : place + 1] == b"\xff":
        place += 1
    if (
        place == start
        or place == len(content)
        or content[place] < 0xC0
        or content[place] in range(0xD0, _EOI)
    ):
        raise _Odd
    return content[place], place + 1


def _bare_png(content: bytes) -> bytes:
    if any(kind in _PNG_SPEAKING for kind, _ in _png_chunks(content)) and _orientation(content) != 1:
        raise _Odd  # is written upright
    return _PNG_START + b"".join(chunk for kind, chunk in _png_chunks(content) if kind in _PNG_KEPT)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and bytes of every chunk, to the last. Raises _Odd."""
    place, kind = len(_PNG_START), b""
    while kind != b"IEND":
        kind, end = (
            content[place + 4 : place + 8],
            place + 12 + int.from_bytes(content[place : place + 4], "big"),
        )
        if len(kind) != 4 or end > len(content):
            raise _Odd
        yield kind, content[place:end]
        place = end


def _bare_webp(content: bytes) -> bytes:
    parts: list[bytes] = []
    place = 12
    while place + 8 <= len(content):
        kind, size = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        body = content[place + 8 : place + 8 + size]
        if len(body) != size:
            raise _Odd
        if kind == b"VP8X":
            if (
                size < 10
                or body[0] & _WEBP_ANIMATED
                or (body[0] & _WEBP_SPEAKING and _orientation(content) != 1)
            ):
                raise _Odd
            body = bytes([body[0] & _WEBP_ALPHA, 0, 0, 0]) + body[4:10]
        if kind in (b"VP8X", b"ALPH", b"VP8 ", b"VP8L"):
            parts.append(kind + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2))
        if kind in (b"VP8 ", b"VP8L"):
            kept = b"WEBP" + b"".join(parts)
            return b"RIFF" + len(kept).to_bytes(4, "little") + kept
        place += 8 + size + size % 2
    raise _Odd


def _copied(source: Source, container: Format) -> bytes:
    """Raises UnreadableMedia, and ValueError for pictures of a kind that the container cannot hold."""
    written = io.BytesIO()
    with (
        opened(source) as clip,
        av.open(written, "w", format=container, container_options={"fflags": "+bitexact"}) as target,
    ):
        judged = clip.streams.video[0]
        stream = target.add_stream_from_template(judged, opaque=True)
        for packet in _packets(clip, judged, stream):
            packet.stream = stream
            target.mux(packet)
    return written.getvalue()


def _packets(source: Any, judged: Any, stream: Any) -> Iterator[Any]:
    """The packets of the judged stream without messages between the pictures; to the first that cannot be read."""
    codec = judged.codec_context.name
    messages = _MESSAGES.get(codec)
    cleaner = None if messages is None else av.bitstream.BitStreamFilterContext(messages, judged, stream)
    with contextlib.suppress(av.error.FFmpegError):
        for packet in source.demux(judged):
            if packet.size == 0 or (packet.dts is None and packet.pts is None):
                continue
            if cleaner is not None:
                yield from cleaner.filter(packet)
            elif codec == "mjpeg":
                yield _bare_frame(packet)
            else:
                yield packet
    if cleaner is not None:
        yield from cleaner.filter(None)


def _bare_frame(packet: Any) -> Any:
    """A packet of a clip of JPEGs (two of them where it is interlaced). Raises ValueError for one that cannot be taken apart."""
    content, place, parts = bytes(packet), 0, []
    try:
        while content[place : place + 2] == b"\xff\xd8":
            part, place = _jpeg_picture(content, place)
            parts.append(part)
    except _Odd:
        raise ValueError("a frame that is no plain JPEG") from None
    if not parts:
        raise ValueError("a frame that is no JPEG")
    fresh = av.Packet(b"".join(parts))
    for name in ("pts", "dts", "time_base", "duration", "is_keyframe"):
        with contextlib.suppress(AttributeError):
            setattr(fresh, name, getattr(packet, name))
    return fresh
