from __future__ import annotations

import io

import numpy as np
from PIL import Image

from webapp.media.masks import Mask
from webapp.services.training.face_cropping import crop_face

PICTURE = np.random.default_rng(0).integers(0, 255, (100, 80, 3), dtype=np.uint8)
LANDMARKS = np.zeros((68, 2), np.float32)


def full_mask(side: int = 10) -> Mask:
    content = io.BytesIO()
    Image.fromarray(np.full((side, side), 255, np.uint8)).save(content, "PNG")
    return Mask(content.getvalue(), side, side)


def test_a_crop_with_landmarks_has_a_margin_and_ends_at_the_picture() -> None:
    crop = crop_face(PICTURE, (30, 40, 50, 60), [], lambda _: LANDMARKS)
    assert crop.landmarks is LANDMARKS
    assert crop.region is None
    assert crop.image.shape[0] > 25
    corner = crop_face(PICTURE, (0, 0, 20, 20), [], lambda _: LANDMARKS)
    size = corner.image.shape[0]
    np.testing.assert_array_equal(corner.image, PICTURE[:size, : corner.image.shape[1]])


def test_a_crop_without_landmarks_is_the_scored_square_with_repeated_edges() -> None:
    crop = crop_face(PICTURE, (0, 0, 20, 20), [], lambda _: None)
    assert crop.landmarks is None
    # The box of 20 pixels enlarged by a quarter, 2 of them outside the picture
    assert crop.image.shape == (25, 25, 3)
    np.testing.assert_array_equal(crop.image[0], crop.image[1])


def test_masks_are_cropped_with_the_face() -> None:
    crop = crop_face(PICTURE, (30, 40, 50, 60), [full_mask()], lambda _: None)
    assert crop.region is not None
    assert crop.region.shape == crop.image.shape[:2]
    assert (crop.region > 0).all()
