"""Faces and passages of a clip that are judged so far."""

from __future__ import annotations

import time

from laanet_core.inference.judged_clip import JudgedClip
from laanet_core.media.frame_selection import Passage
from laanet_core.results import FaceResult
from laanet_core.types import Box


def face(at: float, box: Box) -> FaceResult:
    return FaceResult(box, 0.99, 1.0, 0.7, "inconclusive", time=at)


def test_share_of_the_clip_ends_with_the_last_passage() -> None:
    clip = JudgedClip(time.monotonic())
    assert clip.reached == 0
    clip.passages = {0.5: Passage(0, 0, 1, False, 4), 1.5: Passage(0, 1, 2, False, 4)}
    assert clip.reached == 0.5


def test_clip_is_overdue_after_minutes() -> None:
    assert not JudgedClip(time.monotonic()).is_overdue
    assert JudgedClip(time.monotonic() - 1000).is_overdue


def test_faces_are_tracked_by_time_within_shots_and_listed_by_track() -> None:
    left, right = (0.0, 0.0, 50.0, 50.0), (200.0, 0.0, 250.0, 50.0)
    clip = JudgedClip(time.monotonic())
    clip.passages = {float(at): Passage(at // 2, at - 0.5, at + 0.5, False, 3) for at in range(3)}
    clip.faces = {
        2.0: [face(2.0, left)],
        0.0: [face(0.0, left), face(0.0, right)],
        1.0: [face(1.0, right), face(1.0, left)],
    }
    faces = clip.tracked_faces()
    assert [(one.time, one.track, one.box) for one in faces] == [
        (0.0, 0, left),
        (0.0, 1, right),
        (1.0, 0, left),
        (1.0, 1, right),
        (2.0, 2, left),
    ]
