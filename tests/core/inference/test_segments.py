"""Segments and coverage from the scores of judged frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from laanet_core.decision import DecisionConfig
from laanet_core.inference.segments import clip_coverage, clip_segments
from laanet_core.media.frame_selection import Passage
from laanet_core.results import FaceResult, Segment, Verdict

DECISION = DecisionConfig(temperature=1.5, real_below=0.15, fake_above=0.8)


def passages(count: int, *, still: bool = False) -> dict[float, Passage]:
    return {float(time): Passage(0, time - 0.5, time + 0.5, still, count - 0.5) for time in range(count)}


def faces(logits: Sequence[float | None], track: int = 0) -> list[FaceResult]:
    return [
        FaceResult((0, 0, 50, 50), 0.99, logit, None, None, time=float(time), track=track)
        for time, logit in enumerate(logits)
    ]


def segments(logits: Sequence[float | None]) -> list[tuple[float, float, Verdict]]:
    found = clip_segments(faces(logits), passages(len(logits)), DECISION)
    return [(segment.start, segment.end, segment.verdict) for segment in found]


def test_a_fake_passage_is_a_segment_of_its_track() -> None:
    logits = [-4.0] * 12 + [5.0] * 5 + [-4.0] * 9
    assert segments(logits) == [(-0.5, 11.5, "real"), (11.5, 16.5, "fake"), (16.5, 25.5, "real")]
    fake = clip_segments(faces(logits), passages(26), DECISION)[1]
    assert isinstance(fake, Segment)
    assert (fake.track, fake.frames, fake.fake_logit) == (0, 5, 5.0)


def test_single_outliers_and_noise_make_no_segment() -> None:
    rng = np.random.default_rng(0)
    logits = (-4 + rng.normal(0, 0.8, 60)).tolist()
    logits[20] = logits[40] = 5.0
    assert segments(logits) == [(-0.5, 59.5, "real")]


def test_parts_with_one_verdict_are_joined() -> None:
    assert segments([-8.0] * 10 + [-4.0] * 10) == [(-0.5, 19.5, "real")]


def test_short_tracks_are_one_segment_and_unscored_faces_none() -> None:
    assert segments([5.0, 5.0]) == [(-0.5, 1.5, "fake")]
    assert segments([None, None, 5.0]) == [(1.5, 2.5, "fake")]
    assert segments([None]) == []
    (still,) = clip_segments(faces([5.0]), passages(1, still=True), DECISION)
    assert still.still


def test_tracks_are_apart_and_in_order_of_time() -> None:
    both = [*faces([-4.0] * 8, track=1), *faces([None] * 3 + [5.0] * 5, track=0)]
    found = clip_segments(both, passages(8), DECISION)
    assert [(segment.track, segment.start, segment.verdict) for segment in found] == [
        (1, -0.5, "real"),
        (0, 2.5, "fake"),
    ]


def test_coverage_adds_up_the_passages() -> None:
    coverage = clip_coverage([Passage(0, 0, 1.5, False, 10), Passage(0, 4, 6, False, 10)])
    assert (coverage.frames_judged, coverage.seconds_covered, coverage.seconds) == (2, 3.5, 10)
    assert clip_coverage([]).seconds == pytest.approx(0)
