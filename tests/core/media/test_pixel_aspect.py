"""Shown sizes of frames."""

from __future__ import annotations

from fractions import Fraction

import pytest

from laanet_core.media.container import MAX_FRAME_PIXELS
from laanet_core.media.pixel_aspect import shown_size


@pytest.mark.parametrize(
    ("aspect", "expected"),
    [
        (None, (720, 576)),
        (Fraction(0), (720, 576)),
        (Fraction(1), (720, 576)),
        (Fraction(16, 11), (1047, 576)),
        (Fraction(8, 9), (720, 648)),
        (Fraction(20), (720, 576)),
    ],
)
def test_one_side_becomes_larger(aspect: Fraction | None, expected: tuple[int, int]) -> None:
    assert shown_size(720, 576, aspect, MAX_FRAME_PIXELS) == expected


@pytest.mark.parametrize(
    ("aspect", "expected"), [(Fraction(3, 4), (3000, 3000)), (Fraction(4, 3), (4000, 2250))]
)
def test_one_side_of_a_large_frame_becomes_smaller(aspect: Fraction, expected: tuple[int, int]) -> None:
    assert shown_size(4000, 3000, aspect, MAX_FRAME_PIXELS) == expected
