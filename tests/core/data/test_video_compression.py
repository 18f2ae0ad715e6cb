from __future__ import annotations

import cv2
import numpy as np
import pytest

from laanet_core.data.synthetic_faces import synthetic_face, synthetic_landmarks
from laanet_core.data.video_compression import CODECS, last_decoded_frame, video_compression

IMAGE = synthetic_face(np.random.default_rng(1), synthetic_landmarks((60, 58), 60), 120)


@pytest.mark.parametrize("name", list(CODECS))
def test_a_higher_rate_factor_loses_more(name: str) -> None:
    frames = [np.roll(IMAGE, shift, axis=1) for shift in (2, 1, 0)]
    best, worst = (
        np.abs(last_decoded_frame(frames, CODECS[name], factor).astype(int) - IMAGE).mean()
        for factor in CODECS[name].rate_factors
    )
    assert 0 < best < worst < 30


def test_a_seed_determines_the_compression() -> None:
    for seed in range(6):
        first, second = (video_compression(np.random.default_rng(seed))(IMAGE) for _ in range(2))
        assert np.array_equal(first, second)
        assert first.shape == IMAGE.shape
        # The content stays in place.
        small, small_before = (
            cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA) for image in (first, IMAGE)
        )
        assert np.abs(small.astype(int) - small_before).mean() < 12


def test_crops_of_odd_sides_are_compressed() -> None:
    assert video_compression(np.random.default_rng(3))(IMAGE[:119, :117]).shape == (119, 117, 3)
