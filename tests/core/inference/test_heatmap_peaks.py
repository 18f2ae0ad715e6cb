from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.inference.detector import Detector
from laanet_core.inference.heatmap_peaks import POINT_HEAT, vulnerable_points
from laanet_core.inference.overlay import FAINT_HEAT
from laanet_core.media.images import read_image
from laanet_core.results import Heatmap
from laanet_core.types import Box
from tests.conftest import ROOT

SELF_BLENDED = ROOT / "webapp" / "examples" / "astronaut-self-blended.jpg"


def bumps(*places: tuple[int, int, float], box: Box = (0, 0, 56, 56)) -> Heatmap:
    """Gaussians of sigma 2 cells at (row, column) with their heights, merged by maximum."""
    rows, columns = np.mgrid[:56, :56]
    values = np.zeros((56, 56), np.float32)
    for row, column, height in places:
        values = np.maximum(values, height * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 8))
    return Heatmap(values.astype(np.float32), box)


def test_peaks_are_sorted_by_strength_in_pixels_of_the_picture() -> None:
    points = vulnerable_points(bumps((10, 20, 0.3), (40, 5, 0.8), (30, 50, 0.05), box=(100, 200, 212, 312)))
    assert [(point.x, point.y) for point in points] == [(100 + 11, 200 + 81), (100 + 41, 200 + 21)]
    assert [point.strength for point in points] == pytest.approx([0.8, 0.3])


def test_strongest_of_close_peaks_remains() -> None:
    heatmap = bumps((10, 20, 0.3))
    heatmap[10, 22] = 0.4
    assert [tuple(point)[:2] for point in vulnerable_points(heatmap)] == [(22.5, 10.5)]
    plateau = Heatmap(np.full((56, 56), 0.5, np.float32), (0, 0, 56, 56))
    points = np.array(vulnerable_points(plateau, limit=10_000))
    assert 150 < len(points) < 296  # the densest packing of circles 3.5 cells wide
    gaps = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=2)
    assert gaps[gaps > 0].min() >= 56 / 16


def test_limits_and_thresholds() -> None:
    heatmap = bumps((10, 10, 0.9), (10, 30, 0.8), (30, 10, 0.7))
    assert [point.strength for point in vulnerable_points(heatmap, limit=2)] == pytest.approx([0.9, 0.8])
    assert vulnerable_points(heatmap, limit=0) == []
    assert len(vulnerable_points(heatmap, threshold=0.75)) == 2
    with pytest.raises(ValueError, match="limit"):
        vulnerable_points(heatmap, limit=-1)


def test_points_outside_the_picture_are_omitted() -> None:
    heatmap = bumps((2, 2, 0.9), (30, 30, 0.5), (50, 30, 0.6), box=(-10, -10, 46, 46))
    assert [point.strength for point in vulnerable_points(heatmap, size=(40, 40))] == pytest.approx([0.5])
    assert len(vulnerable_points(heatmap)) == 3


def test_only_the_self_blended_face_has_points(detector: Detector, samples: Path) -> None:
    assert POINT_HEAT > FAINT_HEAT
    for rgb in (read_image(samples / "astronaut.png"), read_image(samples / "official_portrait_2012.jpg")):
        for face in detector.analyse_image(rgb).faces:
            assert face.heatmap is not None
            assert vulnerable_points(face.heatmap) == []
    (face,) = detector.analyse_image(read_image(SELF_BLENDED)).faces
    assert face.heatmap is not None
    points = vulnerable_points(face.heatmap, size=(512, 512))
    assert points
    assert points[0].strength == face.heatmap.values.max()
    # drawn where the overlay, which enlarges the map its own way, is hottest
    x1, y1, x2, y2 = (round(value) for value in face.heatmap.box)
    large = cv2.resize(face.heatmap.values, (x2 - x1, y2 - y1), interpolation=cv2.INTER_CUBIC)
    assert large[round(points[0].y) - y1, round(points[0].x) - x1] > 0.9 * large.max()
