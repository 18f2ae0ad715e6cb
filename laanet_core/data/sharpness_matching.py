"""Equal sharpness of a real image and its fake, so that blur says nothing about the label."""

from __future__ import annotations

import cv2
import numpy as np

from laanet_core.types import RGBImage

# Largest sigma in pixels of the blur that makes an image as soft as the other.
LARGEST_SIGMA = 4.0

# Bisections of the range of sigma.
_BISECTIONS = 6

# The sharpness of a crop is measured in its middle, where the face is, in shares of its side.
_MIDDLE = (0.25, 0.75)


def match_sharpness(first: RGBImage, second: RGBImage) -> tuple[RGBImage, RGBImage]:
    """Blur the sharper of two crops (H, W, 3) until both are equally sharp in the middle."""
    if inner_sharpness(first) > inner_sharpness(second):
        return softened(first, inner_sharpness(second)), second
    return first, softened(second, inner_sharpness(first))


def inner_sharpness(crop: RGBImage) -> float:
    """Return the variance of the Laplacian in the middle of a crop (H, W, 3) uint8 RGB."""
    rows, columns = (slice(*(round(share * length) for share in _MIDDLE)) for length in crop.shape[:2])
    grey = cv2.cvtColor(np.ascontiguousarray(crop[rows, columns]), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def softened(crop: RGBImage, sharpness: float) -> RGBImage:
    """Return a crop (H, W, 3) blurred until its inner sharpness is about `sharpness`.

    The largest blur is LARGEST_SIGMA. A crop that is softer already stays nearly as it is.
    """
    # Bisection works because blur only lowers the sharpness.
    low, high = 0.0, LARGEST_SIGMA
    blurred = crop
    for _ in range(_BISECTIONS):
        sigma = (low + high) / 2
        blurred = np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8)
        if inner_sharpness(blurred) > sharpness:
            low = sigma
        else:
            high = sigma
    return blurred
