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
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x00IEND\xaeB`\x82"


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
    header = content[8:33]
    if content[:8] != _PNG_START or header[:8] != b"\x00\x00\x00\x0dIHDR" or len(header) != 25:
        raise _refused("it is no readable PNG")
    width, height, depth, colour = struct.unpack(">IIBB", header[8:18])
    if colour != 0 or depth not in (1, 8):
        raise _refused(f"it has colour type {colour} with {depth} bits; one channel of 8 bits is needed")
    if not 0 < width <= MAX_REGION_SIDE or not 0 < height <= MAX_REGION_SIDE:
        raise _refused(f"it is larger than {MAX_REGION_SIDE} pixels a side")
    parts, offset = [_PNG_START, header], 33
    while offset < len(content):
        end = offset + 12 + int.from_bytes(content[offset : offset + 4], "big")
        if end > len(content):
            raise _refused("it is no readable PNG")
        if content[offset + 4 : offset + 8] == b"IDAT":
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
    width, height, runs = value.get("width"), value.get("height"), value.get("runs")
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
    for number, length in enumerate(runs):
        if number % 2:
            values[offset : offset + length] = 255
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
    painted = painted_pixels(png).ravel()
    edges = np.flatnonzero(np.diff(painted)) + 1
    ends = [*([0] if painted[0] else []), *edges.tolist(), painted.size]
    return [int(length) for length in np.diff([0, *ends])]


def _refused(why: str) -> Refused:
    return Refused("invalid_region", f"The painted region cannot be kept: {why}.")
