"""What visitors paint: masks as small grey PNGs."""

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

_MOST_TEXT = 1_000_000  # characters of runs
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x00IEND\xaeB`\x82"


@dataclass(frozen=True)
class Mask:
    """A painted region: a PNG of one 8-bit channel, 0 where nothing was painted; width and height in its own pixels."""

    png: bytes
    width: int
    height: int


def read_mask(content: bytes) -> Mask:
    """Check a painted region and write it anew, so that nothing but its pixels is kept.

    One channel of 1 or 8 bits, at most MAX_REGION_BYTES and MAX_REGION_SIDE a side, something painted. Raises Refused (invalid_region).
    """
    if len(content) > MAX_REGION_BYTES:
        raise _refused(f"it has {len(content)} bytes, at most {MAX_REGION_BYTES} are taken")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(_pixels_only(content)), formats=("PNG",)) as image:
                grey = image.convert("L")
    except _DECODE_ERRORS as error:
        raise _refused("it is no PNG that can be read") from error
    if grey.getbbox() is None:
        raise _refused("nothing is painted in it")
    bare = Image.frombytes("L", grey.size, grey.tobytes())
    written = io.BytesIO()
    bare.save(written, "PNG", optimize=True)
    if len(written.getvalue()) > MAX_REGION_BYTES:
        raise _refused(f"it takes more than {MAX_REGION_BYTES} bytes")
    return Mask(written.getvalue(), bare.width, bare.height)


def _pixels_only(content: bytes) -> bytes:
    """The PNG's header, whose claims are checked, and its compressed pixels: the decoder, which is in the server here, sees nothing else.

    Raises Refused.
    """
    header = content[8:33]
    if content[:8] != _PNG_START or header[:8] != b"\x00\x00\x00\x0dIHDR" or len(header) != 25:
        raise _refused("it is no PNG that can be read")
    width, height, depth, colour = struct.unpack(">IIBB", header[8:18])
    if colour != 0 or depth not in (1, 8):
        raise _refused(
            f"its pixels are of the kind {colour} with {depth} bits; one channel of 8 bits is needed"
        )
    if not 0 < width <= MAX_REGION_SIDE or not 0 < height <= MAX_REGION_SIDE:
        raise _refused(f"it is larger than {MAX_REGION_SIDE} pixels a side")
    parts, place = [_PNG_START, header], 33
    while place < len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        if end > len(content):
            raise _refused("it is no PNG that can be read")
        if content[place + 4 : place + 8] == b"IDAT":
            parts.append(content[place:end])
        place = end
    return b"".join([*parts, _PNG_END])


def mask_of_text(text: str) -> bytes:
    """As `mask_of`, of JSON. Raises Refused (invalid_region)."""
    if len(text) > _MOST_TEXT:
        raise _refused(f"it takes more than {_MOST_TEXT} characters")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("it is no JSON that can be read") from None
    return mask_of(given)


def mask_of(given: object) -> bytes:
    """A painted region as PNG, from an object of JSON with `width`, `height` and `runs`, as `mask_of_runs` takes them.

    Raises Refused (invalid_region).
    """
    if not isinstance(given, dict):
        raise _refused("width, height and runs are needed")
    width, height, runs = given.get("width"), given.get("height"), given.get("runs")
    if (
        type(width) is not int
        or type(height) is not int
        or not isinstance(runs, list)
        or not all(type(run) is int for run in runs)
    ):
        raise _refused("width, height and runs must be whole numbers")
    return mask_of_runs(width, height, runs)


def mask_of_runs(width: int, height: int, runs: Sequence[int]) -> bytes:
    """A painted region as PNG, from lengths of pixels in reading order, alternately unpainted and painted, the first unpainted.

    Raises Refused (invalid_region).
    """
    if not 1 <= width <= MAX_REGION_SIDE or not 1 <= height <= MAX_REGION_SIDE:
        raise _refused(f"its sides must have 1 to {MAX_REGION_SIDE} pixels")
    if len(runs) > width * height or min(runs, default=-1) < 0 or sum(runs) > width * height:
        raise _refused("its runs do not fill it")
    values = np.zeros(width * height, np.uint8)
    place = 0
    for number, length in enumerate(runs):
        if number % 2:
            values[place : place + length] = 255
        place += length
    written = io.BytesIO()
    Image.fromarray(values.reshape(height, width)).save(written, "PNG")
    return written.getvalue()


def painted_pixels(png: bytes) -> npt.NDArray[np.bool_]:
    """Where something is painted, (H, W), in a region that `read_mask` has written."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return np.asarray(np.asarray(image.convert("L")) > 0)


def runs_of_mask(png: bytes) -> list[int]:
    """The runs of a region that `read_mask` has written."""
    painted = painted_pixels(png).ravel()
    edges = np.flatnonzero(np.diff(painted)) + 1
    ends = [*([0] if painted[0] else []), *edges.tolist(), painted.size]
    return [int(length) for length in np.diff([0, *ends])]


def _refused(why: str) -> Refused:
    return Refused("invalid_region", f"The painted region cannot be kept: {why}.")
