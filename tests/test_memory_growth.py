"""Tests of the slope by which the proofs judge a server's memory."""

from __future__ import annotations

import numpy as np
import pytest

from tests.memory_growth import growth_per_file

# Points of the second half of ten thousand files, and kB per file that are too many.
_FILES = list(range(5000, 10_001, 100))
_LIMIT = 10.0


def _megabytes(leak: float, *, seed: int, noise: float = 5.0) -> list[float]:
    """Return noisy memory in MB that grows by `leak` kB per file, with one point that is far too low."""
    rng = np.random.default_rng(seed)
    megabytes = 800 + leak / 1000 * np.asarray(_FILES) + rng.normal(0, noise, len(_FILES))
    megabytes[0] -= 300
    return [float(value) for value in megabytes]


@pytest.mark.parametrize("seed", range(20))
def test_a_low_point_is_no_growth(seed: int) -> None:
    growth = growth_per_file(_FILES, _megabytes(0, seed=seed))
    assert growth.low < growth.estimate < growth.high < _LIMIT / 2


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_of_ten_kilobytes_per_file_is_found(seed: int) -> None:
    growth = growth_per_file(_FILES, _megabytes(10.24, seed=seed))
    assert growth.estimate == pytest.approx(10.24, abs=3)
    assert growth.high > _LIMIT


def test_noise_that_hides_a_leak_passes_for_none() -> None:
    assert growth_per_file(_FILES, _megabytes(0, seed=1, noise=150)).high > _LIMIT


def test_two_points_have_no_interval() -> None:
    with pytest.raises(ValueError, match="three points"):
        growth_per_file([1, 2], [1.0, 2.0])
