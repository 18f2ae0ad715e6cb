"""Segments of a clip: passages of its tracks without a change of the verdict, and its coverage."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from laanet_core.decision import MIN_SEGMENT_FRAMES, DecisionConfig, fake_probability, verdict_of
from laanet_core.media.frame_selection import Passage
from laanet_core.results import Coverage, FaceResult, Segment

# Smallest variance of a track's logits, and the cost of one more part in units of that variance.
_MIN_VARIANCE = 0.5
_PART_COST = 10.0

# Logits beyond this are as clear as this.
_CLEAR_LOGIT = 8.0


def clip_segments(
    faces: Iterable[FaceResult], passages: Mapping[float, Passage], decision: DecisionConfig
) -> tuple[Segment, ...]:
    """Return the segments of a clip's tracks in order of time; faces without a track or score are left out.

    A track is split where its logits change clearly and for at least MIN_SEGMENT_FRAMES frames. Neighbouring
    parts with the same verdict are one segment. `passages` are those of the judged frames by their times.
    """
    tracks: dict[int, list[tuple[float, float]]] = {}
    for face in faces:
        if face.track is not None and face.fake_logit is not None and face.time is not None:
            tracks.setdefault(face.track, []).append((face.time, face.fake_logit))
    segments: list[Segment] = []
    for track, scores in tracks.items():
        times, logits = zip(*sorted(scores), strict=True)
        parts = _joined(_split(np.array(logits)), np.array(logits), decision)
        for first, last in itertools.pairwise(parts):
            frames = [passages[time] for time in times[first:last]]
            segments.append(_segment(track, frames, logits[first:last], decision))
    return tuple(sorted(segments, key=lambda segment: (segment.start, segment.track)))


def clip_coverage(passages: Iterable[Passage]) -> Coverage:
    """Return the coverage of a clip by the passages of its judged frames; they do not overlap."""
    rows = list(passages)
    seconds = max((passage.clip_seconds for passage in rows), default=0.0)
    covered = sum(passage.end - passage.start for passage in rows)
    return Coverage(len(rows), min(covered, seconds), seconds)


def _segment(
    track: int, passages: Sequence[Passage], logits: Sequence[float], decision: DecisionConfig
) -> Segment:
    fake_logit = float(np.mean(logits))
    fake_prob = fake_probability(fake_logit, decision)
    return Segment(
        track,
        passages[0].start,
        passages[-1].end,
        fake_prob,
        verdict_of(fake_prob, decision),
        fake_logit,
        len(logits),
        still=len(passages) == 1 and passages[0].still,
    )


def _split(logits: npt.NDArray[np.float64]) -> list[int]:
    """Return the borders of the parts of logits (N,), 0 and N included, by optimal partitioning.

    The parts minimise the squared deviations from their means plus a cost per part (Jackson et al., 2005, "An
    algorithm for optimal partitioning of data on an interval"). A median over three removes single outliers.
    """
    count = len(logits)
    if count < 2 * MIN_SEGMENT_FRAMES:
        return [0, count]
    values = np.clip(logits, -_CLEAR_LOGIT, _CLEAR_LOGIT)
    values[1:-1] = np.median([values[:-2], values[1:-1], values[2:]], axis=0)
    typical_step = float(np.median(np.abs(np.diff(values))))
    variance = max(_MIN_VARIANCE, typical_step**2)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    best = np.full(count + 1, np.inf)
    best[0] = 0.0
    origin = np.zeros(count + 1, int)
    for end in range(MIN_SEGMENT_FRAMES, count + 1):
        starts = np.arange(end - MIN_SEGMENT_FRAMES + 1)
        deviations = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        costs = best[starts] + deviations / variance + _PART_COST
        origin[end] = int(costs.argmin())
        best[end] = costs[origin[end]]
    borders = [count]
    while borders[-1]:
        borders.append(int(origin[borders[-1]]))
    return borders[::-1]


def _joined(borders: Sequence[int], logits: npt.NDArray[np.float64], decision: DecisionConfig) -> list[int]:
    """Drop the borders between parts of logits (N,) that have the same verdict."""
    joined = [borders[0]]
    verdict = None
    for first, last in itertools.pairwise(borders):
        following = verdict_of(fake_probability(float(logits[first:last].mean()), decision), decision)
        if verdict is not None and following != verdict:
            joined.append(first)
        verdict = following
    return [*joined, borders[-1]]
