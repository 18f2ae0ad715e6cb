"""Display matrix of a video frame: the flips and quarter turns with which players show it.

The matrix is defined in FFmpeg's libavutil/display.h: nine numbers (a, b, u, c, d, v, x, y, w) map the stored
place (p, q) to the shown place (a p + c q + x, b p + d q + y).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from laanet_core.types import RGBImage

# Numbers of a matrix.
_NUMBERS = 9


@dataclass(frozen=True)
class Orientation:
    """Changes that bring a stored frame upright: first the transposition, then the flips."""

    transposed: bool = False
    mirrored: bool = False
    upside_down: bool = False

    def upright(self, rgb: RGBImage) -> RGBImage:
        """Return a stored frame (H, W, 3) uint8 as players show it, (H, W, 3) or (W, H, 3)."""
        if self.transposed:
            rgb = rgb.transpose(1, 0, 2)
        if self.mirrored:
            rgb = rgb[:, ::-1]
        if self.upside_down:
            rgb = rgb[::-1]
        return np.ascontiguousarray(rgb)


def orientation_of(frame: Any) -> Orientation:
    """Return the orientation of a decoded PyAV frame; a frame without a usable matrix is upright.

    Other angles than quarter turns count as the nearest quarter turn.
    """
    side_data = frame.side_data.get("DISPLAYMATRIX")
    if side_data is None:
        return Orientation()
    numbers = np.frombuffer(bytes(side_data), "=i4")
    if numbers.size != _NUMBERS:
        return Orientation()
    return orientation_by_matrix([int(number) for number in numbers])


def orientation_by_matrix(numbers: list[int]) -> Orientation:
    """Return the orientation that the nine numbers of a display matrix describe."""
    a, b, _, c, d = numbers[:5]
    # Nothing is visible through a singular matrix; players ignore it.
    if a * d == b * c:
        return Orientation()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirrored=a < 0, upside_down=d < 0)
    return Orientation(transposed=True, mirrored=c < 0, upside_down=b < 0)
