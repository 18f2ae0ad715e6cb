"""Second look at a clip: times around suspicious and in unjudged stretches that are judged in addition."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from laanet_core.decision import MIN_SEGMENT_FRAMES
from laanet_core.media.frame_selection import REACH, Passage
from laanet_core.results import FaceResult

# Frames of the second look, as a share of the evenly spaced ones; and those of them for unjudged stretches.
BUDGET_SHARE = 1.0
_UNJUDGED_SHARE = 0.25

# Seconds between the frames of the second look, and most of them between two frames of the first.
_STEP = 0.5
_MOST_PER_GAP = 5

# Logits by which an inconclusive face exceeds the median of its track at least to be suspicious.
_OUTLIER_LOGITS = 3.0

# Longest time in seconds without a judged face that is left alone.
_UNJUDGED_SECONDS = 1.0


@dataclass(frozen=True)
class _Gap:
    """Time between two judged frames of one shot, or between one and the shot's known end."""

    start: float
    end: float
    shot: int

    def times(self, most: int = _MOST_PER_GAP) -> list[float]:
        """Return evenly spaced times inside the gap, at most `most`."""
        inside = min(int((self.end - self.start) / _STEP - 1e-6), most)
        step = (self.end - self.start) / (inside + 1)
        return [round(self.start + step * number, 6) for number in range(1, inside + 1)]


def second_look(
    faces: Iterable[FaceResult], passages: Mapping[float, Passage], frames: int
) -> dict[float, int]:
    """Return the times to judge in addition, in order, each with the number of its shot.

    Around suspicious faces the gaps to the neighbouring frames are filled, the most suspicious first, so
    that a short passage is confirmed or rejected and its ends are known. Shots without a judged face get
    some frames more. There are at most BUDGET_SHARE times `frames`, the number of evenly spaced ones.
    `passages` are those of the frames judged so far, by their times.
    """
    scored = [face for face in faces if face.fake_prob is not None and face.time is not None]
    budget = int(BUDGET_SHARE * frames)
    chosen: dict[float, int] = {}
    for gaps in _suspicious_gaps(scored, passages):
        for time, shot in _alternating(gaps):
            if len(chosen) < budget:
                chosen[time] = shot
    unjudged = min(budget - len(chosen), int(_UNJUDGED_SHARE * frames))
    for gap in _unjudged_gaps(scored, passages)[:unjudged]:
        chosen.update(dict.fromkeys(gap.times(1), gap.shot))
    return dict(sorted(chosen.items()))


def with_added(passages: Mapping[float, Passage], added: Mapping[float, int]) -> dict[float, Passage]:
    """Return the passages of all judged frames by time after frames were added at times of known shots."""
    clip_seconds = max((passage.clip_seconds for passage in passages.values()), default=0.0)
    merged = dict(passages)
    for time, shot in added.items():
        limits = [passage for passage in passages.values() if passage.shot == shot]
        start = max(min(passage.start for passage in limits), time - REACH)
        end = min(max(passage.end for passage in limits), time + REACH)
        merged[time] = Passage(shot, start, end, still=False, clip_seconds=clip_seconds)
    ordered = dict(sorted(merged.items()))
    for before, after in itertools.pairwise(ordered):
        first, second = ordered[before], ordered[after]
        if first.shot == second.shot and first.end > second.start:
            middle = (before + after) / 2
            ordered[before] = dataclasses.replace(first, end=min(first.end, middle))
            ordered[after] = dataclasses.replace(second, start=max(second.start, middle))
    return ordered


def _alternating(gaps: Sequence[_Gap]) -> Iterator[tuple[float, int]]:
    """Yield the times in several gaps with their shots: one of every gap, then another, and so on."""
    rows = [[(time, gap.shot) for time in _from_the_middle(gap.times())] for gap in gaps]
    for row in itertools.zip_longest(*rows):
        yield from (time for time in row if time is not None)


def _from_the_middle(times: Sequence[float]) -> list[float]:
    if not times:
        return []
    middle = (times[0] + times[-1]) / 2
    return sorted(times, key=lambda time: (round(abs(time - middle), 6), time))


