"""Blending boundary B = 4 M (1 - M) of a blending mask M, and its resampling (LAA-Net section 3.1)."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from laanet_core.types import FloatMap, Mask


def blending_boundary(mask: Mask) -> Mask:
    """Return the blending boundary B of a mask (H, W) (paper eq. 2).

    B is 1 where the two images mix half and half, 0 where one is untouched.
    """
    return np.asarray(4 * mask * (1 - mask), np.float32)


def resample_boundary(boundary: FloatMap, size: int) -> FloatMap:
    """Return B (H, W) averaged over the cells of a grid (size, size), so that thin boundaries survive."""
    return np.asarray(cv2.resize(boundary, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def region_boundary(region: npt.NDArray[np.uint8], size: int) -> FloatMap:
    """Return a substitute for B, (size, size), from a region (H, W) that a person painted, non-zero inside.

    It is 1 at the deepest cell and falls to 0 at the rim. People paint a stroke along a seam or an area
    around it; in both cases they mean its middle.
    """
    painted_share = cv2.resize(np.asarray(region > 0, np.float32), (size, size), interpolation=cv2.INTER_AREA)
    inside = np.asarray(painted_share > 0, np.uint8)
    # The frame of zeros makes the picture's edge count as the region's rim.
    depth = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(depth / max(float(depth.max()), 1.0), np.float32)
