"""Scaling of picture values with more than 8 bits.

Rule: whole numbers of a 16-bit file are scaled by the number of bits that they really use, which is 8, 10,
12, 14 or 16: the smallest one that holds the largest value. Cameras and scanners store 10, 12 or 14 bits
unscaled. Other numbers, such as floats, are stretched from their smallest to their largest value.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from laanet_core.types import RGBImage

# Bits that cameras, scanners and editors use.
_DEPTHS = (8, 10, 12, 14, 16)

# Endings of Pillow's raw modes for 16 bits, with the one that reads the other byte of each value.
_OTHER_BYTE = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B" if sys.byteorder == "little" else ";16L"}

# Largest high byte of values of 14 bits.
_UNUSED_ABOVE = 0x3F


def used_bits(largest: int) -> int:
    """Return the number of bits of which `largest`, 0 to 65535, is a value: 8, 10, 12, 14 or 16."""
    return next(depth for depth in _DEPTHS if largest < 1 << depth)


def to_eight_bits(values: npt.NDArray[Any]) -> RGBImage:
    """Scale values (H, W) or (H, W, C) to 0 to 255, as the module's rule says."""
    if np.issubdtype(values.dtype, np.integer) and values.min() >= 0 and values.max() <= 0xFFFF:
        bits = used_bits(int(values.max()))
        if bits == 8:
            return values.astype(np.uint8)
        # The largest value of these bits becomes 255; of 16 bits, 257 values share one.
        scale = (1 << bits) - 1
        return np.asarray(values.astype(np.uint32) * 255 // scale, np.uint8)
    floats = np.nan_to_num(values.astype(np.float64))
    low, high = floats.min(), floats.max()
    value_range = high - low if high > low else 1
    return np.asarray((floats - low) * (255 / value_range), np.uint8)


def raw_modes(image: Image.Image) -> list[str]:
    """Return the raw mode of each tile of an opened picture that is not loaded yet."""
    modes: list[str] = []
    for tile in getattr(image, "tile", ()):
        arguments = tile[3]
        mode = arguments if isinstance(arguments, str) else arguments[0] if arguments else ""
        modes.append(mode if isinstance(mode, str) else "")
    return modes


def uses_few_bits(image: Image.Image, modes: list[str]) -> bool:
    """Return whether a loaded colour picture of 16 bits uses 14 or less. Pillow kept the high bytes.

    `modes` are the raw modes from before the loading.
    """
    has_16_bits = bool(modes) and all(mode[-4:] in _OTHER_BYTE for mode in modes)
    if not has_16_bits or image.mode not in ("RGB", "RGBA", "LA", "RGBX"):
        return False
    high_bytes = np.asarray(image)
    colours = [number for number, band in enumerate(image.getbands()) if band not in "AX"]
    return all(int(high_bytes[..., number].max()) <= _UNUSED_ABOVE for number in colours)


def read_low_bytes(image: Image.Image) -> None:
    """Make an opened picture load the low bytes of its 16-bit values instead of the high ones.

    Raises ValueError if Pillow cannot do so.
    """
    tiles = []
    for tile in image.tile:  # type: ignore[attr-defined]
        arguments = tile[3]
        mode = arguments if isinstance(arguments, str) else arguments[0]
        other = mode[:-4] + _OTHER_BYTE[mode[-4:]]
        tiles.append((*tile[:3], other if isinstance(arguments, str) else (other, *arguments[1:])))
    old_tiles = image.tile  # type: ignore[attr-defined]
    image.tile = [  # type: ignore[attr-defined]
        type(old)(*new) for old, new in zip(old_tiles, tiles, strict=True)
    ]
