from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.augmentation_policies import (
    POLICIES,
    PolicyName,
    hardened_source_transforms,
)
from laanet_core.data.context_crops import ContextCrop, full_box
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks

LANDMARKS = synthetic_landmarks((100, 95), 100)
IMAGE = synthetic_face(np.random.default_rng(1), LANDMARKS, 200)
CROP = ContextCrop(IMAGE, LANDMARKS, full_box(IMAGE))


@pytest.mark.parametrize("name", list(POLICIES))
def test_framing_is_a_square_around_the_face_and_follows_the_seed(name: PolicyName) -> None:
    framing = POLICIES[name].framing
    for seed in range(20):
        result = framing(CROP, np.random.default_rng(seed))
        x1, y1, x2, y2 = result.square
        assert x2 - x1 == pytest.approx(y2 - y1)
        assert x1 < LANDMARKS[30, 0] < x2
        assert y1 < LANDMARKS[30, 1] < y2
        assert result == framing(CROP, np.random.default_rng(seed))


def test_only_the_published_policy_erases_patches() -> None:
    erased = {
        name: sum(policy.framing(CROP, np.random.default_rng(seed)).erased is not None for seed in range(60))
        for name, policy in POLICIES.items()
    }
    assert 10 < erased["published"] < 30
    assert erased["hardened"] == 0


def test_hardened_sources_always_change() -> None:
    for seed in range(20):
        assert len(hardened_source_transforms(np.random.default_rng(seed))) >= 2
