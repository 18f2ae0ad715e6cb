"""What a picture looks like, in 64 bits: near copies differ in a few of them (pHash, by ImageHash)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from laanet_core.types import RGBImage

_SHARES = (0.25, 0.5, 0.75)  # of a clip's judged frames
_SIDE = 128  # pixels of the shorter side at least, four times what pHash looks at


def fingerprint(rgb: RGBImage) -> int:
    """The perceptual hash of an upright picture (H, W, 3) uint8 RGB, from 0 to 2**64 - 1."""
    import imagehash

    bits = imagehash.phash(Image.fromarray(_smaller(rgb))).hash.ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _smaller(rgb: RGBImage) -> npt.NDArray[np.uint8]:
    """Large pictures grey and several times smaller, by means: pHash's own filter takes up to three times as long, and of photographs
    ends with the same bits, or nearly.
    """
    times = min(rgb.shape[:2]) // _SIDE
    if times < 2:
        return rgb
    height, width = (round(side / times) for side in rgb.shape[:2])
    return np.asarray(
        cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (width, height), interpolation=cv2.INTER_AREA),
        np.uint8,
    )


def get_ready() -> None:
    """Load what the first fingerprint would load, a third of a second that nobody should wait for."""
    fingerprint(np.zeros((8, 8, 3), np.uint8))


class Fingerprints:
    """Called with every picture that is judged; keeps nothing of them but their hashes."""

    def __init__(self) -> None:
        self._seen: list[int] = []

    def __call__(self, rgb: RGBImage) -> None:
        self._seen.append(fingerprint(rgb))

    def chosen(self) -> list[int]:
        """A photo's hash; of a clip those a quarter, half and three quarters through its judged frames, each once."""
        return list(
            dict.fromkeys(self._seen[int(share * len(self._seen))] for share in _SHARES if self._seen)
        )
