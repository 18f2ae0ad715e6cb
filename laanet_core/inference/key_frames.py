"""Key frames of a clip: its most suspicious frames, and its longest fake interval."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from laanet_core.faces.face_scaling import faces_on
from laanet_core.media.reader import IN_PROCESS, Reader
from laanet_core.results import AnalysisResult, FaceResult, Verdict
from laanet_core.types import RGBImage


@dataclass(frozen=True)
class Moment:
    """A photo or a judged frame of a clip, (H, W, 3) uint8 RGB, with its time in seconds and its faces.

    The faces' places are in pixels of `rgb`.
    """

    rgb: RGBImage
    time: float
    faces: tuple[FaceResult, ...]


@dataclass(frozen=True)
class FakeInterval:
    """Consecutive judged frames on which a track was fake, from `start` to `end` in seconds."""

    track: int
    start: float
    end: float
    frames: int


def longest_fake(
    faces: Iterable[tuple[int | None, float | None, Verdict | None]], tracks: Iterable[int]
) -> FakeInterval | None:
    """Return the longest interval on which one of `tracks` was fake throughout; None if there is none.

    `faces` are the clip's, each as (track, time, verdict); frames without a verdict do not interrupt. Of
    intervals of equal length the one with more frames wins, then the first.
    """
    wanted = set(tracks)
    intervals: list[FakeInterval] = []
    running: dict[int, FakeInterval] = {}
    timed = [(face[1], face[0], face[2]) for face in faces if face[1] is not None]
    for time, track, verdict in sorted(timed, key=lambda face: face[0]):
        if track is None or track not in wanted:
            continue
        if verdict == "fake":
            interval = running.get(track, FakeInterval(track, time, time, 0))
            running[track] = FakeInterval(track, interval.start, time, interval.frames + 1)
            intervals.append(running[track])
        elif verdict is not None:
            running.pop(track, None)
    return max(intervals, key=lambda one: (one.end - one.start, one.frames), default=None)


def worst_times(result: AnalysisResult, limit: int = 4) -> list[float]:
    """Return up to `limit` times of the frames with the highest fake probabilities, worst first."""
    highest: dict[float, float] = {}
    for face in result.faces:
        if face.time is not None and face.fake_prob is not None:
            highest[face.time] = max(highest.get(face.time, 0.0), face.fake_prob)
    return sorted(highest, key=lambda time: (-highest[time], time))[:limit]


def decode_moments(
    path: Path, result: AnalysisResult, times: Sequence[float], *, reader: Reader = IN_PROCESS
) -> Iterator[Moment]:
    """Decode the frames (H, W, 3) at `times` of `result` again, and yield them in order with their faces.

    Raises UnreadableMedia.
    """
    with contextlib.closing(reader.frames_at(path, sorted(times))) as decoded:
        for frame in decoded:
            faces = [face for face in result.faces if face.time == frame.time]
            yield Moment(frame.rgb, frame.time, faces_on(frame.rgb, faces, result.size))
