"""Untrusted pictures: recognised by content, measured before decoding, returned as upright RGB.

Codes of UnreadableMedia raised here: `file_not_found`, `empty_file`, `unsupported_type`, `corrupt_image`,
`too_many_pixels` and `image_too_small`.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from laanet_core.errors import UnreadableMedia
from laanet_core.results import Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage

# Largest picture in pixels.
MAX_PIXELS = 50_000_000

# Smallest side in pixels; nothing smaller can show a face.
MIN_SIDE = 16

# Formats that Pillow may try.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MediaKind = Literal["image", "video"]

# A path, or an open file, which is read from its start and left open.
Source = Path | BinaryIO

# Bytes at the start of a file that tell its kind.
HEAD_BYTES = 64

# Scans of a progressive JPEG, each of which covers the whole picture. Cameras and editors write about ten.
_MAX_SCANS = 256

# TIFF's tag NewSubfileType, and its bit for a smaller version of another page.
_SUBFILE_TYPE, _REDUCED_RESOLUTION = 254, 1

# Pixels converted to RGB at a time, which bounds the memory of the intermediate pictures.
_BAND = 1 << 20

# Bytes read at a time.
_CHUNK = 1 << 20

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_IMAGE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

# Errors that Pillow raises for broken files.
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


def sniff(head: bytes) -> MediaKind | None:
    """Return a file's kind by its first 64 bytes; None if this project reads no such files."""
    if head.startswith(_IMAGE_STARTS):
        return "image"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image", b"AVI ": "video"}.get(head[8:12])  # type: ignore[return-value]
    if head[4:8] == b"ftyp":
        return "image" if head[8:12] in _IMAGE_BRANDS else "video"
    is_matroska = head.startswith(b"\x1aE\xdf\xa3")
    is_quicktime = head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip")
    return "video" if is_matroska or is_quicktime else None


@contextlib.contextmanager
def open_source(source: Source) -> Iterator[BinaryIO]:
    """Open a source as a file at its start. Raises UnreadableMedia (file_not_found)."""
    if not isinstance(source, Path):
        source.seek(0)
        yield source
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise UnreadableMedia("file_not_found", "There is no such file, or it cannot be opened.") from error
    with file:
        yield file


def sniff_file(source: Source) -> MediaKind:
    """Return a file's kind. Raises UnreadableMedia with file_not_found, empty_file or unsupported_type."""
    with open_source(source) as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UnreadableMedia("empty_file", "The file is empty.")
    kind = sniff(head)
    if kind is None:
        raise UnreadableMedia(
            "unsupported_type",
            "This is neither a picture (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC) "
            "nor a video (MP4, MOV, WebM, MKV, AVI).",
        )
    return kind


def read_image(
    source: Source | bytes, *, max_pixels: int = MAX_PIXELS, warn: Warn = ignore_caution
) -> RGBImage:
    """Decode a picture to (H, W, 3) uint8 RGB, upright by its EXIF orientation, transparent parts on white.

    Of a file with several pictures the first one is decoded, and `warn` receives first_picture_only.
    Metadata is dropped. Raises UnreadableMedia.
    """
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    elif sniff_file(source) != "image":
        raise UnreadableMedia("unsupported_type", "This is a video, not a picture.")
    register_heif()
    with open_source(source) as file, warnings.catch_warnings():
        # Pillow warns about odd metadata and large pictures; the size is checked below.
        warnings.simplefilter("ignore")
        try:
            _check_webp(file, max_pixels)
            _check_scans(file)
            with Image.open(file, formats=FORMATS) as image:
                _check_size(image.size, max_pixels)
                has_more = _has_more_pictures(image)
                image.seek(0)
                # A frame of a GIF may be larger than the GIF.
                _check_size(image.size, max_pixels)
                rgb = _upright_rgb(image)
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(max_pixels) from error
        except UnidentifiedImageError as error:
            raise UnreadableMedia(
                "corrupt_image", "The picture is damaged, or not what its first bytes say."
            ) from error
        except _DECODE_ERRORS as error:
            raise UnreadableMedia(
                "corrupt_image", "The picture is damaged or incomplete and cannot be decoded."
            ) from error
    if has_more:
        warn("first_picture_only")
    return rgb


def _has_more_pictures(image: Image.Image) -> bool:
    """Return whether the file has another picture that is no depth map or smaller version of the first."""
    # The second picture of such a JPEG is a depth or brightness map.
    if image.format == "MPO":
        return False
    # A broken second picture must not reject an intact first one.
    with contextlib.suppress(*_DECODE_ERRORS):
        if not getattr(image, "is_animated", False):
            return False
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            image.seek(1)
            return not image.tag_v2.get(_SUBFILE_TYPE, 0) & _REDUCED_RESOLUTION
        return True
    return False


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise _too_many_pixels(max_pixels)
    if min(width, height) < MIN_SIDE:
        raise UnreadableMedia(
            "image_too_small",
            f"The picture has {width} x {height} pixels; at least {MIN_SIDE} on each side are needed.",
        )


def _check_webp(file: BinaryIO, max_pixels: int) -> None:
    """Check a WebP's canvas size, because Pillow allocates the canvas twice before it reports the size."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
        # The extended header stores each side minus one in three bytes.
        width = 1 + int.from_bytes(head[24:27], "little")
        height = 1 + int.from_bytes(head[27:30], "little")
        if width * height > max_pixels:
            raise _too_many_pixels(max_pixels)


def _check_scans(file: BinaryIO) -> None:
    """Refuse a JPEG with too many scans: thousands of empty ones keep the decoder busy for minutes."""
    if file.read(3) == b"\xff\xd8\xff":
        file.seek(0)
        scans = 0
        while chunk := file.read(_CHUNK):
            scans += chunk.count(b"\xff\xda")
        if scans > _MAX_SCANS:
            raise UnreadableMedia(
                "corrupt_image",
                f"The picture is made of more than {_MAX_SCANS} scans. No real picture needs as many.",
            )
    file.seek(0)


def _too_many_pixels(max_pixels: int) -> UnreadableMedia:
    return UnreadableMedia(
        "too_many_pixels", f"The picture has more than {max_pixels // 1_000_000} million pixels."
    )


def _upright_rgb(image: Image.Image) -> RGBImage:
    """Return the current frame as (H, W, 3) uint8, rotated by its EXIF orientation."""
    image.load()
    # Metadata can be unreadable in a picture that is fine.
    with contextlib.suppress(*_DECODE_ERRORS):
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith(("I", "F")):
        grey = _eight_bits(np.asarray(image))
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(_BAND // image.width, 1)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        rgb[top : top + rows] = _on_white(band)
    return rgb


def _on_white(image: Image.Image) -> RGBImage:
    """Return a picture as (H, W, 3) uint8, with white behind transparent parts."""
    if "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return np.asarray(image.convert("RGB"), np.uint8)


def _eight_bits(grey: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> RGBImage:
    """Scale grey values (H, W) of up to 16 bits, or of any floating-point range, to 0 to 255."""
    if np.issubdtype(grey.dtype, np.integer) and grey.min() >= 0 and grey.max() <= 65535:
        is_16_bit = grey.max() > 255
        return np.asarray(grey // 257 if is_16_bit else grey, np.uint8)
    values = np.nan_to_num(grey.astype(np.float64))
    low, high = values.min(), values.max()
    value_range = high - low if high > low else 1
    return np.asarray((values - low) * (255 / value_range), np.uint8)


def register_heif() -> None:
    """Enable HEIC in Pillow."""
    import pillow_heif

    pillow_heif.register_heif_opener()
