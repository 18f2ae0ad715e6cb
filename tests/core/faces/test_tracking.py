from __future__ import annotations

import pytest

from laanet_core.faces.tracking import iou, link
from laanet_core.types import Box


def box(x: float, y: float = 0, side: float = 10) -> Box:
    return (x, y, x + side, y + side)


def test_overlap_by_hand() -> None:
    assert iou(box(0), box(0)) == 1
    assert iou(box(0), box(5)) == pytest.approx(50 / 150)
    assert iou(box(0), box(10)) == 0


def test_two_people_keep_their_numbers() -> None:
    frames = [[box(0), box(100)], [box(101), box(2)], [box(4)], [box(6), box(103)]]
    assert link(frames) == [[0, 1], [1, 0], [0], [0, 1]]


def test_new_and_long_lost_faces_get_new_numbers() -> None:
    frames: list[list[Box]] = [[box(0)], [box(1), box(50)], *([[box(2)]] * 5), [box(2), box(50)]]
    numbers = link(frames)
    assert numbers[1] == [0, 1]
    assert numbers[-1] == [0, 2]


def test_a_cut_ends_every_track() -> None:
    frames = [[box(0), box(50)], [box(0)], [box(0)], [box(0), box(50)]]
    assert link(frames, [0, 0, 1, 1]) == [[0, 1], [0], [2], [2, 3]]
    assert link(frames, [0, 1, 2, 2]) == [[0, 1], [2], [3], [3, 4]]
    assert link(frames, [7, 7, 7, 7]) == link(frames)


def test_fast_face_is_tracked_while_its_size_is_constant() -> None:
    assert link([[box(0)], [box(6, 3)], [box(12, 6)]]) == [[0], [0], [0]]
    assert link([[box(0)], [box(6, 3, 30)]]) == [[0], [1]]
    assert link([[box(0)], [box(40)]]) == [[0], [1]]


def test_faces_of_a_frame_have_different_numbers() -> None:
    numbers = link([[box(0)], [box(1), box(2), box(3)]])
    assert len(set(numbers[1])) == 3


def test_empty_frame_has_no_tracks() -> None:
    assert link([]) == []
    assert link([[], []]) == [[], []]
