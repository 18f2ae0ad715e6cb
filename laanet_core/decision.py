"""Decision rules: calibrated probabilities, verdicts, files of several faces or tracks. Needs no torch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from laanet_core.errors import InvalidConfig
from laanet_core.results import FaceQuality, Segment, TrackResult, Verdict
from laanet_core.types import Box

# Share of the judged frames. A track that was judged on fewer frames decides over a clip only if it has a
# fake segment that counts.
MIN_TRACK_SHARE = 0.1

# A segment counts from this number of frames and this length in seconds on. Of a still picture, one frame is
# enough.
MIN_SEGMENT_FRAMES = 4
MIN_SEGMENT_SECONDS = 0.5

# Keeps the weights of faces positive.
_LEAST_SHARPNESS = 1e-3


class TrackedFace(Protocol):
    """Frame-level score of one face of a clip; `track` numbers one person's face through the clip, from 0."""

    @property
    def track(self) -> int | None: ...

    @property
    def fake_logit(self) -> float | None: ...


class ScoredBox(Protocol):
    """Face of a picture: its box (x1, y1, x2, y2) in pixels, quality, and score, None if it is not judged."""

    @property
    def box(self) -> Box: ...

    @property
    def quality(self) -> FaceQuality | None: ...

    @property
    def fake_logit(self) -> float | None: ...


