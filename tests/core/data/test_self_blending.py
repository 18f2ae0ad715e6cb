from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.augmentation_policies import POLICIES, PolicyName
from laanet_core.data.blended_images import match_colours, piecewise_warp
from laanet_core.data.blending_boundary import blending_boundary
from laanet_core.data.self_blending import elastic_warp, published_source_changes, self_blend, soften
from laanet_core.errors import InvalidDataset
from laanet_core.faces.landmarks import HULL_KINDS, HullKind, face_box, hull_mask
from tests.core.conftest import drawn_landmarks, painted_face

LANDMARKS = drawn_landmarks((100, 95), 100)
IMAGE = painted_face(np.random.default_rng(1), LANDMARKS, 200)


def test_one_seed_gives_one_pseudo_fake() -> None:
    first, second = (self_blend(IMAGE, LANDMARKS, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.fake, second.fake)
    assert np.array_equal(first.mask, second.mask)
    assert not np.array_equal(first.fake, self_blend(IMAGE, LANDMARKS, np.random.default_rng(4)).fake)


def test_every_self_blend_has_a_mask_with_a_boundary_on_the_face() -> None:
    x1, y1, x2, y2 = face_box(LANDMARKS)
    for seed in range(40):
        before = IMAGE.copy()
        blend = self_blend(IMAGE, LANDMARKS, np.random.default_rng(seed))
        assert np.array_equal(IMAGE, before)
        assert blend.fake.shape == IMAGE.shape
        assert blend.mask.shape == IMAGE.shape[:2]
        assert blend.mask.min() >= 0
        assert 0.5 < blend.mask.max() <= 1
        assert blending_boundary(blend.mask).max() > 0.9
        rows, columns = np.nonzero(blend.mask > 0.5)
        assert columns.min() > x1 - 15
        assert columns.max() < x2 + 15
        assert rows.min() > y1 - 15
        assert rows.max() < y2 + 15


def test_half_of_the_blends_leave_the_surroundings_alone() -> None:
    untouched = 0
    for seed in range(40):
        blend = self_blend(IMAGE, LANDMARKS, np.random.default_rng(seed))
        difference = np.abs(blend.fake.astype(int) - IMAGE)
        assert difference[blend.mask > 0.3].mean() > 0.3
        untouched += int(difference[blend.mask == 0].max() == 0)
    assert 10 < untouched < 30  # source or target is changed, with even odds


@pytest.mark.parametrize("policy", list(POLICIES))
def test_foreign_blends_bring_another_face_and_keep_the_surroundings(policy: PolicyName) -> None:
    donor_landmarks = drawn_landmarks((80, 90), 80)
    donor = painted_face(np.random.default_rng(9), donor_landmarks, 180)
    for seed in range(10):
        blend = POLICIES[policy].foreign_blend(
            IMAGE, LANDMARKS, donor, donor_landmarks, np.random.default_rng(seed)
        )
        again = POLICIES[policy].foreign_blend(
            IMAGE, LANDMARKS, donor, donor_landmarks, np.random.default_rng(seed)
        )
        assert np.array_equal(blend.fake, again.fake)
        changed = np.abs(blend.fake.astype(int) - IMAGE).max(axis=2)
        assert changed[blend.mask == 0].max() == 0
        assert changed[blend.mask > 0.5].mean() > 1


def test_masks_start_from_the_hulls_asked_for() -> None:
    def covered(kind: HullKind) -> float:
        return float(
            np.mean(
                [
                    self_blend(IMAGE, LANDMARKS, np.random.default_rng(seed), hulls=[kind]).mask.sum()
                    for seed in range(8)
                ]
            )
        )

    assert covered("inner") < covered("face") < covered("components_forehead")


def test_landmarks_outside_the_image_are_refused() -> None:
    with pytest.raises(InvalidDataset, match="no blending mask"):
        self_blend(IMAGE, LANDMARKS + 1000, np.random.default_rng(0))


def test_the_boundary_by_hand() -> None:
    mask = np.array([[0, 0.5, 1, 0.25]], np.float32)
    assert blending_boundary(mask).tolist() == [[0, 1, 0, 0.75]]


def test_softening_stays_inside_and_reaches_one() -> None:
    hard = hull_mask(LANDMARKS, (200, 200), "face")
    for seed in range(10):
        soft = soften(hard, np.random.default_rng(seed))
        assert soft.shape == hard.shape
        assert soft.max() == pytest.approx(1, abs=0.02)
        assert ((soft > 0.02) & (soft < 0.98)).any()
        assert soft.sum() < 1.3 * hard.sum()


def test_elastic_warps_wobble_without_tearing() -> None:
    hard = hull_mask(LANDMARKS, (200, 200), "face")
    warped = elastic_warp(hard, np.random.default_rng(0))
    assert 0.7 < warped.sum() / hard.sum() < 1.4
    assert not np.array_equal(warped, hard)


def test_colours_are_brought_near_the_targets() -> None:
    rng = np.random.default_rng(0)
    source, target = (
        np.clip(rng.normal(mean, 20, (40, 40, 3)), 0, 255).astype(np.uint8) for mean in (80, 150)
    )
    mask = np.ones((40, 40), np.float32)
    assert abs(match_colours(source, target, mask, spread=True).mean() - target.mean()) < 2
    assert np.array_equal(match_colours(source, target, np.zeros((40, 40), np.float32), spread=True), source)
    only_mean = match_colours(source, target, mask, spread=False)
    assert only_mean.std() == pytest.approx(source.std(), rel=0.05)
    assert abs(only_mean.mean() - target.mean()) < 2


def test_hulls_lie_within_one_another() -> None:
    areas = {kind: hull_mask(LANDMARKS, (200, 200), kind).sum() for kind in HULL_KINDS}
    assert areas["inner"] < areas["face"]
    assert areas["components"] <= areas["face"] * 1.02
    assert areas["components_forehead"] > areas["components"]


def test_the_piecewise_warp_moves_the_mask_a_little() -> None:
    hard = hull_mask(LANDMARKS, (200, 200), "face")
    for seed in range(5):
        warped = piecewise_warp(hard, np.random.default_rng(seed))
        assert 0.8 < warped.sum() / hard.sum() < 1.25
        assert not np.array_equal(warped, hard)


def test_the_published_transform_always_changes_colour_and_detail() -> None:
    for seed in range(20):
        assert len(published_source_changes(np.random.default_rng(seed))) in (3, 4)
