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
    fake_part,
    fake_probability,
    group_logit,
    picture_fake_prob,
    verdict_of,
    video_fake_prob,
)
from laanet_core.errors import InvalidConfig
from laanet_core.results import FaceQuality, Segment, TrackResult
from laanet_core.types import Box

DECISION = DecisionConfig(temperature=2.0, real_below=0.4, fake_above=0.6)
# The same with the mean of the likelihood ratios
MEAN = dataclasses.replace(DECISION, group_power=1.0)


@dataclass(frozen=True)
class ScoredFace:
    track: int | None
    fake_logit: float | None


@dataclass(frozen=True)
class BoxedFace:
    """Face of a picture, `side` pixels wide and twice as high."""

    side: float
    fake_logit: float | None
    sharpness: float | None = None

    @property
    def quality(self) -> FaceQuality | None:
        return None if self.sharpness is None else FaceQuality(self.side, self.sharpness, 1.0, 0.0, 1.0)

    @property
    def box(self) -> Box:
        return (10.0, 10.0, 10.0 + self.side, 10.0 + 2 * self.side)


def segment(*, frames: int, still: bool, seconds: float = 2.0) -> Segment:
    return Segment(1, 3.0, 3.0 + seconds, 0.9, "fake", _logit(0.9), frames, still)


def track(number: int, frames: int, fake_prob: float) -> TrackResult:
    return TrackResult(number, frames, _logit(fake_prob), fake_prob, verdict_of(fake_prob, DECISION))


def _logit(fake_prob: float) -> float:
    """Return the logit with this calibrated probability under DECISION."""
    return DECISION.temperature * math.log(fake_prob / (1 - fake_prob))


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
        {"group_power": 0},
        {"group_power": math.inf},
        {"group_weight_exponent": -1},
        {"threshold": 0.5},
    ],
)
def test_impossible_configurations_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidConfig):
        DecisionConfig.from_dict(values)


def test_configuration_survives_its_json_form() -> None:
    for decision in (DECISION, MEAN):
        assert DecisionConfig.from_dict(decision.to_dict()) == decision
    older = {
        "temperature": 2.0,
        "real_below": 0.4,
        "fake_above": 0.6,
        "min_face_size": 40,
        "calibrated": False,
    }
    assert DecisionConfig.from_dict(older) == DECISION


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


def test_a_file_with_one_face_has_that_faces_logit_exactly() -> None:
    for decision in (DECISION, MEAN, dataclasses.replace(MEAN, group_power=0.37, group_weight_exponent=2)):
        for fake_logit in (-7.3, 0.1, 900.0):
            assert group_logit([(fake_logit, 123.4)], decision) == fake_logit
    assert group_logit([], MEAN) is None


def test_without_a_power_the_most_suspicious_face_decides() -> None:
    assert group_logit([(-1.0, 5.0), (3.5, 1.0), (2.0, 9.0)], DECISION) == 3.5


def test_power_1_is_the_mean_likelihood_ratio() -> None:
    # Temperature 2: likelihood ratios 8, 1 and 3, whose mean is 4.
    scores = [(2 * math.log(8), 1.0), (0.0, 1.0), (2 * math.log(3), 1.0)]
    assert group_logit(scores, MEAN) == pytest.approx(2 * math.log(4))


def test_power_2_is_the_root_of_the_mean_square() -> None:
    # Likelihood ratios 7 and 1: the mean of 49 and 1 is 25.
    decision = dataclasses.replace(MEAN, group_power=2.0)
    assert group_logit([(2 * math.log(7), 1.0), (0.0, 1.0)], decision) == pytest.approx(2 * math.log(5))


def test_weights_count_relative_to_the_largest() -> None:
    # Weights 1 and 1/4 of the likelihood ratios 2 and 12: (2 + 3) / 1.25 = 4.
    scores = [(2 * math.log(2), 80.0), (2 * math.log(12), 40.0)]
    decision = dataclasses.replace(MEAN, group_weight_exponent=2.0)
    assert group_logit(scores, decision) == pytest.approx(2 * math.log(4))


def test_no_group_is_more_suspicious_than_its_worst_face_and_huge_logits_do_not_overflow() -> None:
    for power in (0.2, 1.0, 50.0):
        decision = dataclasses.replace(MEAN, group_power=power)
        logit = group_logit([(5000.0, 1.0), (-5000.0, 1.0), (10.0, 1.0)], decision)
        assert logit is not None
        assert logit == pytest.approx(5000 - 2 / power * math.log(3))


