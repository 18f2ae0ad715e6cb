"""Untrusted pictures: recognised by content, measured before decoding, returned as upright RGB.

Codes of UnreadableMedia raised here: `file_not_found`, `empty_file`, `unsupported_type`, `corrupt_image`,
`too_many_pixels` and `image_too_small`.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from laanet_core.errors import UnreadableMedia
from laanet_core.media.animations import is_animation
from laanet_core.media.bit_depth import raw_modes, read_low_bytes, to_eight_bits, uses_few_bits
from laanet_core.media.cut_pictures import MAX_MISSING, completed, is_cut, missing_rows, tolerant_decoding
from laanet_core.media.jpeg_structure import JpegStructure, read_structure
from laanet_core.media.lab_pictures import as_lab, is_lab, register_lab
from laanet_core.media.other_types import refusal
from laanet_core.media.patience import PatientFile
from laanet_core.media.pillow_errors import DamagedPicture, pillow_errors
from laanet_core.media.transparency import on_white
from laanet_core.results import Caution, Kind, Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage

# Largest picture in pixels. Cameras of "50 megapixels" have up to 50.4 million.
MAX_PIXELS = 52_000_000

# A JPEG of up to this many times MAX_PIXELS is decoded at half its width and height.
REDUCED = 4

# Bytes of a progressive JPEG's coefficients, all of which are in memory while it is decoded.
_MAX_COEFFICIENT_BYTES = 420_000_000

# Smallest side in pixels; nothing smaller can show a face.
MIN_SIDE = 16

# Formats that Pillow may try.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MediaKind = Kind

# A path, or an open file, which is read from its start and left open.
Source = Path | BinaryIO

# Bytes at the start of a file that tell its kind.
HEAD_BYTES = 64

# TIFF's tag NewSubfileType, and its bit for a smaller version of another page.
_SUBFILE_TYPE, _REDUCED_RESOLUTION = 254, 1

# Pixels converted to RGB at a time, which bounds the memory of the intermediate pictures.
_BAND = 1 << 20

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_IMAGE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


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
    """Return a file's kind; an animated picture is a video.

    Raises UnreadableMedia with file_not_found, empty_file or unsupported_type.
    """
    with open_source(source) as file:
        head = file.read(HEAD_BYTES)
        if not head:
            raise UnreadableMedia("empty_file", "The file is empty.")
        kind = sniff(head)
        refused = refusal(file, head, is_supported=kind is not None)
        assert kind is not None or refused is not None, "a file of no supported kind is refused"
        moves = kind == "image" and refused is None and is_animation(file, head)
    if refused is not None or kind is None:
        raise UnreadableMedia("unsupported_type", refused or "")
    return "video" if moves else kind


@dataclass(frozen=True)
class Picture:
    """Decoded picture `rgb` (H, W, 3) uint8 RGB, upright, and the (width, height) of the upright original.

    Both have the same size unless the original has more than MAX_PIXELS.
    """

    rgb: RGBImage
    size: tuple[int, int]


def read_image(
    source: Source | bytes, *, max_pixels: int = MAX_PIXELS, warn: Warn = ignore_caution
) -> RGBImage:
    """Decode a picture to (H, W, 3) uint8 RGB, as `read_picture` does. Raises UnreadableMedia."""
    return read_picture(source, max_pixels=max_pixels, warn=warn).rgb


def read_picture(
    source: Source | bytes, *, max_pixels: int = MAX_PIXELS, warn: Warn = ignore_caution
) -> Picture:
    """Decode a picture, upright by its EXIF orientation, transparent parts on white.

    A JPEG of up to REDUCED times `max_pixels` is decoded at half its width and height. Of a file with several
    pictures the first one is decoded, and `warn` receives first_picture_only. A picture whose file ends too
    early is decoded if at least three quarters of its rows are there, and `warn` receives cut_short. Metadata
    is dropped. Raises UnreadableMedia.
    """
    if isinstance(source, bytes):
        source = io.BytesIO(source)
    elif sniff_file(source) != "image":
        raise UnreadableMedia("unsupported_type", "This is a video, not a picture.")
    register_heif()
    register_lab()
    cautions: list[Caution] = []
    with open_source(source) as file, warnings.catch_warnings():
        # Pillow warns about odd metadata and large pictures; the size is checked below.
        warnings.simplefilter("ignore")
        _check_webp(file, max_pixels)
        structure = _checked_jpeg(file, max_pixels)
        try:
            picture = _decode(file, max_pixels, structure, cautions.append)
        except UnreadableMedia as error:
            if error.code != "corrupt_image":
                raise
            picture = _decode_cut(file, max_pixels, structure, error)
            cautions = ["cut_short"]
    for caution in cautions:
        warn(caution)
    return picture


def _decode(file: BinaryIO, max_pixels: int, structure: JpegStructure | None, warn: Warn) -> Picture:
    """Decode the first picture of an open file. Raises UnreadableMedia."""
    patient = PatientFile(file)
    file.seek(0)
    try:
        with Image.open(patient, formats=FORMATS) as image:
            has_more = _has_more_pictures(image)
            image.seek(0)
            size = image.size
            is_reduced = structure is not None and size[0] * size[1] > max_pixels
            if is_reduced:
                image.draft("RGB", (size[0] // 2, size[1] // 2))
            # A frame of a GIF may be larger than the GIF.
            _check_size(image.size, max_pixels)
            patient.finish()
            rgb, swapped = _upright_rgb(image, file)
            if has_more:
                warn("first_picture_only")
            upright = size[::-1] if swapped else size
            return Picture(rgb, upright if is_reduced else (rgb.shape[1], rgb.shape[0]))
    except (UnreadableMedia, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(max_pixels) from error
    except UnidentifiedImageError as error:
        message = "The picture is damaged, or not what its first bytes say."
        raise UnreadableMedia("corrupt_image", message) from error
    # Pillow answers broken files with errors of many classes, and new versions with others.
    except Exception as error:
        message = "The picture is damaged or incomplete and cannot be decoded."
        raise UnreadableMedia("corrupt_image", message) from error


def _decode_cut(
    file: BinaryIO, max_pixels: int, structure: JpegStructure | None, error: UnreadableMedia
) -> Picture:
    """Decode a picture whose file ends too early. Raises `error` if too little of it is there."""
    if not is_cut(file, structure):
        raise error
    with tolerant_decoding(), completed(file) as whole:
        picture = _decode(whole, max_pixels, structure, ignore_caution)
    if missing_rows(picture.rgb) > MAX_MISSING:
        raise error
    return picture


def _has_more_pictures(image: Image.Image) -> bool:
    """Return whether the file has another picture that is no depth map or smaller version of the first."""
    # The second picture of such a JPEG is a depth or brightness map.
    if image.format == "MPO":
        return False
    # A broken second picture must not reject an intact first one.
    try:
        with pillow_errors():
            if not getattr(image, "is_animated", False):
                return False
            if isinstance(image, TiffImagePlugin.TiffImageFile):
                image.seek(1)
                return not image.tag_v2.get(_SUBFILE_TYPE, 0) & _REDUCED_RESOLUTION
            return True
    except DamagedPicture:
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


def _checked_jpeg(file: BinaryIO, max_pixels: int) -> JpegStructure | None:
    """Return the structure of a JPEG, None for other files. Raises UnreadableMedia."""
    is_jpeg = file.read(3) == b"\xff\xd8\xff"
    if not is_jpeg:
        return None
    structure = read_structure(file)
    if structure.size[0] * structure.size[1] > REDUCED * max_pixels:
        raise _too_many_pixels(REDUCED * max_pixels)
    if structure.coefficient_bytes > _MAX_COEFFICIENT_BYTES:
        raise UnreadableMedia(
            "too_many_pixels",
            "The picture is a progressive JPEG, which takes too much memory at this size. "
            "Save it as a baseline JPEG, or smaller.",
        )
    return structure


def _too_many_pixels(max_pixels: int) -> UnreadableMedia:
    limit = max_pixels // 1_000_000
    message = f"The picture has more than {limit} million pixels. Save it smaller"
    if max_pixels <= MAX_PIXELS:
        message += f", or as a JPEG, which may have {REDUCED * limit} million"
    return UnreadableMedia("too_many_pixels", f"{message}.")


def _upright_rgb(image: Image.Image, file: BinaryIO) -> tuple[RGBImage, bool]:
    """Return the current frame as (H, W, 3) uint8, rotated by its EXIF orientation.

    The second value is true if the rotation swapped width and height.
    """
    modes = raw_modes(image)
    image.load()
    if uses_few_bits(image, modes) and not is_lab(image):
        image.paste(_with_low_bytes(image, file))
    stored = image.size
    _turn_upright(image)
    swapped = image.size != stored
    if is_lab(image):
        image = as_lab(image)
    if image.mode.startswith(("I", "F")):
        grey = to_eight_bits(np.asarray(image))
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2)), swapped
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(_BAND // image.width, 1)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        rgb[top : top + rows] = np.asarray(on_white(band), np.uint8)
    return rgb, swapped


def _with_low_bytes(image: Image.Image, file: BinaryIO) -> Image.Image:
    """Return a loaded picture of few bits from its high bytes and, read again, its low bytes."""
    file.seek(0)
    with Image.open(file, formats=FORMATS) as other:
        read_low_bytes(other)
        other.load()
        values = np.asarray(image).astype(np.uint16) << 8 | np.asarray(other)
    bands = image.getbands()
    alpha = [np.asarray(image)[..., bands.index("A")]] if "A" in bands else []
    colours = to_eight_bits(values[..., [number for number, band in enumerate(bands) if band != "A"]])
    return Image.fromarray(np.dstack([colours, *alpha]), image.mode)


def _turn_upright(image: Image.Image) -> None:
    # Metadata can be unreadable in a picture that is fine.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def register_heif() -> None:
    """Enable HEIC in Pillow."""
    import pillow_heif

    pillow_heif.register_heif_opener()