def _suspicious_gaps(scored: Sequence[FaceResult], passages: Mapping[float, Passage]) -> list[list[_Gap]]:
    """Return the gaps beside each run of suspicious faces, the most suspicious run first."""
    times = sorted(passages)
    position = {time: index for index, time in enumerate(times)}
    gaps_of_runs: list[list[_Gap]] = []
    runs = _suspicious_runs(scored)
    for run in sorted(runs, key=lambda faces: -max(face.fake_logit or 0.0 for face in faces)):
        first, last = (position[face.time] for face in (run[0], run[-1]) if face.time is not None)
        pairs = [(first - 1, first), (last, last + 1)]
        if len(run) < 2 * MIN_SEGMENT_FRAMES:
            pairs += [(index, index + 1) for index in range(first, last)]
        shot = passages[times[first]].shot
        gaps = [
            _gap(times, passages, before, after, shot=shot, is_fake_first=before >= first)
            for before, after in pairs
        ]
        gaps_of_runs.append([gap for gap in gaps if gap is not None])
    return gaps_of_runs


def _gap(
    times: Sequence[float],
    passages: Mapping[float, Passage],
    before: int,
    after: int,
    *,
    shot: int,
    is_fake_first: bool,
) -> _Gap | None:
    """Return the gap between two neighbouring frames; at the end of their shot, up to that end.

    Between two still pictures it is the part that shows the fake one: the frame before if `is_fake_first`.
    """
    has_before = before >= 0 and passages[times[before]].shot == shot
    has_after = after < len(times) and passages[times[after]].shot == shot
    if has_before and has_after:
        first, second = passages[times[before]], passages[times[after]]
        if first.still and second.still and first.end >= second.start:
            if is_fake_first:
                return _Gap(times[before], first.end, shot)
            return _Gap(second.start, times[after], shot)
        return _Gap(times[before], times[after], shot)
    if has_before and not passages[times[before]].still:
        return _Gap(times[before], passages[times[before]].end, shot)
    if has_after and not passages[times[after]].still:
        return _Gap(passages[times[after]].start, times[after], shot)
    return None


def _suspicious_runs(scored: Sequence[FaceResult]) -> list[list[FaceResult]]:
    """Return the runs of consecutive frames on which a track is suspicious."""
    tracks: dict[int | None, list[FaceResult]] = {}
    for face in sorted(scored, key=lambda face: face.time or 0.0):
        tracks.setdefault(face.track, []).append(face)
    runs: list[list[FaceResult]] = []
    for faces in tracks.values():
        usual = statistics.median(face.fake_logit or 0.0 for face in faces)
        for is_run, group in itertools.groupby(faces, key=lambda face: _is_suspicious(face, usual)):
            if is_run:
                runs.append(list(group))
    return runs


def _is_suspicious(face: FaceResult, usual: float) -> bool:
    """Return whether a face looks fake, or inconclusive and far more fake than is `usual` in its track."""
    is_outlier = (face.fake_logit or 0.0) - usual >= _OUTLIER_LOGITS
    return face.verdict == "fake" or (face.verdict == "inconclusive" and is_outlier)


def _unjudged_gaps(scored: Sequence[FaceResult], passages: Mapping[float, Passage]) -> list[_Gap]:
    """Return the gaps in shots without a judged face whose picture changes, the longest first."""
    judged_shots = {passages[face.time].shot for face in scored if face.time is not None}
    gaps: list[_Gap] = []
    for before, after in itertools.pairwise(sorted(passages)):
        first, second = passages[before], passages[after]
        is_changing = not (first.still and second.still)
        if first.shot == second.shot and first.shot not in judged_shots and is_changing:
            gaps.append(_Gap(before, after, first.shot))
    long = [gap for gap in gaps if gap.end - gap.start > _UNJUDGED_SECONDS]
    return sorted(long, key=lambda gap: (gap.start - gap.end, gap.start))
