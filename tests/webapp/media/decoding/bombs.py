"""Small files that claim to be huge: what decoders would believe."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.core.clips import write_clip

SIDE = 65_500


def _encoded(form: str, size: tuple[int, int] = (32, 32), **how: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, form, **how)  # type: ignore[arg-type]
    return written.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(
    width: int, height: int, *extra: bytes, pixels: bytes = bytes(1000), depth: int = 8, colour: int = 2
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [_chunk(b"IHDR", header), *extra, _chunk(b"IDAT", zlib.compress(pixels)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg() -> bytes:
    content = bytearray(_encoded("JPEG", quality=1, optimize=True))
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", SIDE, SIDE)
    return bytes(content)


def progressive_jpeg() -> bytes:
    content = bytearray(_encoded("JPEG", quality=1, progressive=True))
    place = content.index(b"\xff\xc2") + 5
    content[place : place + 4] = struct.pack(">HH", SIDE, SIDE)
    return bytes(content)


def jpeg_of_scans() -> bytes:
    """Return a progressive JPEG of 49 megapixels with hundreds of empty scans over the whole picture."""
    content = bytearray(_encoded("JPEG", quality=1, progressive=True))
    place = content.index(b"\xff\xc2") + 5
    content[place : place + 4] = struct.pack(">HH", 7000, 7000)
    start = content.index(b"\xff\xda")
    end = content.index(b"\xff", start + 2)
    return bytes(content[:end]) + bytes(content[start:end]) * 3000 + b"\xff\xd9"


def png() -> bytes:
    return _png(SIDE, SIDE)


def png_of_49_megapixels_of_16_bits() -> bytes:
    """Allowed by its size; all of it zeros."""
    return _png(7000, 7000, pixels=bytes(7000 * (1 + 7000 * 8)), depth=16, colour=6)


def png_text() -> bytes:
    """A 200 kB file with 200 MB of words."""
    return _png(
        32,
        32,
        *[_chunk(b"iTXt", b"key\x00\x01\x00\x00\x00" + zlib.compress(bytes(20_000_000))) for _ in range(10)],
    )


def png_profile() -> bytes:
    return _png(32, 32, _chunk(b"iCCP", b"name\x00\x00" + zlib.compress(bytes(200_000_000))))


def png_of_too_many_pixels_inside() -> bytes:
    """The header is small, what follows is not."""
    return _png(32, 32, pixels=bytes(100_000_000))


def apng() -> bytes:
    control = struct.pack(">II", 2**31 - 1, 0)
    frame = struct.pack(">IIIIIHHBB", 0, 60_000, 60_000, 0, 0, 1, 1, 0, 0)
    return _png(60_000, 60_000, _chunk(b"acTL", control), _chunk(b"fcTL", frame))


def gif() -> bytes:
    content = bytearray(_encoded("GIF"))
    content[6:10] = struct.pack("<HH", SIDE, SIDE)
    return bytes(content)


def gif_frame() -> bytes:
    """A small picture, whose first frame is not."""
    content = bytearray(_encoded("GIF"))
    place = content.index(b"\x2c", 13) + 5
    content[place : place + 4] = struct.pack("<HH", SIDE, SIDE)
    return bytes(content)


def bmp() -> bytes:
    content = bytearray(_encoded("BMP"))
    content[18:26] = struct.pack("<ii", SIDE, SIDE)
    return bytes(content)


def bmp_of_runs() -> bytes:
    """Compressed, and its lines go on for ever."""
    head = b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + 1024)
    info = struct.pack("<IiiHHIIiiII", 40, 30_000, 30_000, 1, 8, 1, 0, 0, 0, 256, 0)
    return head + info + bytes(1024) + b"\xff\x00" * 5000


def webp() -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_383).to_bytes(3, "little") * 2
    body += _encoded("WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_lossless() -> bytes:
    bits = (16_383 | 16_383 << 14).to_bytes(4, "little")
    body = b"VP8L" + struct.pack("<I", 26) + b"\x2f" + bits + bytes(21)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _tiff(*entries: tuple[int, int, int, int], rest: bytes = b"") -> bytes:
    tags = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + tags + bytes(4) + rest


def tiff() -> bytes:
    size = ((256, 4, 1, SIDE), (257, 4, 1, SIDE))
    return _tiff(
        *size,
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, SIDE),
        (279, 4, 1, 8),
    )


def tiff_of_tags() -> bytes:
    """A tag with 4,000,000,000 values."""
    size = ((256, 4, 1, 64), (257, 4, 1, 64))
    return _tiff(
        *size,
        (258, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 4_000_000_000, 8),
        (279, 4, 4_000_000_000, 8),
        (700, 1, 4_000_000_000, 8),
    )


def tiff_strip() -> bytes:
    """A strip that says it has 4 GB when it is unpacked."""
    size = ((256, 4, 1, 64), (257, 4, 1, 64))
    packed = zlib.compress(bytes(50_000_000))
    more = (
        (258, 3, 1, 8),
        (259, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, 200),
        (277, 3, 1, 1),
        (278, 4, 1, 2**31),
        (279, 4, 1, len(packed)),
    )
    head = _tiff(*size, *more)
    return head + bytes(200 - len(head)) + packed


def tiff_loop() -> bytes:
    """Its second page is its first."""
    content = bytearray(_encoded("TIFF"))
    start = struct.unpack("<I", content[4:8])[0]
    count = struct.unpack("<H", content[start : start + 2])[0]
    content[start + 2 + 12 * count : start + 6 + 12 * count] = struct.pack("<I", start)
    return bytes(content)


def _heif(brand: str, width: int) -> bytes:
    """Return the file with another size in every `ispe` box."""
    written = io.BytesIO()
    if brand == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.new("RGB", (64, 64), "teal").save(written, brand)
    content = bytearray(written.getvalue())
    place = content.find(b"ispe")
    assert place > 0
    while place > 0:
        content[place + 8 : place + 16] = struct.pack(">II", width, width)
        place = content.find(b"ispe", place + 4)
    return bytes(content)


def avif() -> bytes:
    return _heif("AVIF", SIDE)


def heic() -> bytes:
    return _heif("HEIF", SIDE)


PICTURES: dict[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        *(
            jpeg,
            progressive_jpeg,
            jpeg_of_scans,
            png,
            png_text,
            png_profile,
            png_of_too_many_pixels_inside,
            apng,
            gif,
            gif_frame,
            bmp,
            bmp_of_runs,
        ),
        *(webp, webp_lossless, tiff, tiff_of_tags, tiff_strip, tiff_loop, avif, heic),
    )
}


def _frames(count: int = 12) -> list[np.ndarray]:
    return [np.full((48, 64, 3), 20 * number, np.uint8) for number in range(count)]


def mp4_16k(folder: Path) -> bytes:
    """Its boxes and its pictures' own headers claim 16384 x 16384."""
    content = bytearray(write_clip(folder / "a.mp4", _frames(), codec="libx264").read_bytes())
    place = content.index(b"avc1", content.index(b"stsd")) + 28
    content[place : place + 4] = struct.pack(">HH", 16_384, 16_384)
    place = content.index(b"tkhd")
    content[place + 80 : place + 88] = struct.pack(">II", 16_384 << 16, 16_384 << 16)
    return bytes(content)


