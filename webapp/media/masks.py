"""What visitors paint: masks as small grey PNGs."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass

from PIL import Image

from webapp.domain import MAX_REGION_BYTES, MAX_REGION_SIDE, Refused

_DECODE_ERRORS = (
    *(OSError, ValueError, SyntaxError, RuntimeError, TypeError, IndexError, KeyError, OverflowError),
    *(zlib.error, struct.error, Image.DecompressionBombError),
)


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
            with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
                if image.mode not in ("1", "L"):
                    raise _refused(f"its pixels are of the kind {image.mode}; one channel of 8 bits is needed")
                if max(image.size) > MAX_REGION_SIDE:
                    raise _refused(f"it is larger than {MAX_REGION_SIDE} pixels a side")
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


def _refused(why: str) -> Refused:
    return Refused("invalid_region", f"The painted region cannot be kept: {why}.")
