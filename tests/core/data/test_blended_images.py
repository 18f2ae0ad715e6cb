from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.augmentation_policies import POLICIES, PolicyName
from laanet_core.data.blended_images import match_colours, piecewise_warp
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.faces.landmarks import hull_mask

LANDMARKS = synthetic_landmarks((100, 95), 100)
IMAGE = synthetic_face(np.random.default_rng(1), LANDMARKS, 200)


@pytest.mark.parametrize("policy", list(POLICIES))
def test_blended_images_show_another_face_and_keep_the_surroundings(policy: PolicyName) -> None:
    donor_landmarks = synthetic_landmarks((80, 90), 80)
    donor = synthetic_face(np.random.default_rng(9), donor_landmarks, 180)
    for seed in range(10):
        pseudo_fake = POLICIES[policy].blend_donor(
            IMAGE, LANDMARKS, donor, donor_landmarks, np.random.default_rng(seed)
        )
        again = POLICIES[policy].blend_donor(
            IMAGE, LANDMARKS, donor, donor_landmarks, np.random.default_rng(seed)
        )
        assert np.array_equal(pseudo_fake.image, again.image)
        changed = np.abs(pseudo_fake.image.astype(int) - IMAGE).max(axis=2)
        assert changed[pseudo_fake.mask == 0].max() == 0
        assert changed[pseudo_fake.mask > 0.5].mean() > 1


def test_matched_colours_are_near_the_targets() -> None:
    rng = np.random.default_rng(0)
    source, target = (
        np.clip(rng.normal(mean, 20, (40, 40, 3)), 0, 255).astype(np.uint8) for mean in (80, 150)
    )
    mask = np.ones((40, 40), np.float32)
    assert abs(match_colours(source, target, mask, match_spread=True).mean() - target.mean()) < 2
    assert np.array_equal(
        match_colours(source, target, np.zeros((40, 40), np.float32), match_spread=True), source
    )
    only_mean = match_colours(source, target, mask, match_spread=False)
    assert only_mean.std() == pytest.approx(source.std(), rel=0.05)
    assert abs(only_mean.mean() - target.mean()) < 2


def test_the_piecewise_warp_deforms_a_little() -> None:
    hard = hull_mask(LANDMARKS, (200, 200), "face")
    for seed in range(5):
        warped = piecewise_warp(hard, np.random.default_rng(seed))
        assert 0.8 < warped.sum() / hard.sum() < 1.25
        assert not np.array_equal(warped, hard)
