"""Decision rules: calibrated probabilities, verdicts and the aggregation of tracks. Needs no torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from laanet_core.errors import InvalidConfig
from laanet_core.results import Segment, TrackResult, Verdict

# Share of the judged frames. A track that was judged on fewer frames decides over a clip only if it has a
# fake segment that counts.
MIN_TRACK_SHARE = 0.1

# A segment counts from this number of frames and this length in seconds on. Of a still picture, one frame is
# enough.
MIN_SEGMENT_FRAMES = 4
MIN_SEGMENT_SECONDS = 0.5


class TrackedFace(Protocol):
    """Frame-level score of one face of a clip; `track` numbers one person's face through the clip, from 0."""

    @property
    def track(self) -> int | None: ...

    @property
    def fake_logit(self) -> float | None: ...


@dataclass(frozen=True)
class DecisionConfig:
    """Calibration and thresholds that turn a fake logit into a verdict.

    fake_prob = sigmoid(fake_logit / temperature); `real` below `real_below`, `fake` above `fake_above`,
    `inconclusive` between the two, both included. A face whose shorter box side is under `min_face_size`
    pixels of the upright original is not scored.
    """

    temperature: float = 1.0
    real_below: float = 0.5
    fake_above: float = 0.5
    min_face_size: int = 40
    calibrated: bool = False

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
    tracks: Sequence[TrackResult], judged_frames: int, segments: Sequence[Segment] = ()
) -> float | None:
    """Return the video-level fake probability of a clip: the highest one of its tracks and fake segments.

    Tracks that were judged on less than MIN_TRACK_SHARE of the clip's `judged_frames` count only if no track
    was judged on more. Fake segments count if `is_evidence`, however short their tracks are. None without
    tracks. The clip's verdict is `verdict_of` this probability.
    """
    lasting = [track for track in tracks if track.frames >= MIN_TRACK_SHARE * judged_frames]
    probs = [track.fake_prob for track in lasting or tracks]
    probs += [segment.fake_prob for segment in segments if segment.verdict == "fake" and is_evidence(segment)]
    return max(probs, default=None)


def is_evidence(segment: Segment) -> bool:
    """Return whether a segment is long enough, and judged on enough frames, to decide over its clip."""
    is_long = segment.end - segment.start >= MIN_SEGMENT_SECONDS
    return segment.still or (is_long and segment.frames >= MIN_SEGMENT_FRAMES)


def _track_result(track: int, fake_logits: Sequence[float], decision: DecisionConfig) -> TrackResult:
    fake_logit = float(np.mean(fake_logits))
    fake_prob = fake_probability(fake_logit, decision)
    return TrackResult(track, len(fake_logits), fake_logit, fake_prob, verdict_of(fake_prob, decision))
