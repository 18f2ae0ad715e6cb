"""Removal of metadata from photos and clips, with unchanged pixels.

A model learns from traces that recompression would destroy. So JPEG, PNG and WebP are rebuilt from an
allowlist of the parts that contain pixels, without decoding. Other or irregular files are decoded and written
as PNG. Packets of clips are copied into a new container. Everything here reads untrusted bytes.
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
from laanet_core.media.animations import read_timeline, shown_frames
from laanet_core.media.container import MAX_FRAME_PIXELS, open_container
from laanet_core.media.images import HEAD_BYTES, Source, open_source, read_image, sniff, sniff_file
from laanet_core.media.stream_choice import shown_stream
from laanet_core.results import ignore_caution

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

# JPEG: frames, tables and scans. Removed: COM, and all APPn except a minimal JFIF header and Adobe's segment,
# which define colours.
_JPEG_KEPT = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD}
# Markers: start and end of an image, start of a scan, and the segments of JFIF and Adobe.
_SOI, _EOI, _SOS, _APP0, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xEE
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
# Chunks that may contain an orientation.
_PNG_METADATA = (b"eXIf", b"iTXt", b"zTXt", b"tEXt")
_WEBP_ANIMATED, _WEBP_ALPHA, _WEBP_METADATA = 0x02, 0x10, 0x0C

# Containers to copy a clip into, by its own.
_CONTAINERS: dict[str, tuple[Format, ...]] = {
    "mov": ("mp4", "matroska"),
    "matroska": ("matroska",),
    "avi": ("avi", "matroska"),
}
# Filters that remove messages between frames (SEI of H.264 and HEVC, metadata of AV1).
# Cameras store place and time there.
_MESSAGES = {
    "h264": "filter_units=remove_types=6",
    "hevc": "filter_units=remove_types=39|40",
    "av1": "filter_units=remove_types=5",
}


class _Irregular(Exception):
    """An image whose parts are not in the expected order."""


@dataclass(frozen=True)
class Bare:
    """File without metadata.

    `orientation` (EXIF, 1 to 8) turns its pixels upright; it is 1 except for JPEG.
    """

    content: bytes
    format: Format
    orientation: int = 1


def bare(source: Source) -> Bare:
    """Return a photo or clip without metadata. Raises UnreadableMedia."""
    if sniff_file(source) == "video":
        with open_source(source) as file:
            is_picture = sniff(file.read(HEAD_BYTES)) == "image"
        # An AVIF sequence is a container with packets.
        return _bare_animation(source) if is_picture and not _is_avif(source) else bare_clip(source)
    with open_source(source) as file:
        return bare_picture(file.read())


def bare_picture(content: bytes) -> Bare:
    """Return an image without metadata and without trailing bytes. Raises UnreadableMedia."""
    with contextlib.suppress(_Irregular):
        if content.startswith(b"\xff\xd8\xff"):
            return Bare(_jpeg_picture(content, 0)[0], "jpeg", _orientation(content))
        if content.startswith(_PNG_START):
            return Bare(_bare_png(content), "png")
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return Bare(_bare_webp(content), "webp")
    written = io.BytesIO()
    Image.fromarray(read_image(content)).save(written, "PNG", compress_level=3)
    return Bare(written.getvalue(), "png")


def _is_avif(source: Source) -> bool:
    with open_source(source) as file:
        return file.read(HEAD_BYTES)[4:8] == b"ftyp"


def _bare_animation(source: Source) -> Bare:
    """Return an animated picture as an animated PNG with the same pixels. Raises UnreadableMedia."""
    with open_source(source) as file:
        timeline = read_timeline(file, file.read(HEAD_BYTES))
        assert timeline is not None, "an animated picture has a timeline"
        frames = shown_frames(file, timeline, MAX_FRAME_PIXELS, ignore_caution)
        # Pillow goes through the pictures twice.
        first, *others = [Image.fromarray(frame.to_rgb()) for frame in frames]
        written = io.BytesIO()
        milliseconds = [round(1000 * seconds) for seconds in timeline.durations]
        milliseconds = milliseconds[: 1 + len(others)]
        first.save(
            written, "PNG", save_all=True, append_images=others, duration=milliseconds, compress_level=3
        )
    return Bare(written.getvalue(), "png")


def bare_clip(source: Source) -> Bare:
    """Return a clip with only its analysed video stream, packets unchanged, in a new container.

    Raises UnreadableMedia (corrupt_video).
    """
    try:
        with open_container(source) as clip:
            family = next(name for name in _CONTAINERS if name in clip.format.name)
    except StopIteration as error:
        raise UnreadableMedia("corrupt_video", "The video is damaged and cannot be opened.") from error
    for container in _CONTAINERS[family]:
        with contextlib.suppress(UnreadableMedia, ValueError):
            return Bare(_copied(source, container), container)
    raise UnreadableMedia("corrupt_video", "The video's pictures cannot be copied into another file.")


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """Return a JPEG without metadata with the EXIF orientation tag, so that viewers show it upright."""
    if orientation == 1:
        return jpeg
    tag = b"\x12\x01\x03\x00\x01\x00\x00\x00" + bytes([orientation, 0, 0, 0])
    exif = b"Exif\x00\x00" + b"II*\x00\x08\x00\x00\x00\x01\x00" + tag + b"\x00\x00\x00\x00"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def _orientation(content: bytes) -> int:
    """Return the EXIF orientation as `read_image` reads it; 1 if it cannot be read."""
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
    """Return the parts to keep of the JPEG that starts at `place`, and its end. Raises _Irregular."""
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
            raise _Irregular
        place += length
        if marker == _APP0 and body.startswith(b"JFIF\x00") and len(body) >= 14:
            # Without the thumbnail.
            body = body[:12] + b"\x00\x00"
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            body = body[:12]
        elif marker not in _JPEG_KEPT:
            continue
        parts.append(bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body)
        if marker == _SOS:
            end = _SCAN_END.search(content, place)
            if end is None:
                raise _Irregular
            parts.append(content[place : end.start()])
            place = end.start()


def _jpeg_marker(content: bytes, place: int) -> tuple[int, int]:
    """Return the marker at `place`, after fill bytes, and the start of its segment. Raises _Irregular."""
    start = place
    while content[place : place + 1] == b"\xff":
        place += 1
    if (
        place == start
        or place == len(content)
        or content[place] < 0xC0
        or content[place] in range(0xD0, _EOI)
    ):
        raise _Irregular
    return content[place], place + 1


def _bare_png(content: bytes) -> bytes:
    """Return a PNG with only the chunks that contain pixels or colours. Raises _Irregular."""
    if any(kind in _PNG_METADATA for kind, _ in _png_chunks(content)) and _orientation(content) != 1:
        # Such a file is decoded and written upright.
        raise _Irregular
    return _PNG_START + b"".join(chunk for kind, chunk in _png_chunks(content) if kind in _PNG_KEPT)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and bytes of every chunk up to IEND. Raises _Irregular."""
    place = len(_PNG_START)
    kind = b""
    while kind != b"IEND":
        length = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        # Length, type and checksum take twelve bytes.
        end = place + 12 + length
        if len(kind) != 4 or end > len(content):
            raise _Irregular
        yield kind, content[place:end]
        place = end


