from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.augmentation_policies import hardened_source_transforms
from laanet_core.data.partial_edits import part_mask, partial_edit, poisson_blend
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.errors import InvalidDataset

LANDMARKS = synthetic_landmarks((100, 95), 100)
IMAGE = synthetic_face(np.random.default_rng(1), LANDMARKS, 200)
DONOR_LANDMARKS = synthetic_landmarks((80, 90), 80)
DONOR = synthetic_face(np.random.default_rng(9), DONOR_LANDMARKS, 180)


@pytest.mark.parametrize("donor", [None, (DONOR, DONOR_LANDMARKS)])
def test_an_edit_changes_a_part_of_the_face(donor: tuple[np.ndarray, np.ndarray] | None) -> None:
    for seed in range(10):
        fake, again = (
            partial_edit(IMAGE, LANDMARKS, np.random.default_rng(seed), hardened_source_transforms, donor)
            for _ in range(2)
        )
        assert np.array_equal(fake.image, again.image)
        changed = np.abs(fake.image.astype(int) - IMAGE).max(axis=2)
        assert changed[fake.mask > 0.5].mean() > 0.5
        # OpenCV's Poisson blending solves for the mask's bounding box and changes its corners slightly.
        outside = changed[fake.mask == 0]
        assert (outside > 2).mean() < 0.1
        assert outside.mean() < 0.1 * changed[fake.mask > 0.5].mean()
        assert (fake.mask > 0.5).mean() < 0.35


def test_masks_lie_on_the_parts() -> None:
    masks = [part_mask(IMAGE, LANDMARKS, np.random.default_rng(seed)) for seed in range(30)]
    assert all(mask.max() == pytest.approx(1) for mask in masks)
    covered = np.max(masks, axis=0) > 0.5
    for group in (slice(36, 42), slice(42, 48), slice(31, 36), slice(48, 60)):
        x, y = LANDMARKS[group].mean(axis=0).astype(int)
        assert covered[y, x]
    assert not covered[-20:].any()
    with pytest.raises(InvalidDataset, match="inside the image"):
        part_mask(IMAGE, LANDMARKS + 5000, np.random.default_rng(0))


def test_poisson_blending_takes_the_targets_colour() -> None:
    mask = np.zeros((200, 200), np.float32)
    mask[70:130, 70:130] = 1
    target = np.full((200, 200, 3), 60, np.uint8)
    source = np.full((200, 200, 3), 200, np.uint8)
    assert np.abs(poisson_blend(source, target, mask).astype(int) - 60).max() <= 3
    # A region at the edge cannot be cloned and is pasted.
    mask[:] = 0
    mask[:40, :40] = 1
    assert poisson_blend(source, target, mask)[10, 10, 0] == 200