@dataclass(frozen=True)
class DecisionConfig:
    """Calibration and thresholds that turn a fake logit into a verdict.

    fake_prob = sigmoid(fake_logit / temperature); `real` below `real_below`, `fake` above `fake_above`,
    `inconclusive` between the two, both included. A face whose shorter box side is under `min_face_size`
    pixels of the upright original is not scored.

    `group_power` and `group_weight_exponent` are the parameters of `group_logit`, by which the faces of a
    picture or the tracks of a clip decide together. Without a `group_power` the most suspicious one decides.
    """

    temperature: float = 1.0
    real_below: float = 0.5
    fake_above: float = 0.5
    min_face_size: int = 40
    calibrated: bool = False
    group_power: float | None = None
    group_weight_exponent: float = 0.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise InvalidConfig(f"temperature must be positive, not {self.temperature}")
        if not 0 <= self.real_below <= self.fake_above <= 1:
            raise InvalidConfig(
                "thresholds must satisfy 0 <= real_below <= fake_above <= 1, "
                f"not {self.real_below}, {self.fake_above}"
            )
        if self.min_face_size < 1:
            raise InvalidConfig(f"min_face_size must be at least 1 pixel, not {self.min_face_size}")
        if self.group_power is not None and not 0 < self.group_power < math.inf:
            raise InvalidConfig(f"group_power must be positive and finite, not {self.group_power}")
        if not 0 <= self.group_weight_exponent < math.inf:
            raise InvalidConfig(f"group_weight_exponent must not be negative: {self.group_weight_exponent}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DecisionConfig:
        """Build the configuration from its JSON form. Raises InvalidConfig for unknown keys or bad values."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InvalidConfig(f"unknown decision configuration keys: {', '.join(unknown)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form that `from_dict` reads."""
        return dataclasses.asdict(self)


def fake_probability(fake_logit: float, decision: DecisionConfig) -> float:
    """Return the calibrated fake probability in [0, 1]: sigmoid(fake_logit / temperature)."""
    return float(0.5 * (1 + np.tanh(0.5 * fake_logit / decision.temperature)))


def verdict_of(fake_prob: float, decision: DecisionConfig) -> Verdict:
    """Return the verdict of a calibrated fake probability; a probability on a threshold is inconclusive."""
    if fake_prob < decision.real_below:
        return "real"
    return "fake" if fake_prob > decision.fake_above else "inconclusive"


def group_logit(scores: Iterable[tuple[float, float]], decision: DecisionConfig) -> float | None:
    """Return the fake logit of a file from the (fake logit, positive weight) of its faces or tracks.

    The more real faces a file has, the higher is the highest of their scores. exp(fake_logit / temperature)
    is a face's likelihood ratio of fake to real. The file's ratio is the weighted power mean of its faces'
    ratios, with the exponent `group_power`. With the power 1 that is the ratio of "exactly one face is fake,
    each with a probability in proportion to its weight" to "no face is fake". With a high power it tends to
    the highest ratio. The weights are divided by their maximum and raised to `group_weight_exponent`.

    A file with one face has that face's logit, exactly. No file's logit exceeds its highest face's. Without a
    `group_power` it is the highest face's logit. None without scores.
    """
    pairs = list(scores)
    if not pairs:
        return None
    logits, weights = np.array(pairs, np.float64).T
    highest = float(logits.max())
    if decision.group_power is None:
        return highest
    weights = (weights / weights.max()) ** decision.group_weight_exponent
    scale = decision.group_power / decision.temperature
    mean = float(np.average(np.exp(scale * (logits - highest)), weights=weights))
    return highest + math.log(mean) / scale


def picture_fake_prob(faces: Iterable[ScoredBox], decision: DecisionConfig) -> float | None:
    """Return the fake probability of a picture: the `group_logit` of its judged faces, calibrated.

    A face's weight is its box's shorter side times its sharpness, so that a small or soft face in the
    background has a small part; without a `quality` it is the side alone. Faces that are not judged have no
    part. None if no face is judged. The picture's verdict is `verdict_of` this probability.
    """
    scores = [(face.fake_logit, _face_weight(face)) for face in faces if face.fake_logit is not None]
    return _optional_probability(group_logit(scores, decision), decision)


def aggregate_tracks(faces: Iterable[TrackedFace], decision: DecisionConfig) -> tuple[TrackResult, ...]:
    """Aggregate the frame-level scores of a clip's faces into one video-level result per track.

    A track's logit is the mean over the frames on which its face was judged; the mean is then calibrated.
    The results are ordered by track number. Faces without a track or without a score are left out.
    """
    logits: dict[int, list[float]] = {}
    for face in faces:
        if face.track is not None and face.fake_logit is not None:
            logits.setdefault(face.track, []).append(face.fake_logit)
    return tuple(_track_result(track, logits[track], decision) for track in sorted(logits))


def video_fake_prob(
    tracks: Sequence[TrackResult],
    judged_frames: int,
    decision: DecisionConfig,
    segments: Sequence[Segment] = (),
) -> float | None:
    """Return the video-level fake probability of a clip: the `group_logit` of its tracks, calibrated.

    A track's logit is its own, or that of its most suspicious fake segment that `is_evidence` if that is
    higher. Tracks that were judged on less than MIN_TRACK_SHARE of the clip's `judged_frames` have a part in
    it only if no track was judged on more, or through such a segment. All tracks have the same weight,
    because a short fake passage counts as much as a long one. None without tracks. The clip's verdict is
    `verdict_of` this probability.
    """
    lasting = [track for track in tracks if track.frames >= MIN_TRACK_SHARE * judged_frames]
    logits = {track.track: track.fake_logit for track in lasting or tracks}
    for segment in segments:
        if segment.verdict == "fake" and is_evidence(segment):
            logits[segment.track] = max(logits.get(segment.track, segment.fake_logit), segment.fake_logit)
    return _optional_probability(group_logit([(logit, 1.0) for logit in logits.values()], decision), decision)


def is_evidence(segment: Segment) -> bool:
    """Return whether a segment is long enough, and judged on enough frames, to decide over its clip."""
    is_long = segment.end - segment.start >= MIN_SEGMENT_SECONDS
    return segment.still or (is_long and segment.frames >= MIN_SEGMENT_FRAMES)


def fake_part(
    track: TrackResult, segments: Iterable[Segment], clip_verdict: Verdict | None
) -> Segment | None:
    """Return the most suspicious fake segment of a person who is fake in a part of the clip only.

    Such a person's mean over the clip is not `fake`. In a clip that is `fake`, every fake segment counts; in
    others only one that `is_evidence`. None if the track's own verdict is `fake` or no segment counts.
    """
    if track.verdict == "fake":
        return None
    own = [part for part in segments if part.track == track.track and part.verdict == "fake"]
    counting = [part for part in own if clip_verdict == "fake" or is_evidence(part)]
    return max(counting, key=lambda part: part.fake_logit, default=None)


def _track_result(track: int, fake_logits: Sequence[float], decision: DecisionConfig) -> TrackResult:
    fake_logit = float(np.mean(fake_logits))
    fake_prob = fake_probability(fake_logit, decision)
    return TrackResult(track, len(fake_logits), fake_logit, fake_prob, verdict_of(fake_prob, decision))


def _optional_probability(fake_logit: float | None, decision: DecisionConfig) -> float | None:
    return None if fake_logit is None else fake_probability(fake_logit, decision)


def _face_weight(face: ScoredBox) -> float:
    """Return the positive weight of a face in its picture."""
    x1, y1, x2, y2 = face.box
    side = max(min(x2 - x1, y2 - y1), 1.0)
    return side if face.quality is None else side * max(face.quality.sharpness, _LEAST_SHARPNESS)
