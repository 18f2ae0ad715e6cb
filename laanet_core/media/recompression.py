"""Recompression of pictures as JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from laanet_core.types import RGBImage


def recompressed(rgb: RGBImage, quality: int) -> RGBImage:
    """Return a picture (H, W, 3) uint8 RGB after a round trip through a JPEG of that quality, 1 to 100."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
