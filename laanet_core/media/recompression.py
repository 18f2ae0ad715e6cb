"""Recompression of pictures as JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from laanet_core.types import RGBImage


def recompressed(rgb: RGBImage, quality: int) -> RGBImage:
    """A picture (H, W, 3) uint8 RGB as it comes back from a JPEG of that quality, 1 to 100."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[
        1
    ]
    return np.asarray(cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)