def _bare_webp(content: bytes) -> bytes:
    """Return a still WebP with only the chunks that contain pixels. Raises _Irregular."""
    parts: list[bytes] = []
    place = 12
    while place + 8 <= len(content):
        kind = content[place : place + 4]
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        body = content[place + 8 : place + 8 + size]
        if len(body) != size:
            raise _Irregular
        if kind == b"VP8X":
            if size < 10:
                raise _Irregular
            flags = body[0]
            is_turned = flags & _WEBP_METADATA and _orientation(content) != 1
            if flags & _WEBP_ANIMATED or is_turned:
                raise _Irregular
            body = bytes([flags & _WEBP_ALPHA, 0, 0, 0]) + body[4:10]
        if kind in (b"VP8X", b"ALPH", b"VP8 ", b"VP8L"):
            parts.append(kind + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2))
        if kind in (b"VP8 ", b"VP8L"):
            kept = b"WEBP" + b"".join(parts)
            return b"RIFF" + len(kept).to_bytes(4, "little") + kept
        place += 8 + size + size % 2
    raise _Irregular


def _copied(source: Source, container: Format) -> bytes:
    """Return the clip in a container. Raises UnreadableMedia, and ValueError for an unsupported codec."""
    written = io.BytesIO()
    with (
        open_container(source) as clip,
        av.open(written, "w", format=container, container_options={"fflags": "+bitexact"}) as target,
    ):
        judged = shown_stream(clip)
        if judged is None:
            raise UnreadableMedia("no_frames", "The file holds no pictures.")
        stream = target.add_stream_from_template(judged, opaque=True)
        for packet in _packets(clip, judged, stream):
            packet.stream = stream
            target.mux(packet)
    return written.getvalue()


def _packets(source: Any, judged: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets of the analysed stream without messages, up to the first unreadable one."""
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
    """Return a packet of an MJPEG clip without metadata. Raises ValueError if its JPEG is irregular.

    An interlaced frame has two JPEGs.
    """
    content = bytes(packet)
    place = 0
    parts = []
    try:
        while content[place : place + 2] == b"\xff\xd8":
            part, place = _jpeg_picture(content, place)
            parts.append(part)
    except _Irregular:
        raise ValueError("an irregular JPEG frame") from None
    if not parts:
        raise ValueError("a frame that is no JPEG")
    fresh = av.Packet(b"".join(parts))
    for name in ("pts", "dts", "time_base", "duration", "is_keyframe"):
        with contextlib.suppress(AttributeError):
            setattr(fresh, name, getattr(packet, name))
    return fresh
