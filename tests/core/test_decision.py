"""Decision rules: calibration, thresholds and the aggregation of tracks."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import pytest

from laanet_core.decision import (
    MIN_SEGMENT_FRAMES,
    DecisionConfig,
    aggregate_tracks,
    fake_probability,
    verdict_of,
    video_fake_prob,
)
from laanet_core.errors import InvalidConfig
from laanet_core.results import Segment, TrackResult

DECISION = DecisionConfig(temperature=2.0, real_below=0.4, fake_above=0.6)


@dataclass(frozen=True)
class ScoredFace:
    track: int | None
    fake_logit: float | None


def segment(*, frames: int, still: bool, seconds: float = 2.0) -> Segment:
    return Segment(1, 3.0, 3.0 + seconds, 0.9, "fake", 4.0, frames, still)


def track(number: int, frames: int, fake_prob: float) -> TrackResult:
    return TrackResult(number, frames, 0.0, fake_prob, "fake")


def test_fake_probability_is_the_sigmoid_of_the_scaled_logit() -> None:
    assert fake_probability(0.0, DECISION) == 0.5
    assert fake_probability(3.0, DECISION) == pytest.approx(1 / (1 + math.exp(-1.5)))
    assert fake_probability(-1e6, DECISION) == 0.0


@pytest.mark.parametrize(
    ("fake_prob", "verdict"),
    [(0.39, "real"), (0.4, "inconclusive"), (0.6, "inconclusive"), (0.61, "fake")],
)
def test_probabilities_on_a_threshold_are_inconclusive(fake_prob: float, verdict: str) -> None:
    assert verdict_of(fake_prob, DECISION) == verdict


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": 0},
        {"real_below": 0.7, "fake_above": 0.6},
        {"fake_above": 1.1},
        {"min_face_size": 0},
        {"threshold": 0.5},
    ],
)
def test_impossible_configurations_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidConfig):
        DecisionConfig.from_dict(values)


def test_configuration_survives_its_json_form() -> None:
    assert DecisionConfig.from_dict(DECISION.to_dict()) == DECISION


def test_tracks_average_logits_before_calibration() -> None:
    faces = [
        ScoredFace(1, 4.0),
        ScoredFace(0, -2.0),
        ScoredFace(1, 0.0),
        ScoredFace(0, None),
        ScoredFace(None, 9.0),
    ]
    first, second = aggregate_tracks(faces, DECISION)
    assert (first.track, first.frames, first.fake_logit, first.verdict) == (0, 1, -2.0, "real")
    assert (second.track, second.frames, second.fake_logit, second.verdict) == (1, 2, 2.0, "fake")
    assert second.fake_prob == fake_probability(2.0, DECISION)


def test_short_tracks_do_not_decide_over_a_clip() -> None:
    assert video_fake_prob([track(0, 32, 0.1), track(1, 3, 0.9)], judged_frames=32) == 0.1
    assert video_fake_prob([track(0, 32, 0.1), track(1, 4, 0.9)], judged_frames=32) == 0.9


def test_fake_segments_of_short_tracks_decide_if_they_are_evidence() -> None:
    tracks = [track(0, 28, 0.1), track(1, 3, 0.9)]
    assert video_fake_prob(tracks, 32, [segment(frames=MIN_SEGMENT_FRAMES, still=False)]) == 0.9
    assert video_fake_prob(tracks, 32, [segment(frames=1, still=True)]) == 0.9
    assert video_fake_prob(tracks, 32, [segment(frames=MIN_SEGMENT_FRAMES - 1, still=False)]) == 0.1
    assert video_fake_prob(tracks, 32, [segment(frames=9, still=False, seconds=0.4)]) == 0.1
    unclear = dataclasses.replace(segment(frames=9, still=False), verdict="inconclusive")
    assert video_fake_prob(tracks, 32, [unclear]) == 0.1


def test_short_tracks_decide_if_there_are_no_others() -> None:
    assert video_fake_prob([track(0, 1, 0.2), track(1, 1, 0.8)], judged_frames=32) == 0.8
    assert video_fake_prob([], judged_frames=32) is None
