"""Perceptual hash of 64 bits (pHash, by ImageHash). Near-duplicates differ in a few bits."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from laanet_core.types import RGBImage

# Positions in the analysed frames of a clip.
_POSITIONS = (0.25, 0.5, 0.75)
# Least pixels of the shorter side after downscaling, four times what pHash uses.
_SIDE = 128


def fingerprint(rgb: RGBImage) -> int:
    """Return the perceptual hash of an upright image (H, W, 3), uint8 RGB: an int in [0, 2**64)."""
    import imagehash

    bits = imagehash.phash(Image.fromarray(_downscaled(rgb))).hash.ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _downscaled(rgb: RGBImage) -> npt.NDArray[np.uint8]:
    """Return a large image (H, W, 3) as grey (h, w), several times smaller, by averaging.

    A small image is returned unchanged. The filter of pHash takes up to three times as long and gives the
    same bits, or nearly.
    """
    height, width = rgb.shape[:2]
    divisor = min(height, width) // _SIDE
    if divisor < 2:
        return rgb
    size = (round(width / divisor), round(height / divisor))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def preload_hashing() -> None:
    """Load the libraries of the first fingerprint, a third of a second, before a visitor waits."""
    fingerprint(np.zeros((8, 8, 3), np.uint8))


class Fingerprints:
    """Callback for every analysed image or frame. It stores only their hashes."""

    def __init__(self) -> None:
        self._hashes: list[int] = []

    def __call__(self, rgb: RGBImage) -> None:
        """Hash an upright image (H, W, 3), uint8 RGB."""
        self._hashes.append(fingerprint(rgb))

    def chosen(self) -> list[int]:
        """Return the hash of a photo, or of frames at a quarter, half and three quarters of a clip.

        Equal hashes are returned once.
        """
        if not self._hashes:
            return []
        hashes = [self._hashes[int(position * len(self._hashes))] for position in _POSITIONS]
        return list(dict.fromkeys(hashes))
