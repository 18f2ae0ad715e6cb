"""Recompression as JPEG."""

from __future__ import annotations

import numpy as np

from laanet_core.media.recompression import recompressed


def test_lower_quality_changes_a_picture_more_and_keeps_its_colours() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    errors = [np.abs(recompressed(rgb, quality).astype(int) - rgb).mean() for quality in (95, 50, 10)]
    assert errors == sorted(errors)
    red = np.full((16, 16, 3), (200, 10, 10), np.uint8)
    assert np.abs(recompressed(red, 90).astype(int) - red).max() <= 3