def mkv_16k(folder: Path) -> bytes:
    content = bytearray(write_clip(folder / "a.mkv", _frames()).read_bytes())
    for name in (b"\xb0\x81", b"\xba\x81"):  # PixelWidth, PixelHeight of one byte
        place = content.index(name)
        content[place + 2] = 0xFF
    return bytes(content)


def h264_8k(folder: Path) -> bytes:
    """Honest in every header: 8192 x 4320 pixels."""
    return write_clip(folder / "a.mp4", [np.zeros((4320, 8192, 3), np.uint8)], codec="libx264").read_bytes()


def mp4_10_hours(folder: Path) -> bytes:
    """Its last picture comes ten hours after the first."""
    return write_clip(folder / "a.mkv", _frames(3), times=[0, 1, 36_000]).read_bytes()


def mp4_of_samples(folder: Path) -> bytes:
    """Its index speaks of 4,000,000,000 pictures, the first one of 2 GB."""
    content = bytearray(write_clip(folder / "a.mp4", _frames()).read_bytes())
    place = content.index(b"stsz")
    content[place + 8 : place + 16] = struct.pack(">II", 2**31 - 1, 2**32 - 1)
    place = content.index(b"stts")
    content[place + 8 : place + 20] = struct.pack(">III", 1, 2**32 - 1, 1)
    return bytes(content)


def mp4_of_8_gigabytes(folder: Path) -> bytes:
    """A box that says it has 8 GB."""
    content = write_clip(folder / "a.mp4", _frames()).read_bytes()
    place = content.index(b"mdat") - 4
    return (
        content[:place] + struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 8 << 30) + content[place + 8 :]
    )


def avi_of_streams(folder: Path) -> bytes:
    content = bytearray(write_clip(folder / "a.avi", _frames()).read_bytes())
    place = content.index(b"avih") + 8
    content[place + 24 : place + 28] = struct.pack("<I", 2**31)
    content[place + 32 : place + 40] = struct.pack("<II", 16_384, 16_384)
    place = content.index(b"strf") + 8
    content[place + 4 : place + 12] = struct.pack("<II", 16_384, 16_384)
    return bytes(content)


CLIPS: dict[str, Callable[[Path], bytes]] = {
    made.__name__: made
    for made in (mp4_16k, mkv_16k, h264_8k, mp4_10_hours, mp4_of_samples, mp4_of_8_gigabytes, avi_of_streams)
}
