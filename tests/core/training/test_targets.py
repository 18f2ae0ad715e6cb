from __future__ import annotations

import numpy as np
import pytest

from laanet_core.data.blending_boundary import resample_boundary
from laanet_core.training.targets import (
    consistency_target,
    gaussian_radius,
    heatmap_target,
    make_target,
    vulnerable_points,
)


def test_each_quadrant_has_its_strongest_cells() -> None:
    boundary = np.zeros((8, 8), np.float32)
    boundary[1, 2] = 1
    boundary[6, 6] = boundary[7, 5] = 0.8
    # Too faint for a vulnerable point.
    boundary[0, 7] = 0.1
    assert vulnerable_points(boundary).tolist() == [[1, 2], [6, 6], [7, 5]]


def test_without_a_boundary_there_are_no_points_and_all_is_consistent() -> None:
    target = make_target(np.zeros((8, 8), np.float32), np.random.default_rng(0))
    assert not target.heatmap.any()
    assert (target.consistency == 1).all()
    released = make_target(np.zeros((8, 8), np.float32), np.random.default_rng(0), real_consistency=0)
    assert not released.consistency.any()


def brute_radius(height: float, width: float, overlap: float = 0.7) -> float:
    """Return the largest r at which CornerNet's three box pairs overlap by `overlap`; exhaustive."""
    best = 0.0
    for r in np.arange(0, min(height, width) / 2, 0.001):
        area = height * width
        shifted = (height - r) * (width - r)
        inside = (height - 2 * r) * (width - 2 * r)
        outside = (height + 2 * r) * (width + 2 * r)
        if (
            shifted / (2 * area - shifted) >= overlap
            and inside / area >= overlap
            and area / outside >= overlap
        ):
            best = float(r)
    return best


@pytest.mark.parametrize("size", [(4.0, 4.0), (3.0, 9.0), (12.0, 5.0)])
def test_radius_keeps_the_overlap(size: tuple[float, float]) -> None:
    assert gaussian_radius(*size) == pytest.approx(brute_radius(*size), abs=2e-3)


def test_the_gaussian_is_as_wide_as_the_boundary() -> None:
    thin, broad = np.zeros((2, 96, 96), np.float32)
    thin[24, 4:44] = broad[4:45, 4:45] = 0.9
    for boundary in (thin, broad):
        boundary[24, 24] = 1
        assert heatmap_target(boundary)[24, 24] == heatmap_target(boundary).max() == 1
    assert (heatmap_target(broad) > 0.1).sum() > (heatmap_target(thin) > 0.1).sum() == 1
    sigma = gaussian_radius(41, 41) / 3 + 1e-4
    assert heatmap_target(broad)[24, 25] == pytest.approx(np.exp(-1 / (2 * sigma**2)), rel=1e-5)
    assert heatmap_target(broad)[24, 24 + int(3 * sigma) + 1] == 0


def test_all_points_together_equal_each_point_alone() -> None:
    rng = np.random.default_rng(3)
    # Rounded, so that many cells share a quadrant's maximum.
    boundary = np.round(rng.random((24, 24)), 1).astype(np.float32)
    boundary[:, 10:12] = 1
    points = vulnerable_points(boundary)
    assert len(points) > 40
    expected = np.zeros_like(boundary)
    for row, column in points:
        height, width = (
            _run(line, place)
            for line, place in ((boundary[:, column] > 0.5, row), (boundary[row] > 0.5, column))
        )
        sigma = float(gaussian_radius(height, width)) / 3 + 1e-4
        for y in range(24):
            for x in range(24):
                if max(abs(y - row), abs(x - column)) <= int(3 * sigma):
                    expected[y, x] = max(
                        expected[y, x], np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * sigma**2))
                    )
    assert np.allclose(heatmap_target(boundary), expected, atol=1e-6)


def _run(line: np.ndarray, place: int) -> int:
    first = last = place
    while first > 0 and line[first - 1]:
        first -= 1
    while last < len(line) - 1 and line[last + 1]:
        last += 1
    return last - first + 1


def test_consistency_is_similarity_to_the_anchor() -> None:
    boundary = np.array([[1.0, 0.25], [0.0, 0.5]], np.float32)
    assert consistency_target(boundary, (0, 0)).tolist() == [[1, 0.25], [0, 0.5]]
    target = make_target(boundary, np.random.default_rng(0))
    assert target.anchor == (0, 0)


def test_resampling_keeps_the_mean() -> None:
    boundary = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    small = resample_boundary(boundary, 16)
    assert small.shape == (16, 16)
    assert small.mean() == pytest.approx(boundary.mean(), abs=1e-4)
