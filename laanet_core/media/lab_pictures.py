"""CIELAB pictures in TIFF files: the encodings that Pillow does not open by itself.

Pillow opens the 8-bit encoding that TIFF calls CIELAB, with signed colour values. Editors also write it with
16 bits, and scanners write ICCLAB, whose colour values have an offset instead of a sign. Both are opened as
three plain values here, of 16 bits the high byte, and then turned into a picture of Pillow's mode LAB, which
`convert` turns into sRGB.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, TiffImagePlugin

# Values of TIFF's tag PhotometricInterpretation.
_PHOTOMETRIC, _CIELAB, _ICCLAB = 262, 8, 9

# Value of the offset of ICCLAB's colours.
_OFFSET = 128

# Whole numbers without a sign, as Pillow names TIFF's tag SampleFormat.
_UNSIGNED, _SIGNED = (1,), (2,)


@cache
def register_lab() -> None:
    """Make Pillow open the encodings of this module as RGB. `as_lab` says what their values mean."""
    for order, ending in ((b"II", "L"), (b"MM", "B")):
        for formats in (_UNSIGNED, _SIGNED):
            wide = ("RGB", f"RGB;16{ending}")
            for photometric in (_CIELAB, _ICCLAB):
                TiffImagePlugin.OPEN_INFO.setdefault((order, photometric, formats, 1, (16,) * 3, ()), wide)
            TiffImagePlugin.OPEN_INFO.setdefault((order, _ICCLAB, formats, 1, (8,) * 3, ()), ("RGB", "RGB"))


def is_lab(image: Image.Image) -> bool:
    """Return whether an opened picture has CIELAB values."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return image.mode == "LAB"
    return image.tag_v2.get(_PHOTOMETRIC) in (_CIELAB, _ICCLAB)


def as_lab(image: Image.Image) -> Image.Image:
    """Return a loaded picture for which `is_lab` holds in Pillow's mode LAB."""
    if image.mode != "RGB":
        return image
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    values = np.array(image)
    if image.tag_v2.get(_PHOTOMETRIC) == _ICCLAB:
        values[..., 1:] ^= _OFFSET
    return Image.frombytes("LAB", image.size, values.tobytes(), "raw", "LAB")
