from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.blending_boundary import blending_boundary
from laanet_core.data.self_blending import (
    elastic_warp,
    published_source_transforms,
    self_blend,
    soften_mask,
)
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.errors import InvalidDataset
from laanet_core.faces.landmarks import HULL_KINDS, HullKind, face_box, hull_mask

LANDMARKS = synthetic_landmarks((100, 95), 100)
IMAGE = synthetic_face(np.random.default_rng(1), LANDMARKS, 200)


def test_one_seed_gives_one_pseudo_fake() -> None:
    first, second = (self_blend(IMAGE, LANDMARKS, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.mask, second.mask)
    assert not np.array_equal(first.image, self_blend(IMAGE, LANDMARKS, np.random.default_rng(4)).image)


def test_every_self_blended_image_has_a_mask_with_a_boundary_on_the_face() -> None:
    x1, y1, x2, y2 = face_box(LANDMARKS)
    for seed in range(40):
        before = IMAGE.copy()
        pseudo_fake = self_blend(IMAGE, LANDMARKS, np.random.default_rng(seed))
        assert np.array_equal(IMAGE, before)
        assert pseudo_fake.image.shape == IMAGE.shape
        assert pseudo_fake.mask.shape == IMAGE.shape[:2]
        assert pseudo_fake.mask.min() >= 0
        assert 0.5 < pseudo_fake.mask.max() <= 1
        assert blending_boundary(pseudo_fake.mask).max() > 0.9
        rows, columns = np.nonzero(pseudo_fake.mask > 0.5)
        assert columns.min() > x1 - 15
        assert columns.max() < x2 + 15
        assert rows.min() > y1 - 15
        assert rows.max() < y2 + 15


def test_half_of_the_self_blended_images_keep_the_surroundings() -> None:
    untouched = 0
    for seed in range(40):
        pseudo_fake = self_blend(IMAGE, LANDMARKS, np.random.default_rng(seed))
        difference = np.abs(pseudo_fake.image.astype(int) - IMAGE)
        assert difference[pseudo_fake.mask > 0.3].mean() > 0.3
        untouched += int(difference[pseudo_fake.mask == 0].max() == 0)
    # Either source or target is transformed, with equal probability.
    assert 10 < untouched < 30


def test_masks_start_from_the_chosen_hulls() -> None:
    def covered(kind: HullKind) -> float:
        areas = [
            self_blend(IMAGE, LANDMARKS, np.random.default_rng(seed), hulls=[kind]).mask.sum()
            for seed in range(8)
        ]
        return float(np.mean(areas))

    assert covered("inner") < covered("face") < covered("components_forehead")


def test_landmarks_outside_the_image_are_refused() -> None:
    with pytest.raises(InvalidDataset, match="no blending mask"):
        self_blend(IMAGE, LANDMARKS + 1000, np.random.default_rng(0))


def test_softening_stays_inside_and_reaches_one() -> None:
    hard = hull_mask(LANDMARKS, (200, 200), "face")
    for seed in range(10):
        soft = soften_mask(hard, np.random.default_rng(seed))
        assert soft.shape == hard.shape
        assert soft.max() == pytest.approx(1, abs=0.02)
        assert ((soft > 0.02) & (soft < 0.98)).any()
        assert soft.sum() < 1.3 * hard.sum()


def test_elastic_warps_deform_a_little() -> None:
    hard = hull_mask(LANDMARKS, (200, 200), "face")
    warped = elastic_warp(hard, np.random.default_rng(0))
    assert 0.7 < warped.sum() / hard.sum() < 1.4
    assert not np.array_equal(warped, hard)


def test_hulls_lie_within_one_another() -> None:
    areas = {kind: hull_mask(LANDMARKS, (200, 200), kind).sum() for kind in HULL_KINDS}
    assert areas["inner"] < areas["face"]
    assert areas["components"] <= areas["face"] * 1.02
    assert areas["components_forehead"] > areas["components"]


def test_published_transforms_always_change_colour_and_detail() -> None:
    for seed in range(20):
        assert len(published_source_transforms(np.random.default_rng(seed))) in (3, 4)
