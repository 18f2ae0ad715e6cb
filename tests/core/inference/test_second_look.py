"""Times of the second look."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest

from laanet_core.decision import MIN_SEGMENT_FRAMES
from laanet_core.inference.second_look import second_look, with_added
from laanet_core.media.frame_selection import Passage
from laanet_core.results import FaceResult, Verdict

STEP = 2.4


def first_look(count: int, *, shot_of: Mapping[int, int] | None = None) -> dict[float, Passage]:
    found: dict[float, Passage] = {}
    for number in range(count):
        time = round(STEP * number + 1.2, 3)
        shot = (shot_of or {}).get(number, 0)
        found[time] = Passage(shot, time - 1.2, time + 1.2, False, STEP * count)
    return found


def face(time: float, verdict: Verdict) -> FaceResult:
    logit, prob = (5.0, 0.96) if verdict == "fake" else (-4.0, 0.06)
    return FaceResult((0, 0, 50, 50), 0.99, logit, prob, verdict, time=time, track=0)


def test_a_suspicious_frame_is_surrounded() -> None:
    passages = first_look(20)
    faces = [face(time, "fake" if number == 7 else "real") for number, time in enumerate(passages)]
    added = second_look(faces, passages, 32)
    assert list(added) == sorted(added)
    assert min(added) > list(passages)[6]
    assert max(added) < list(passages)[8]
    assert len(added) == 8
    assert set(added.values()) == {0}


@pytest.mark.parametrize(("logit", "is_suspicious"), [(1.9, True), (-1.5, False)])
def test_an_inconclusive_outlier_is_surrounded(logit: float, is_suspicious: bool) -> None:
    passages = first_look(20)
    outlier = list(passages)[7]
    faces = [face(time, "real") for time in passages if time != outlier]
    faces.append(replace(face(outlier, "inconclusive"), fake_logit=logit))
    added = second_look(faces, passages, 32)
    assert (len(added) == 8) == is_suspicious
    assert all(list(passages)[6] < time < list(passages)[8] for time in added)


def test_a_still_fake_picture_between_still_pictures_is_looked_at_again() -> None:
    passages = {time: replace(passage, still=True) for time, passage in first_look(20).items()}
    fake_time = list(passages)[7]
    added = second_look(
        [face(time, "fake" if time == fake_time else "real") for time in passages], passages, 32
    )
    fake_passage = passages[fake_time]
    assert len(added) >= MIN_SEGMENT_FRAMES - 1
    assert all(fake_passage.start < time < fake_passage.end for time in added)


def test_a_long_fake_track_is_not_looked_at_again() -> None:
    passages = first_look(20)
    assert second_look([face(time, "real") for time in passages], passages, 32) == {}
    faces = [face(time, "fake" if number >= 10 else "real") for number, time in enumerate(passages)]
    added = second_look(faces, passages, 32)
    times = list(passages)
    assert all(times[9] < time < times[10] or time > times[19] for time in added)


def test_the_budget_is_not_exceeded() -> None:
    passages = first_look(200)
    faces = [face(time, "fake" if number % 3 == 0 else "real") for number, time in enumerate(passages)]
    assert len(second_look(faces, passages, 32)) == 32


def test_gaps_end_with_the_shot() -> None:
    passages = first_look(9, shot_of={3: 1, 4: 1, 5: 1, 6: 2, 7: 2, 8: 2})
    faces = [face(time, "fake" if number == 3 else "real") for number, time in enumerate(passages)]
    added = second_look(faces, passages, 32)
    start = list(passages.values())[3].start
    assert set(added.values()) == {1}
    assert min(added) > start


def test_shots_without_a_judged_face_get_some_frames() -> None:
    passages = first_look(20)
    added = second_look([], passages, 16)
    assert 0 < len(added) <= 4
    still = {time: Passage(0, one.start, one.end, True, one.clip_seconds) for time, one in passages.items()}
    assert second_look([], still, 16) == {}


def test_added_frames_divide_the_passages() -> None:
    passages = first_look(3)
    merged = with_added(passages, {2.0: 0, 2.8: 0})
    assert list(merged) == [1.2, 2.0, 2.8, 3.6, 6.0]
    assert all(
        before.end == pytest.approx(after.start) for before, after in itertools.pairwise(merged.values())
    )
    assert merged[2.0].start == pytest.approx(1.6)
    assert merged[2.0].end == pytest.approx(2.4)
    assert merged[1.2].start == pytest.approx(0)
