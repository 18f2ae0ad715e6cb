"""Continuity of thumbnails of the samples."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.media.continuity import SIDE, Thumbnail, changed_cells, is_continuous, is_same_view
from laanet_core.media.images import read_image
from tests.core.clips import Pixels, forged_astronaut

NAMES = ("astronaut.png", "official_portrait_2012.jpg", "state_of_the_union_speech.jpg", "two_people.jpg")


def moved(picture: Pixels, zoom: float = 1.0, right: float = 0.0) -> Thumbnail:
    """Return the thumbnail of a picture after a zoom and a movement by a share of its width."""
    height, width = picture.shape[:2]
    shift = ((0.5 + right) * width - zoom * width / 2, (1 - zoom) * height / 2)
    matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]], np.float32)
    warped = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    grey = cv2.cvtColor(warped, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


@pytest.fixture(scope="module")
def pictures(samples: Path) -> list[Pixels]:
    return [np.asarray(cv2.resize(read_image(samples / name), (512, 512)), np.uint8) for name in NAMES]


def test_other_pictures_do_not_continue(pictures: list[Pixels]) -> None:
    for one, other in itertools.permutations(pictures, 2):
        assert not is_continuous(moved(one), moved(other))
        assert not is_same_view(moved(one), moved(other))
        assert not is_continuous(moved(one), moved(np.full_like(one, 3)))


@pytest.mark.parametrize(("zoom", "right"), [(1.0, 0.0), (1.05, 0.02), (1.15, 0.0), (1.0, 0.06)])
def test_movement_and_light_continue(pictures: list[Pixels], zoom: float, right: float) -> None:
    for picture in pictures:
        assert is_continuous(moved(picture), moved(picture, zoom, right))
        assert is_continuous(moved(picture), 0.5 * moved(picture, zoom, right))


@pytest.mark.parametrize("crop", [512, 256, 140])
def test_a_face_that_is_replaced_in_place_continues(samples: Path, crop: int) -> None:
    """The face fills a quarter to nearly all of the picture."""
    middle_x, middle_y = 225, 120
    top, left = max(middle_y - crop // 2, 0), max(middle_x - crop // 2, 0)
    window = np.s_[top : top + crop, left : left + crop]
    real, fake = read_image(samples / "astronaut.png")[window], forged_astronaut(samples)[window]
    assert is_continuous(moved(real), moved(fake, 1.02))
    darker = real.copy()
    darker[crop // 4 : 3 * crop // 4, crop // 4 : 3 * crop // 4] //= 2
    assert changed_cells(moved(real), moved(darker)).mean() > 0.12
    assert is_continuous(moved(real), moved(darker))


def test_a_view_stays_the_same_if_a_large_part_changes(pictures: list[Pixels]) -> None:
    entered = pictures[0].copy()
    entered[150:, 260:] = pictures[1][150:, 260:]
    assert is_same_view(moved(pictures[0]), moved(entered))
    assert not is_continuous(moved(pictures[0]), moved(entered))
