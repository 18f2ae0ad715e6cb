"""Seeking in a clip: which key frame to start from for frames at given times."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# FFmpeg's demuxers whose files have an index of their key frames.
_INDEXED = ("mov", "matroska")

# Seconds between two requested times from which on the clip is not decoded all the way.
_MIN_GAP = 2.0

# Seconds by which a key frame is before a requested time at least, so that the frame before is decoded too.
_LEAD = 0.2


@dataclass(frozen=True)
class KeyFrame:
    """Key frame of a stream: its time in seconds, and the timestamp in ticks of the stream."""

    time: float
    timestamp: int


@dataclass(frozen=True)
class DecodedRun:
    """Times in seconds, ascending, that are decoded in one go from a key frame; None is the clip's start."""

    key_frame: KeyFrame | None
    times: list[float]


def key_frames(container: Any, stream: Any) -> list[KeyFrame]:
    """Return the key frames of an open PyAV container's stream in order of time; none without an index."""
    if not set(container.format.name.split(",")) & set(_INDEXED):
        return []
    found = [
        KeyFrame(float(packet.pts * packet.time_base), packet.pts)
        for packet in container.demux(stream)
        if packet.is_keyframe and packet.pts is not None and not packet.is_discard
    ]
    return sorted(found, key=lambda key: key.time)


def decoded_runs(times: Sequence[float], keys: Sequence[KeyFrame]) -> list[DecodedRun]:
    """Divide requested times (ascending) into runs; a new one begins where seeking skips frames.

    The times and those of the key frames have the same origin.
    """
    runs: list[DecodedRun] = [DecodedRun(None, [])]
    for before, time in itertools.pairwise([0.0, *times]):
        index = bisect.bisect_right(keys, time - _LEAD, key=lambda key: key.time) - 1
        skips = index >= 0 and time - before >= _MIN_GAP and keys[index].time > before
        if skips:
            runs.append(DecodedRun(keys[index], [time]))
        else:
            runs[-1].times.append(time)
    return [run for run in runs if run.times]
