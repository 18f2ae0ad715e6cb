"""Pictures from strangers: known by content, measured before they are decoded, upright RGB afterwards.

Codes of UnreadableMedia raised here: `file_not_found`, `empty_file`, `unsupported_type`, `corrupt_image`, `too_many_pixels` and
`image_too_small`.
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
    from laanet_core.types import RGBImage  # which needs OpenCV; a process that only decodes does without

MAX_PIXELS = 50_000_000
MIN_SIDE = 16  # pixels; nothing smaller can hold a face
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MediaKind = Literal["image", "video"]
Source = Path | BinaryIO  # an open file is read from its start and left open
HEAD_BYTES = 64

_MAX_SCANS = 256  # of a JPEG; cameras and editors make ten or so, and each goes over the whole picture
_SUBFILE_TYPE = 254  # a TIFF's tag
_BAND = 1 << 20  # pixels taken over at a time
_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_IMAGE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# Pillow raises all of these on broken files
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
    """What a file is by its first 64 bytes; None for anything that is neither a picture nor a video this project reads."""
    if head.startswith(_IMAGE_STARTS):
        return "image"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image", b"AVI ": "video"}.get(head[8:12])  # type: ignore[return-value]
    if head[4:8] == b"ftyp":
        return "image" if head[8:12] in _IMAGE_BRANDS else "video"
    if head.startswith(b"\x1aE\xdf\xa3") or head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "video"  # Matroska and WebM; QuickTime without a brand
    return None


@contextlib.contextmanager
def opened_file(source: Source) -> Iterator[BinaryIO]:
    """The source as a file at its start. Raises UnreadableMedia (file_not_found)."""
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
    """Sniff a file. Raises UnreadableMedia with file_not_found, empty_file or unsupported_type."""
    with opened_file(source) as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UnreadableMedia("empty_file", "The file is empty.")
    kind = sniff(head)
    if kind is None:
        raise UnreadableMedia(
            "unsupported_type",
            "This is neither a picture (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC) nor a video (MP4, MOV, WebM, MKV, AVI).",
        )
    return kind


def read_image(
    source: Source | bytes, *, max_pixels: int = MAX_PIXELS, warn: Warn = ignore_caution
) -> RGBImage:
    """Decode a picture to (H, W, 3) uint8 RGB, upright by its EXIF orientation, transparent parts on white, first frame only.

    Nothing of its metadata is kept; `warn` is told first_picture_only of a file that holds more. Raises UnreadableMedia.
    """
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    elif sniff_file(source) != "image":
        raise UnreadableMedia("unsupported_type", "This is a video, not a picture.")
    register_heif()
    with opened_file(source) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata; the size is checked below
        try:
            _check_webp(file, max_pixels)
            _check_scans(file)
            with Image.open(file, formats=FORMATS) as image:
                _check_size(image.size, max_pixels)
                several = _holds_more(image)
                image.seek(0)
                _check_size(image.size, max_pixels)  # a GIF's frame may be larger than the GIF
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
    if several:
        warn("first_picture_only")
    return rgb


def _holds_more(image: Image.Image) -> bool:
    """Whether another picture follows the first that is none of its companions, as cameras and scanners put beside a photo."""
    if image.format == "MPO":  # a JPEG's depth or brightness map
        return False
    with contextlib.suppress(
        *_DECODE_ERRORS
    ):  # a second picture that cannot even be looked up: the first may be fine
        if not getattr(image, "is_animated", False):
            return False
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            image.seek(1)
            return not image.tag_v2.get(_SUBFILE_TYPE, 0) & 1  # a smaller version of another page
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
    """The size of a WebP's canvas, which Pillow allocates twice before it tells it."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
        width, height = (1 + int.from_bytes(head[place : place + 3], "little") for place in (24, 27))
        if width * height > max_pixels:
            raise _too_many_pixels(max_pixels)


def _check_scans(file: BinaryIO) -> None:
    """A small progressive JPEG may hold thousands of passes that say nothing and keep the decoder busy for minutes."""
    if file.read(3) == b"\xff\xd8\xff":
        file.seek(0)
        if sum(part.count(b"\xff\xda") for part in iter(lambda: file.read(1 << 20), b"")) > _MAX_SCANS:
            raise UnreadableMedia(
                "corrupt_image",
                f"The picture is made of more than {_MAX_SCANS} passes; none is that needs as many.",
            )
    file.seek(0)


def _too_many_pixels(max_pixels: int) -> UnreadableMedia:
    return UnreadableMedia(
        "too_many_pixels", f"The picture has more than {max_pixels // 1_000_000} million pixels."
    )


def _upright_rgb(image: Image.Image) -> RGBImage:
    image.load()
    with contextlib.suppress(*_DECODE_ERRORS):  # metadata can be unreadable in a picture that is fine
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith(("I", "F")):
        grey = _eight_bits(np.asarray(image))
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(_BAND // image.width, 1)
    for top in range(0, image.height, rows):  # whole, every step would hold the picture once more
        rgb[top : top + rows] = _on_white(image.crop((0, top, image.width, min(top + rows, image.height))))
    return rgb


def _on_white(image: Image.Image) -> RGBImage:
    if "A" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return np.asarray(image.convert("RGB"), np.uint8)


def _eight_bits(grey: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> RGBImage:
    """Integer pictures hold up to 16 bits, float ones may hold anything: both are brought to 0 to 255."""
    if np.issubdtype(grey.dtype, np.integer) and grey.min() >= 0 and grey.max() <= 65535:
        return np.asarray(grey // 257 if grey.max() > 255 else grey, np.uint8)
    values = np.nan_to_num(grey.astype(np.float64))
    low, high = values.min(), values.max()
    return np.asarray((values - low) * (255 / (high - low if high > low else 1)), np.uint8)


def register_heif() -> None:
    """Let Pillow read HEIC."""
    import pillow_heif

    pillow_heif.register_heif_opener()
