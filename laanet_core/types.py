"""Shared array and box types."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# x1, y1, x2, y2 in pixels of the upright original
Box = tuple[float, float, float, float]

# (H, W, 3), colour order RGB
RGBImage = npt.NDArray[np.uint8]

# (68, 2): x, y in pixels, iBUG order
Landmarks = npt.NDArray[np.float32]

# (H, W) in [0, 1]
Mask = npt.NDArray[np.float32]

# (H, W), any range
FloatMap = npt.NDArray[np.float32]
