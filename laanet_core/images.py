"""Pictures from strangers: known by content, measured before they are decoded, upright RGB afterwards.

Codes of UnreadableMedia raised here: `file_not_found`, `empty_file`, `unsupported_type`, `corrupt_image`, `too_many_pixels` and
`image_too_small`.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from laanet_core.crops import RGBImage
from laanet_core.errors import UnreadableMedia

MAX_PIXELS = 50_000_000
MIN_SIDE = 16  # pixels; nothing smaller can hold a face
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MediaKind = Literal["image", "video"]
HEAD_BYTES = 64

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_IMAGE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# Pillow raises all of these on broken files
_DECODE_ERRORS = (OSError, ValueError, SyntaxError, RuntimeError, TypeError, IndexError, KeyError, EOFError, OverflowError)


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


def sniff_file(path: Path) -> MediaKind:
    """Sniff a file. Raises UnreadableMedia with file_not_found, empty_file or unsupported_type."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableMedia("file_not_found", "There is no such file, or it cannot be opened.") from error
    if not head:
        raise UnreadableMedia("empty_file", "The file is empty.")
    kind = sniff(head)
    if kind is None:
        raise UnreadableMedia(
            "unsupported_type",
            "This is neither a picture (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC) nor a video (MP4, MOV, WebM, MKV, AVI).",
        )
    return kind


def read_image(source: Path | bytes, *, max_pixels: int = MAX_PIXELS) -> RGBImage:
    """Decode a picture to (H, W, 3) uint8 RGB, upright by its EXIF orientation, transparent parts on white, first frame only.

    Nothing of its metadata is kept. Raises UnreadableMedia.
    """
    if isinstance(source, Path):
        if sniff_file(source) != "image":
            raise UnreadableMedia("unsupported_type", "This is a video, not a picture.")
        source = source.read_bytes()
    _register_heif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata; the size is checked below
        try:
            with Image.open(io.BytesIO(source), formats=FORMATS) as image:
                _check_size(image.size, max_pixels)
                return _upright_rgb(image)
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(max_pixels) from error
        except UnidentifiedImageError as error:
            raise UnreadableMedia("corrupt_image", "The picture is damaged, or not what its first bytes say.") from error
        except _DECODE_ERRORS as error:
            raise UnreadableMedia("corrupt_image", "The picture is damaged or incomplete and cannot be decoded.") from error


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise _too_many_pixels(max_pixels)
    if min(width, height) < MIN_SIDE:
        raise UnreadableMedia("image_too_small", f"The picture has {width} x {height} pixels; at least {MIN_SIDE} on each side are needed.")


def _too_many_pixels(max_pixels: int) -> UnreadableMedia:
    return UnreadableMedia("too_many_pixels", f"The picture has more than {max_pixels // 1_000_000} million pixels.")


def _upright_rgb(image: Image.Image) -> RGBImage:
    image.seek(0)
    image.load()
    turned: Image.Image = image
    with contextlib.suppress(*_DECODE_ERRORS):  # metadata can be unreadable in a picture that is fine
        turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith(("I", "F")):
        grey = _eight_bits(np.asarray(turned))
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    if "A" in turned.mode or "transparency" in turned.info:
        turned = turned.convert("RGBA")
        ground = Image.new("RGBA", turned.size, "white")
        ground.alpha_composite(turned)
        turned = ground
    return np.ascontiguousarray(np.asarray(turned.convert("RGB"), np.uint8))


def _eight_bits(grey: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> RGBImage:
    """Integer pictures hold up to 16 bits, float ones may hold anything: both are brought to 0 to 255."""
    if np.issubdtype(grey.dtype, np.integer) and grey.min() >= 0 and grey.max() <= 65535:
        return np.asarray(grey // 257 if grey.max() > 255 else grey, np.uint8)
    values = np.nan_to_num(grey.astype(np.float64))
    low, high = values.min(), values.max()
    return np.asarray((values - low) * (255 / (high - low if high > low else 1)), np.uint8)


def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
