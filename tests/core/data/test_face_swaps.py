from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.face_swaps import SWAPS
from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.errors import InvalidDataset
from laanet_core.faces.landmarks import hull_mask

LANDMARKS = synthetic_landmarks((100, 95), 100)
IMAGE = synthetic_face(np.random.default_rng(1), LANDMARKS, 200)
DONOR_LANDMARKS = synthetic_landmarks((80, 90), 80)
DONOR = synthetic_face(np.random.default_rng(9), DONOR_LANDMARKS, 180)


@pytest.mark.parametrize("name", list(SWAPS))
def test_a_swap_changes_the_face_and_nothing_far_from_it(name: str) -> None:
    before = IMAGE.copy()
    fake = SWAPS[name](IMAGE, LANDMARKS, DONOR, DONOR_LANDMARKS)
    assert np.array_equal(IMAGE, before)
    assert fake.shape == IMAGE.shape
    assert fake.dtype == np.uint8
    difference = np.abs(fake.astype(int) - IMAGE).max(axis=2)
    inner = hull_mask(LANDMARKS, (200, 200), "inner") > 0
    assert np.median(difference[inner]) > 3
    outside = hull_mask(synthetic_landmarks((100, 80), 150), (200, 200), "face") == 0
    assert difference[outside].max() == 0


def test_the_donors_features_come_along() -> None:
    """A dot on the donor's nose lies on the target's afterwards."""
    marked = DONOR.copy()
    x, y = DONOR_LANDMARKS[30].astype(int)
    marked[y - 4 : y + 5, x - 4 : x + 5] = (0, 255, 0)
    for swap in SWAPS.values():
        plain, dotted = (
            swap(IMAGE, LANDMARKS, donor, DONOR_LANDMARKS).astype(int) for donor in (DONOR, marked)
        )
        rows, columns = np.nonzero((dotted - plain)[..., 1] - (dotted - plain)[..., 0] > 40)
        assert abs(columns.mean() - LANDMARKS[30, 0]) < 3
        assert abs(rows.mean() - LANDMARKS[30, 1]) < 3


def test_faces_outside_the_picture_are_refused() -> None:
    with pytest.raises(InvalidDataset, match="no face inside"):
        SWAPS["warped"](IMAGE, LANDMARKS + 1000, DONOR, DONOR_LANDMARKS)
