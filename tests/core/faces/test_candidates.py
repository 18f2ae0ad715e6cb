"""Geometry of candidates: overlaps, squares and corrections."""

from __future__ import annotations

import numpy as np
import pytest

from laanet_core.faces.candidates import (
    NO_CANDIDATES,
    Candidates,
    concatenate,
    correct_boxes,
    landmark_points,
    most_probable,
    non_overlapping,
    not_inside_others,
    square_boxes,
    squares_to_search,
)


def candidates(boxes: list[tuple[float, float, float, float]], probs: list[float]) -> Candidates:
    return Candidates(
        np.array(boxes, np.float32), np.array(probs, np.float32), np.zeros(len(probs), np.int64)
    )


def test_boxes_of_different_pictures_never_overlap_even_at_negative_coordinates() -> None:
    boxes = np.array([[0, 0, 10, 10], [-10, -10, 0, 0], [0, 0, 10, 9]], np.float32)
    candidates = Candidates(boxes, np.array([0.9, 0.8, 0.7], np.float32), np.array([0, 1, 0]))
    assert sorted(non_overlapping(candidates, 0.5)) == [0, 1]


def test_box_inside_a_more_probable_one_is_dropped() -> None:
    nested = candidates([(0, 0, 20, 20), (5, 5, 10, 10), (40, 0, 60, 20)], [0.9, 0.95, 0.8])
    assert not_inside_others(nested, 0.7) == [1, 2]


def test_most_probable_candidates_stay_in_order() -> None:
    kept = most_probable(candidates([(0, 0, 1, 1)] * 3, [0.7, 0.9, 0.8]), 2)
    assert kept.probs.tolist() == pytest.approx([0.9, 0.8])
    assert len(concatenate([kept, kept])) == 4
    assert len(NO_CANDIDATES) == 0


def test_squares_have_the_longer_side() -> None:
    assert square_boxes(np.array([[0, 0, 10, 30]], np.float32)).tolist() == [[-10, 0, 20, 30]]
    squares = squares_to_search(np.array([[0, 0, 10, 10]], np.float32))
    assert squares.shape == (11, 4)
    assert [0, 0, 10, 10] in squares.tolist()


def test_corrections_are_in_sides_of_the_box() -> None:
    boxes = np.array([[10, 10, 30, 50]], np.float32)
    corrected = correct_boxes(boxes, np.array([[0.1, 0, -0.1, 0.5]], np.float32), border=0)
    assert corrected.tolist() == pytest.approx(np.array([[12, 10, 28, 70]]))
    shares = np.array([[0, 1, 0.5, 0, 1, 0, 0, 0.5, 1, 1]], np.float32)
    points = landmark_points(np.array([[1, 1, 10, 10]], np.float32), shares)
    assert points[0].tolist() == [[0, 0], [10, 0], [5, 5], [0, 10], [10, 10]]
