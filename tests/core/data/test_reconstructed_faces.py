from __future__ import annotations

import cv2
import numpy as np
import pytest

from laanet_core.data.reconstructed_faces import (
    FaceRedrawer,
    bundled_redrawer,
    reconstructed_blend,
    restoration,
    soft_box,
    softly_smoothed_face,
)
from laanet_core.data.sharpness_matching import inner_sharpness
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks

LANDMARKS = synthetic_landmarks((100, 95), 100)
IMAGE = synthetic_face(np.random.default_rng(1), LANDMARKS, 200)
DONOR_LANDMARKS = synthetic_landmarks((80, 90), 80)
DONOR = synthetic_face(np.random.default_rng(9), DONOR_LANDMARKS, 180)


@pytest.fixture(scope="module")
def redrawer() -> FaceRedrawer:
    return bundled_redrawer()


def test_a_blend_changes_the_face_inside_its_mask_only(redrawer: FaceRedrawer) -> None:
    for seed in range(8):
        donor = (DONOR, DONOR_LANDMARKS) if seed % 2 else None
        fake, again = (
            reconstructed_blend(IMAGE, LANDMARKS, np.random.default_rng(seed), redrawer, donor)
            for _ in range(2)
        )
        assert np.array_equal(fake.image, again.image)
        assert fake.mask.max() == pytest.approx(1)
        changed = np.abs(fake.image.astype(int) - IMAGE).max(axis=2)
        assert changed[fake.mask < 0.005].max(initial=0) <= 2
        assert changed[fake.mask > 0.5].mean() > 1
        # The seam lies inside the crop that the network sees.
        assert fake.mask[:4].max() < 0.5
        assert fake.mask[-4:].max() < 0.5


def test_redrawn_faces_are_mostly_smoother(redrawer: FaceRedrawer) -> None:
    before = inner_sharpness(IMAGE)
    images = [redrawer.redraw(IMAGE, LANDMARKS, np.random.default_rng(seed)).image for seed in range(12)]
    assert sum(inner_sharpness(image) < before for image in images) >= 9


def test_smoothed_reals_are_smooth_everywhere_and_have_no_seam(redrawer: FaceRedrawer) -> None:
    smoother = 0
    for seed in range(8):
        smoothed = redrawer.smoothed_crop(IMAGE, LANDMARKS, np.random.default_rng(seed))
        assert smoothed.shape == IMAGE.shape
        corner, corner_before = smoothed[:50, :50], IMAGE[:50, :50]
        smoother += cv2.Laplacian(corner, cv2.CV_32F).var() < cv2.Laplacian(corner_before, cv2.CV_32F).var()
    assert smoother >= 5
    black = np.zeros_like(IMAGE)
    white = np.full_like(IMAGE, 255)
    faded = softly_smoothed_face(black, LANDMARKS, np.random.default_rng(0), white)[..., 0].astype(int)
    assert faded.max() > 140
    # A seam would change by far more from one pixel to the next.
    assert max(np.abs(np.diff(faded, axis=axis)).max() for axis in (0, 1)) <= 8


def test_a_soft_box_is_a_feathered_square_inside_the_extent() -> None:
    extent = np.zeros((200, 200), np.float32)
    extent[40:160, 40:160] = 1
    for seed in range(5):
        box = soft_box(extent, np.random.default_rng(seed))
        assert box[100, 100] == pytest.approx(1, abs=0.02)
        assert box[:40].max() < 0.05
        assert ((box > 0.1) & (box < 0.9)).any()


def test_restoration_draws_nothing_or_filters() -> None:
    counts = {len(restoration(np.random.default_rng(seed))) for seed in range(40)}
    assert counts == {0, 1, 2}
