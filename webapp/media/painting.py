"""What was painted over a picture in the browser: the shape of the strokes, out of a layer that is clear elsewhere."""

from __future__ import annotations

import warnings
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from laanet_core.errors import UnreadableMedia

SIDE = 512  # at most, of the shape
_MAX_PIXELS = 50_000_000
_DECODE_ERRORS = (OSError, ValueError, SyntaxError, RuntimeError, TypeError, IndexError, KeyError, EOFError, OverflowError)


def painted(file: BinaryIO) -> npt.NDArray[np.uint8]:
    """The shape (H, W) uint8, 255 where painted and 0 elsewhere, at most SIDE pixels a side. Raises UnreadableMedia (corrupt_image)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file, formats=("PNG", "WEBP")) as layer:
                if layer.mode not in ("RGBA", "LA", "RGB", "L") or layer.width * layer.height > _MAX_PIXELS:
                    raise _unreadable()
                if "A" not in layer.mode:  # nothing is clear in it, so no stroke can be told
                    return np.zeros((1, 1), np.uint8)
                strokes = layer.getchannel("A").point(lambda alpha: 255 if alpha else 0)
        except (*_DECODE_ERRORS, Image.DecompressionBombError) as error:
            raise _unreadable() from error
    scale = min(SIDE / max(strokes.size), 1.0)
    size = (max(round(strokes.width * scale), 1), max(round(strokes.height * scale), 1))
    small = np.asarray(strokes.resize(size, Image.Resampling.BOX), np.uint8)
    return np.asarray((small > 0) * 255, np.uint8)


def _unreadable() -> UnreadableMedia:
    return UnreadableMedia("corrupt_image", "What was painted cannot be read.")
