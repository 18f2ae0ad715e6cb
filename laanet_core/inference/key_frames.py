"""The moments of a clip worth looking at: which they are, and their frames."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from laanet_core.media.reader import IN_PROCESS, Reader
from laanet_core.results import AnalysisResult, FaceResult, Verdict
from laanet_core.types import RGBImage


@dataclass(frozen=True)
class Moment:
    """One judged frame (H, W, 3) uint8 RGB of a clip, its time in seconds and its faces."""

    rgb: RGBImage
    time: float
    faces: tuple[FaceResult, ...]


@dataclass(frozen=True)
class Stretch:
    """Frames one after another on which a person was judged fake, from the first one's time to the last one's, in seconds."""

    track: int
    start: float
    end: float
    frames: int


def longest_fake(
    faces: Iterable[tuple[int | None, float | None, Verdict | None]], tracks: Iterable[int]
) -> Stretch | None:
    """The longest stretch on which one of the persons `tracks` was judged fake on every frame on which it was judged; None without any.

    `faces` are the clip's, each as (track, time, verdict). Of equally long ones it is the one with more frames, then the first.
    """
    wanted, found = set(tracks), list[Stretch]()
    running: dict[int, Stretch] = {}
    for track, time, verdict in sorted(
        (face for face in faces if face[0] in wanted and face[1] is not None), key=lambda face: face[1] or 0.0
    ):
        assert track is not None
        assert time is not None
        if verdict == "fake":
            begun = running.get(track, Stretch(track, time, time, 0))
            running[track] = Stretch(track, begun.start, time, begun.frames + 1)
            found.append(running[track])
        elif verdict is not None:
            running.pop(track, None)
    return max(found, key=lambda stretch: (stretch.end - stretch.start, stretch.frames), default=None)


def worst_times(result: AnalysisResult, limit: int = 4) -> list[float]:
    """Times of the frames with the highest fake probability of any face, worst first."""
    highest: dict[float, float] = {}
    for face in result.faces:
        if face.time is not None and face.fake_prob is not None:
            highest[face.time] = max(highest.get(face.time, 0.0), face.fake_prob)
    return sorted(highest, key=lambda time: (-highest[time], time))[:limit]


def moments(
    path: Path, result: AnalysisResult, times: Sequence[float], frames: int, *, reader: Reader = IN_PROCESS
) -> Iterator[Moment]:
    """Decode again the frames at `times`, which must be times of `result`, itself made with the same number of `frames`."""
    wanted = set(times)
    with contextlib.closing(reader.frames(path, frames)) as found:
        for frame in found:
            if frame.time in wanted:
                wanted.remove(frame.time)
                yield Moment(
                    frame.rgb, frame.time, tuple(face for face in result.faces if face.time == frame.time)
                )
            if not wanted:
                return
