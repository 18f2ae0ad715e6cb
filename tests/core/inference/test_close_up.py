"""Tests of faces in close-up."""

from __future__ import annotations

import dataclasses

import numpy as np

from laanet_core.inference.close_up import close_up
from laanet_core.inference.overlay import heat_layer
from laanet_core.results import FaceResult, Heatmap

GREY = np.full((80, 100, 3), 120, np.uint8)
HEATMAP = Heatmap(np.zeros((8, 8), np.float32), (5, 0, 69, 64))
HEATMAP.values[4, 3] = 0.4
FACE = FaceResult((12, 8, 62, 56), 0.99, 1.0, 0.8, "fake", heatmap=HEATMAP)


def test_the_square_is_enlarged_around_the_face() -> None:
    shown = close_up(GREY, FACE, 64)
    assert shown.square == (37 - 31.25, 32 - 31.25, 37 + 31.25, 32 + 31.25)
    assert shown.crop.shape == (64, 64, 3)
    assert (shown.crop == 120).all()


def test_heat_is_at_its_place_and_on_the_scale_of_the_picture() -> None:
    shown = close_up(GREY, FACE, 64)
    assert shown.heat is not None
    rows, columns = np.indices((64, 64)) + 0.5
    alpha = shown.heat[..., 3].astype(float)
    side = shown.square[2] - shown.square[0]
    x = shown.square[0] + (alpha * columns).sum() / alpha.sum() * side / 64
    y = shown.square[1] + (alpha * rows).sum() / alpha.sum() * side / 64
    # The middle of the hot cell, 8 pixels wide
    assert abs(x - (5 + 3.5 * 8)) < 1.5
    assert abs(y - 4.5 * 8) < 1.5
    whole = heat_layer(GREY.shape, [FACE])
    assert abs(int(whole[..., 3].max()) - int(shown.heat[..., 3].max())) <= 2
    warm = shown.with_heat(0.75)
    assert (warm != shown.crop).any()
    assert (warm[:8] == shown.crop[:8]).all()


def test_a_face_without_a_heatmap_has_none() -> None:
    shown = close_up(GREY, dataclasses.replace(FACE, heatmap=None), 64)
    assert shown.heat is None
    assert shown.with_heat(1.0) is shown.crop