def test_a_picture_weighs_its_judged_faces_by_the_shorter_side() -> None:
    faces = [BoxedFace(80, 2 * math.log(2)), BoxedFace(40, 2 * math.log(12)), BoxedFace(90, None)]
    decision = dataclasses.replace(MEAN, group_weight_exponent=2.0)
    assert picture_fake_prob(faces, decision) == pytest.approx(0.8)
    assert picture_fake_prob(faces[2:], decision) is None
    assert picture_fake_prob(faces[:1], decision) == fake_probability(2 * math.log(2), decision)
    assert picture_fake_prob(faces, DECISION) == pytest.approx(12 / 13)


def test_a_soft_face_has_a_smaller_part_in_its_picture() -> None:
    # Weights 60 * 0.5 and 40 * 0.375: the second has half the weight, (2 + 11 / 2) / 1.5 = 5.
    faces = [BoxedFace(60, 2 * math.log(2), 0.5), BoxedFace(40, 2 * math.log(11), 0.375)]
    assert picture_fake_prob(faces, MEAN) == pytest.approx(6.5 / 7.5)
    halving = dataclasses.replace(MEAN, group_weight_exponent=1.0)
    assert picture_fake_prob(faces, halving) == pytest.approx(5 / 6)
    assert picture_fake_prob([BoxedFace(60, 1.0, 0.0)], halving) == fake_probability(1.0, halving)


def test_tracks_of_a_clip_decide_together() -> None:
    # Likelihood ratios 9 and 1: the mean is 5.
    tracks = [track(0, 16, 0.9), track(1, 16, 0.5)]
    assert video_fake_prob(tracks, 32, MEAN) == pytest.approx(5 / 6)
    # A short track has no part in the mean.
    assert video_fake_prob([*tracks, track(2, 1, 0.1)], 32, MEAN) == pytest.approx(5 / 6)


def test_a_fake_segment_raises_its_own_track_and_adds_no_other() -> None:
    evidence = [segment(frames=MIN_SEGMENT_FRAMES, still=False)] * 2
    assert video_fake_prob([track(0, 16, 0.5), track(1, 16, 0.1)], 32, MEAN, evidence) == pytest.approx(5 / 6)
    assert video_fake_prob([track(1, 32, 0.1)], 32, MEAN, evidence) == pytest.approx(0.9)


def test_short_tracks_do_not_decide_over_a_clip() -> None:
    assert video_fake_prob([track(0, 32, 0.1), track(1, 3, 0.9)], 32, DECISION) == pytest.approx(0.1)
    assert video_fake_prob([track(0, 32, 0.1), track(1, 4, 0.9)], 32, DECISION) == pytest.approx(0.9)


def test_fake_segments_of_short_tracks_decide_if_they_are_evidence() -> None:
    tracks = [track(0, 28, 0.1), track(1, 3, 0.9)]
    assert video_fake_prob(
        tracks, 32, DECISION, [segment(frames=MIN_SEGMENT_FRAMES, still=False)]
    ) == pytest.approx(0.9)
    assert video_fake_prob(tracks, 32, DECISION, [segment(frames=1, still=True)]) == pytest.approx(0.9)
    assert video_fake_prob(
        tracks, 32, DECISION, [segment(frames=MIN_SEGMENT_FRAMES - 1, still=False)]
    ) == pytest.approx(0.1)
    assert video_fake_prob(
        tracks, 32, DECISION, [segment(frames=9, still=False, seconds=0.4)]
    ) == pytest.approx(0.1)
    unclear = dataclasses.replace(segment(frames=9, still=False), verdict="inconclusive")
    assert video_fake_prob(tracks, 32, DECISION, [unclear]) == pytest.approx(0.1)


def test_short_tracks_decide_if_there_are_no_others() -> None:
    assert video_fake_prob([track(0, 1, 0.2), track(1, 1, 0.8)], 32, DECISION) == pytest.approx(0.8)
    assert video_fake_prob([], 32, DECISION) is None


def test_a_person_is_partly_fake_by_the_highest_segment_that_counts() -> None:
    long = segment(frames=MIN_SEGMENT_FRAMES, still=False)
    higher = dataclasses.replace(long, start=8.0, end=9.0, fake_prob=0.95, fake_logit=_logit(0.95))
    short = segment(frames=MIN_SEGMENT_FRAMES - 1, still=False)
    real = dataclasses.replace(higher, verdict="real")
    other = dataclasses.replace(higher, track=2)
    person = track(1, 10, 0.5)
    assert fake_part(person, [long, higher, real, other], "inconclusive") == higher
    assert fake_part(track(1, 10, 0.9), [long, higher], "fake") is None
    assert fake_part(person, [real, other], "fake") is None
    # The title of a fake clip names every fake segment
    assert fake_part(person, [short], "fake") == short
    assert fake_part(person, [short], "inconclusive") is None
