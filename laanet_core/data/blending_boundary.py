"""Blending boundary B = 4 M (1 - M) of a blending mask M, and its resampling (LAA-Net section 3.1)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import FloatMap, Mask


def resample_boundary(boundary: FloatMap, size: int) -> FloatMap:
    """B (H, W) at (size, size) by area, so that thin boundaries survive."""
    return np.asarray(cv2.resize(boundary, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def region_boundary(region: npt.NDArray[np.uint8], size: int) -> FloatMap:
    """A painted region (H, W), not 0 inside, in the place of B at (size, size): 1 where it is deepest, falling to 0 at its rim.

    People paint where they see traces, as a stroke along a seam or an area around it; either way its middle is what they mean.
    """
    inside = np.asarray(
        cv2.resize(np.asarray(region > 0, np.float32), (size, size), interpolation=cv2.INTER_AREA) > 0,
        np.uint8,
    )
    depth = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(depth / max(float(depth.max()), 1.0), np.float32)


def blending_boundary(mask: Mask) -> Mask:
    """B = 4 M (1 - M): 1 where the two images mix half and half, 0 where one of them is untouched (paper eq. 2)."""
    return np.asarray(4 * mask * (1 - mask), np.float32)
