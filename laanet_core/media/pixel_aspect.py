"""Size at which players show frames whose pixels are not square."""

from __future__ import annotations

from fractions import Fraction

# Aspects beyond this, and its inverse, are errors of the file.
_MAX_ASPECT = 3


def shown_size(width: int, height: int, aspect: Fraction | None, max_pixels: int) -> tuple[int, int]:
    """Return the (width, height) of a stored frame in square pixels.

    `aspect` is the width of a stored pixel as a share of its height; None or 0 if it is not known. One side
    becomes larger. If the frame would then have more than `max_pixels`, the other side becomes smaller.
    """
    if not aspect or not Fraction(1, _MAX_ASPECT) <= aspect <= _MAX_ASPECT:
        return width, height
    wider = round(width * aspect), height
    higher = width, round(height / aspect)
    larger, smaller = (wider, higher) if aspect > 1 else (higher, wider)
    return larger if larger[0] * larger[1] <= max_pixels else smaller
