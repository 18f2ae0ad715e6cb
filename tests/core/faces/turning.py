"""Pictures that are turned in their plane."""

from __future__ import annotations

import cv2
import numpy as np

from laanet_core.types import RGBImage


def turned(rgb: RGBImage, degrees: float) -> RGBImage:
    """Turn a picture (H, W, 3) clockwise about its centre."""
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return np.asarray(cv2.warpAffine(rgb, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)
