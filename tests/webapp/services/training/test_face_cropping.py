from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from laanet_core.faces.crops import enlarge_to_square
from laanet_core.types import Box, Landmarks
from webapp.media.masks import Mask
from webapp.services.training.face_cropping import FindSquare, crop_face

PICTURE = np.random.default_rng(0).integers(0, 255, (100, 80, 3), dtype=np.uint8)
LANDMARKS = np.zeros((68, 2), np.float32)


def square_around(box: Box) -> FindSquare:
    return lambda enlargement: enlarge_to_square(box, enlargement)


def full_mask(side: int = 10) -> Mask:
    content = io.BytesIO()
    Image.fromarray(np.full((side, side), 255, np.uint8)).save(content, "PNG")
    return Mask(content.getvalue(), side, side)


def test_a_crop_with_landmarks_has_a_margin_and_ends_at_the_picture() -> None:
    crop = crop_face(PICTURE, square_around((30, 40, 50, 60)), 0, [], lambda _: LANDMARKS)
    assert crop.landmarks is LANDMARKS
    assert crop.region is None
    assert crop.image.shape[0] > 25
    corner = crop_face(PICTURE, square_around((0, 0, 20, 20)), 0, [], lambda _: LANDMARKS)
    size = corner.image.shape[0]
    np.testing.assert_array_equal(corner.image, PICTURE[:size, : corner.image.shape[1]])


def test_a_crop_without_landmarks_is_the_scored_square_with_repeated_edges() -> None:
    crop = crop_face(PICTURE, square_around((0, 0, 20, 20)), 0, [], lambda _: None)
    assert crop.landmarks is None
    # The box of 20 pixels enlarged by a quarter, 2 of them outside the picture
    assert crop.image.shape == (25, 25, 3)
    np.testing.assert_array_equal(crop.image[0], crop.image[1])


def test_masks_are_cropped_with_the_face() -> None:
    crop = crop_face(PICTURE, square_around((30, 40, 50, 60)), 0, [full_mask()], lambda _: None)
    assert crop.region is not None
    assert crop.region.shape == crop.image.shape[:2]
    assert (crop.region > 0).all()


@pytest.mark.parametrize("landmarks", [None, LANDMARKS])
def test_a_tilted_face_and_its_mask_are_turned_alike(landmarks: Landmarks | None) -> None:
    painted = np.zeros((100, 80), np.uint8)
    painted[45:55, 30:50] = 255
    content = io.BytesIO()
    Image.fromarray(painted).save(content, "PNG")
    mask = Mask(content.getvalue(), 80, 100)
    picture = np.repeat(painted[..., None], 3, axis=2)
    # A quarter turn about the centre of the bar makes it upright.
    crop = crop_face(picture, square_around((28, 38, 52, 62)), 90, [mask], lambda _: landmarks)
    assert crop.landmarks is landmarks
    assert crop.region is not None
    assert crop.region.shape == crop.image.shape[:2]
    assert np.array_equal(crop.region > 127, crop.image[..., 0] > 127)
    rows, columns = np.nonzero(crop.region)
    assert np.ptp(rows) == 19
    assert np.ptp(columns) == 9
