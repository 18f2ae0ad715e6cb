"""Painted regions: small grey PNGs and run lengths."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from webapp.domain.errors import Refused
from webapp.domain.limits import MAX_REGION_BYTES, MAX_REGION_SIDE

_DECODE_ERRORS = (
    *(OSError, ValueError, SyntaxError, RuntimeError, TypeError, IndexError, KeyError, OverflowError),
    *(zlib.error, struct.error, Image.DecompressionBombError),
)

# Characters of runs as JSON.
_MAX_TEXT = 1_000_000
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
# Bytes of the PNG signature, and of signature and header together.
_SIGNATURE_BYTES = 8
_HEADER_END = 33
# Bytes that every chunk has beside its content: length, type and checksum.
_CHUNK_OVERHEAD = 12
# Value of a painted pixel.
_PAINTED = 255


@dataclass(frozen=True)
class Mask:
    """Painted region: a PNG of one 8-bit channel, 0 if unpainted, with its width and height in pixels."""

    png: bytes
    width: int
    height: int


def read_mask(content: bytes) -> Mask:
    """Check a painted region and encode it again, so that only its pixels are stored.

    The PNG (H, W) needs one channel of 1 or 8 bits, at most MAX_REGION_BYTES and MAX_REGION_SIDE per side,
    and a painted pixel. Raises Refused (invalid_region).
    """
    if len(content) > MAX_REGION_BYTES:
        raise _refused(f"it has {len(content)} bytes; at most {MAX_REGION_BYTES} are allowed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(_pixels_only(content)), formats=("PNG",)) as image:
                grey = image.convert("L")
    except _DECODE_ERRORS as error:
        raise _refused("it is no readable PNG") from error
    if grey.getbbox() is None:
        raise _refused("nothing is painted in it")
    bare = Image.frombytes("L", grey.size, grey.tobytes())
    written = io.BytesIO()
    bare.save(written, "PNG", optimize=True)
    if len(written.getvalue()) > MAX_REGION_BYTES:
        raise _refused(f"it takes more than {MAX_REGION_BYTES} bytes")
    return Mask(written.getvalue(), bare.width, bare.height)


def _pixels_only(content: bytes) -> bytes:
    """Return a PNG of the checked header and the compressed pixels only.

    The decoder runs in the server here, so it gets nothing else. Raises Refused.
    """
    signature = content[:_SIGNATURE_BYTES]
    header = content[_SIGNATURE_BYTES:_HEADER_END]
    has_header = header.startswith(b"\x00\x00\x00\x0dIHDR") and len(header) == _HEADER_END - _SIGNATURE_BYTES
    if signature != _PNG_START or not has_header:
        raise _refused("it is no readable PNG")
    width, height, depth, colour = struct.unpack(">IIBB", header[8:18])
    if colour != 0 or depth not in (1, 8):
        raise _refused(f"it has colour type {colour} with {depth} bits; one channel of 8 bits is needed")
    if not 0 < width <= MAX_REGION_SIDE or not 0 < height <= MAX_REGION_SIDE:
        raise _refused(f"it is larger than {MAX_REGION_SIDE} pixels a side")
    parts = [_PNG_START, header]
    offset = _HEADER_END
    while offset < len(content):
        length = int.from_bytes(content[offset : offset + 4], "big")
        kind = content[offset + 4 : offset + 8]
        end = offset + _CHUNK_OVERHEAD + length
        if end > len(content):
            raise _refused("it is no readable PNG")
        if kind == b"IDAT":
            parts.append(content[offset:end])
        offset = end
    return b"".join([*parts, _PNG_END])


def mask_of_text(text: str) -> bytes:
    """Return the PNG of a region given as JSON text, see `mask_of`. Raises Refused (invalid_region)."""
    if len(text) > _MAX_TEXT:
        raise _refused(f"it takes more than {_MAX_TEXT} characters")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("it is no readable JSON") from None
    return mask_of(value)


def mask_of(value: object) -> bytes:
    """Return the PNG of a region given as a JSON object with `width`, `height` and `runs`.

    See `mask_of_runs`. Raises Refused (invalid_region).
    """
    if not isinstance(value, dict):
        raise _refused("width, height and runs are needed")
    width = value.get("width")
    height = value.get("height")
    runs = value.get("runs")
    # `bool` is a subclass of `int`, and no number.
    if (
        type(width) is not int
        or type(height) is not int
        or not isinstance(runs, list)
        or not all(type(run) is int for run in runs)
    ):
        raise _refused("width, height and runs must be whole numbers")
    return mask_of_runs(width, height, runs)


def mask_of_runs(width: int, height: int, runs: Sequence[int]) -> bytes:
    """Return the PNG of a region given as run lengths in reading order.

    Runs are alternately unpainted and painted; the first is unpainted. Raises Refused (invalid_region).
    """
    if not 1 <= width <= MAX_REGION_SIDE or not 1 <= height <= MAX_REGION_SIDE:
        raise _refused(f"its sides must have 1 to {MAX_REGION_SIDE} pixels")
    if len(runs) > width * height or min(runs, default=-1) < 0 or sum(runs) > width * height:
        raise _refused("its runs do not fill it")
    values = np.zeros(width * height, np.uint8)
    offset = 0
    for index, length in enumerate(runs):
        is_painted = index % 2 == 1
        if is_painted:
            values[offset : offset + length] = _PAINTED
        offset += length
    written = io.BytesIO()
    Image.fromarray(values.reshape(height, width)).save(written, "PNG")
    return written.getvalue()


def painted_pixels(png: bytes) -> npt.NDArray[np.bool_]:
    """Return the painted pixels (H, W), bool, of a region that `read_mask` has encoded."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(np.asarray(image.convert("L")) > 0)


def runs_of_mask(png: bytes) -> list[int]:
    """Return the run lengths of a region that `read_mask` has encoded."""
    painted = painted_pixels(png).ravel()  # (H * W,), bool
    # Positions at which one run ends and the next begins.
    ends = (np.flatnonzero(np.diff(painted)) + 1).tolist()
    if painted[0]:
        # The first run is unpainted, so it is empty here.
        ends.insert(0, 0)
    return [int(length) for length in np.diff([0, *ends, painted.size])]


def _refused(why: str) -> Refused:
    return Refused("invalid_region", f"The painted region cannot be kept: {why}.")
