"""The moments of a clip worth looking at: which they are, and their frames."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from laanet_core.crops import RGBImage
from laanet_core.reader import IN_PLACE, Reader
from laanet_core.results import AnalysisResult, FaceResult


@dataclass(frozen=True)
class Moment:
    """One judged frame (H, W, 3) uint8 RGB of a clip, its time in seconds and its faces."""

    rgb: RGBImage
    time: float
    faces: tuple[FaceResult, ...]


def worst_times(result: AnalysisResult, limit: int = 4) -> list[float]:
    """Times of the frames with the highest fake probability of any face, worst first."""
    highest: dict[float, float] = {}
    for face in result.faces:
        if face.time is not None and face.fake_prob is not None:
            highest[face.time] = max(highest.get(face.time, 0.0), face.fake_prob)
    return sorted(highest, key=lambda time: (-highest[time], time))[:limit]


def moments(path: Path, result: AnalysisResult, times: Sequence[float], frames: int, *, reader: Reader = IN_PLACE) -> Iterator[Moment]:
    """Decode again the frames at `times`, which must be times of `result`, itself made with the same number of `frames`."""
    wanted = set(times)
    with contextlib.closing(reader.frames(path, frames)) as found:
        for frame in found:
            if frame.time in wanted:
                wanted.remove(frame.time)
                yield Moment(frame.rgb, frame.time, tuple(face for face in result.faces if face.time == frame.time))
            if not wanted:
                return
