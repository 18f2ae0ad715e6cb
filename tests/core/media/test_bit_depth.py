from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.media.bit_depth import to_eight_bits, used_bits
from laanet_core.media.images import read_image


@pytest.mark.parametrize(
    ("largest", "bits"), [(0, 8), (255, 8), (256, 10), (1023, 10), (4095, 12), (4096, 14), (16384, 16)]
)
def test_used_bits(largest: int, bits: int) -> None:
    assert used_bits(largest) == bits


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("colours", ["grey", "colour", "transparent"])
def test_values_of_fewer_bits_keep_their_brightness(
    samples: Path, bits: int, ending: str, colours: str
) -> None:
    portrait = cv2.resize(read_image(samples / "official_portrait_2012.jpg"), (120, 150))
    stored = np.rint(portrait / 255 * ((1 << bits) - 1)).astype(np.uint16)
    expected = portrait
    if colours == "grey":
        stored = stored[..., 1]
        expected = np.repeat(portrait[..., 1:2], 3, axis=2)
    else:
        stored = np.ascontiguousarray(stored[..., ::-1])
    if colours == "transparent":
        stored = np.dstack([stored, np.full(stored.shape[:2], 0xFFFF, np.uint16)])
    _, content = cv2.imencode(ending, stored)
    if bits == 8 and colours != "grey":
        # A colour file says itself that it has 16 bits; 8 of them are used as they are.
        assert np.abs(read_image(content.tobytes()).astype(int) - expected).max() <= 1
        return
    assert np.abs(read_image(content.tobytes()).astype(int) - expected).max() <= 3


def test_floats_are_stretched() -> None:
    assert to_eight_bits(np.array([[0.25, 0.5, 0.75]])).tolist() == [[0, 127, 255]]
    assert to_eight_bits(np.array([[-5, 5]])).tolist() == [[0, 255]]
    assert to_eight_bits(np.array([[np.nan, 1.0]])).tolist() == [[0, 255]]
