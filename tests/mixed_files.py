"""Seeded mix of hostile and honest files: photos, clips, damaged copies, bombs and files of no kind."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms
from PIL.Image import Resampling

from laanet_core.media.images import register_heif
from tests.core.clips import Pixels, write_clip

# Encoded formats and the sides in pixels of the originals that are damaged.
PICTURE_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "HEIF", "BMP")
_DAMAGED_SIDES = (96, 320)
# Name endings and codecs of the clips.
CLIP_FORMATS = {".mp4": "libx264", ".mov": "mpeg4", ".webm": "libvpx", ".mkv": "libx264", ".avi": "mpeg4"}
# Smallest and largest number of pixels of an honest photo.
_LEAST_PIXELS, _MOST_PIXELS = 64 * 64, 12_000_000
# Bytes at the start of a file that count as its header.
_HEADER = 200
_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"II*\x00",
    b"MM\x00*",
    b"BM",
    b"RIFF\xff\xff\xff\x00WEBPVP8 ",
    b"RIFF\xff\xff\xff\x00AVI LIST",
    b"\x00\x00\x00\x18ftypavif",
    b"\x00\x00\x00\x18ftypheic",
    b"\x00\x00\x00\x18ftypisom",
    b"\x1aE\xdf\xa3",
)
# Kinds of files with their shares in percent.
SHARES = {
    "honest photo": 27,
    "honest clip": 4,
    "truncated": 14,
    "mutated header": 15,
    "mutated body": 15,
    "zeros": 4,
    "wrong ending": 3,
    "random": 3,
    "polyglot": 4,
    "lab": 3,
    "gif separator": 2,
    "empty": 1,
    "huge": 3,
    "bomb": 2,
}

# Random generator, and the encoded files that are damaged, by name ending.
Rng = np.random.Generator
Originals = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class MixedFile:
    """File with its kind, a key of SHARES, and a name."""

    kind: str
    name: str
    content: bytes


class MixedFiles:
    """Files by number. One seed gives the same files again, whatever the order in which they are made."""

    def __init__(self, samples: Path, folder: Path, *, seed: int = 0) -> None:
        """`samples` has the photographs; clips are written to `folder` once."""
        register_heif()
        self._photos = [
            Image.open(path).convert("RGB") for path in sorted(samples.iterdir()) if _is_photo(path)
        ]
        self._folder = folder
        self._seed = seed

    def file(self, number: int) -> MixedFile:
        """Return the file of a number from 0 on."""
        rng = np.random.default_rng([self._seed, number])
        kinds = list(SHARES)
        weights = np.array(list(SHARES.values())) / sum(SHARES.values())
        kind = kinds[int(rng.choice(len(kinds), p=weights))]
        ending, content = self._make(kind, rng)
        return MixedFile(kind, f"{number}{ending}", content)

    def _make(self, kind: str, rng: Rng) -> tuple[str, bytes]:
        if kind == "honest photo":
            return self._honest_photo(rng)
        if kind == "honest clip":
            return _choose(self._clips, rng)
        makers: dict[str, Callable[[Originals, Rng], tuple[str, bytes]]] = {
            "truncated": _truncated,
            "mutated header": _mutated_header,
            "mutated body": _mutated_body,
            "wrong ending": _wrong_ending,
            "polyglot": _polyglot,
        }
        if kind in makers:
            return makers[kind](self._originals, rng)
        others: dict[str, Callable[[Rng], tuple[str, bytes]]] = {
            "zeros": _zeros,
            "random": _random,
            "lab": self._lab,
            "gif separator": self._gif_after_separator,
            "empty": lambda _: (".jpg", b""),
            "huge": _huge,
            "bomb": _bomb,
        }
        return others[kind](rng)

    def _honest_photo(self, rng: Rng) -> tuple[str, bytes]:
        # Most are small, so that thousands of files take less than an hour.
        pixels = _LEAST_PIXELS * (_MOST_PIXELS / _LEAST_PIXELS) ** float(rng.random() ** 2)
        photo = self._photos[int(rng.integers(len(self._photos)))]
        # A quarter of the pixels is drawn per side, so that shapes vary too.
        scale = float(np.sqrt(pixels / (photo.width * photo.height))) * rng.uniform(0.8, 1.0)
        size = (max(round(photo.width * scale), 64), max(round(photo.height * scale), 64))
        formats = ("JPEG", "JPEG", "JPEG", "PNG", "WEBP", "GIF", "TIFF")
        # The encoders of these formats take seconds for large pictures.
        if pixels < 200_000:
            formats = (*formats, "AVIF", "HEIF", "BMP")
        return _encode(photo.resize(size, Resampling.BILINEAR), formats[int(rng.integers(len(formats)))])

    @cached_property
    def _clips(self) -> Originals:
        clips: list[tuple[str, bytes]] = []
        for index, (ending, codec) in enumerate(CLIP_FORMATS.items()):
            photo = self._photos[index % len(self._photos)]
            for side, count in ((160, 8), (320, 20)):
                square: Pixels = np.asarray(photo.resize((side, side)), np.uint8)
                frames = [np.roll(square, 2 * number, axis=1) for number in range(count)]
                path = write_clip(self._folder / f"{side}{ending}", frames, codec=codec)
                clips.append((ending, path.read_bytes()))
        return clips

    @cached_property
    def _originals(self) -> Originals:
        """Small files of every format, which are damaged."""
        pictures = [
            _encode(self._photos[index % len(self._photos)].resize((side, side)), name)
            for index, name in enumerate(PICTURE_FORMATS)
            for side in _DAMAGED_SIDES
        ]
        first, second = (photo.resize((64, 64)) for photo in self._photos[:2])
        animations = [
            (f".{name.lower()}", _saved(first, name, save_all=True, append_images=[second, first]))
            for name in ("GIF", "WEBP", "PNG")
        ]
        progressive = (".jpg", _saved(self._photos[0].resize((200, 200)), "JPEG", progressive=True))
        return [*pictures, *animations, progressive, *self._clips]

    @cached_property
    def _lab_pictures(self) -> Sequence[Image.Image]:
        profiles = [ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")]
        to_lab = ImageCms.buildTransform(*profiles, "RGB", "LAB")
        converted = [ImageCms.applyTransform(photo.resize((512, 512)), to_lab) for photo in self._photos]
        return [lab for lab in converted if lab is not None]

    def _lab(self, rng: Rng) -> tuple[str, bytes]:
        """Return a CIELAB TIFF, whole or damaged."""
        side = int(rng.integers(64, 512))
        lab = self._lab_pictures[int(rng.integers(len(self._lab_pictures)))]
        content = _saved(lab.resize((side, side)), "TIFF")
        return _mutated_header([(".tif", content)], rng) if rng.random() < 0.5 else (".tif", content)

    def _gif_after_separator(self, rng: Rng) -> tuple[str, bytes]:
        """Return an animated GIF that ends behind the separator of its second picture, or a little later."""
        side = int(rng.integers(16, 64))
        first, second = (photo.resize((side, side)) for photo in self._photos[:2])
        content = _saved(first, "GIF", save_all=True, append_images=[second])
        separator = content.rindex(b"\x00\x2c") + 2
        return ".gif", content[: separator + int(rng.integers(0, 9))]


def _is_photo(path: Path) -> bool:
    return path.suffix in (".png", ".jpg")


def _choose(files: Originals, rng: Rng) -> tuple[str, bytes]:
    return files[int(rng.integers(len(files)))]


def _encode(image: Image.Image, name: str) -> tuple[str, bytes]:
    options = {"compression": "tiff_lzw"} if name == "TIFF" else {}
    return f".{name.lower()}", _saved(image, name, **options)


def _saved(image: Image.Image, name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def _truncated(originals: Originals, rng: Rng) -> tuple[str, bytes]:
    ending, content = _choose(originals, rng)
    return ending, content[: int(rng.integers(1, len(content)))]


def _mutated(content: bytes, first: int, last: int, rng: Rng) -> bytes:
    """Return a copy in which 1 to 16 bytes or one run of bytes from `first` to `last` have other values."""
    changed = bytearray(content)
    if rng.random() < 0.3:
        length = int(rng.integers(1, 64))
        start = int(rng.integers(first, max(last - length, first + 1)))
        changed[start : start + length] = rng.bytes(length)
    else:
        for place in rng.integers(first, last, int(rng.integers(1, 17))).tolist():
            extremes = (0, 0xFF, 0x7F, 0x80, int(rng.integers(256)))
            changed[place] = extremes[int(rng.integers(len(extremes)))]
    return bytes(changed)


def _mutated_header(originals: Originals, rng: Rng) -> tuple[str, bytes]:
    ending, content = _choose(originals, rng)
    # The first bytes say the kind; other files would be refused without a decoder.
    return ending, _mutated(content, 4, min(_HEADER, len(content)), rng)


def _mutated_body(originals: Originals, rng: Rng) -> tuple[str, bytes]:
    ending, content = _choose(originals, rng)
    return ending, _mutated(content, min(_HEADER, len(content) // 2), len(content), rng)


def _wrong_ending(originals: Originals, rng: Rng) -> tuple[str, bytes]:
    return _choose(originals, rng)[0], _choose(originals, rng)[1]


def _zeros(rng: Rng) -> tuple[str, bytes]:
    """Return zeros behind the first bytes of a format."""
    magic = _MAGIC[int(rng.integers(len(_MAGIC)))]
    return ".bin", magic + bytes(int(rng.integers(1, 2_000_000)))


def _random(rng: Rng) -> tuple[str, bytes]:
    magic = b"" if rng.random() < 0.3 else _MAGIC[int(rng.integers(len(_MAGIC)))]
    return ".bin", magic + rng.bytes(int(rng.integers(1, 20_000)))


def _polyglot(originals: Originals, rng: Rng) -> tuple[str, bytes]:
    """Return two files in one, or a file behind the beginning of a text format."""
    first, second = _choose(originals, rng), _choose(originals, rng)
    starts = (b"GIF89a/*", b"%PDF-1.4\n", b"<html><script>", b"PK\x03\x04", b"ffconcat version 1.0\nfile ")
    if rng.random() < 0.4:
        return first[0], starts[int(rng.integers(len(starts)))] + first[1]
    return first[0], first[1] + second[1]


def _png(width: int, height: int, rows: bytes, *, text: bytes = b"") -> bytes:
    """Return a grey PNG whose compressed pixels are `rows`."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    comment = chunk(b"zTXt", b"comment\0\0" + text) if text else b""
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + comment + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _huge(rng: Rng) -> tuple[str, bytes]:
    """Return a small file that declares a huge picture."""
    width, height = (int(side) for side in rng.integers(8_000, 65_500, 2))
    little = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    big = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    options: Originals = (
        (".png", _png(width, height, zlib.compress(bytes(1000)))),
        (".jpg", b"\xff\xd8\xff\xc0\x00\x0b\x08" + big + b"\x01\x01\x11\x00" + bytes(200) + b"\xff\xd9"),
        (".gif", b"GIF89a" + little + b"\0\0\0\x2c\0\0\0\0" + little + b"\0\x02\x02\x4c\x01\0\x3b"),
        (".webp", b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\x00\xff\xff\x00" + bytes(40)),
        (".bmp", b"BM" + bytes(12) + b"\x28\0\0\0" + little[:2] + b"\0\0" + little[2:] + b"\0\0" + bytes(60)),
    )
    return _choose(options, rng)


def _bomb(rng: Rng) -> tuple[str, bytes]:
    """Return a small file that takes much memory or time: pixels, metadata, scans or frames."""
    kind = int(rng.integers(4))
    if kind == 0:
        side = int(rng.integers(6_000, 7_200))
        return ".png", _png(side, side, zlib.compress(bytes((side + 1) * side), 1))
    if kind == 1:
        return ".png", _png(64, 64, zlib.compress(bytes(65 * 64)), text=zlib.compress(bytes(50_000_000), 1))
    if kind == 2:
        # The scans of a progressive picture, over and over.
        content = _saved(Image.new("RGB", (1500, 1500), "gray"), "JPEG", progressive=True)
        scan = content.index(b"\xff\xda")
        return ".jpg", content[:-2] + content[scan:-2] * int(rng.integers(1, 200)) + b"\xff\xd9"
    return ".gif", _endless_gif(int(rng.integers(20, 200)))


def _endless_gif(count: int) -> bytes:
    """Return a GIF of `count` times the same two large frames."""
    frames = [Image.new("P", (1200, 1200), colour) for colour in (1, 2)]
    content = _saved(Image.new("P", (1200, 1200)), "GIF", save_all=True, append_images=frames)
    second = content.index(b"\x21\xf9", content.index(b"\x2c"))
    return content[:second] + content[second:-1] * (count // 2) + b"\x3b"
