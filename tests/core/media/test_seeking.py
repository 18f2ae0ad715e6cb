"""Frames read at distant times equal those of a complete decoding."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from laanet_core.media.seeking import KeyFrame, decoded_runs, key_frames
from laanet_core.media.video import read_at
from tests.core.clips import Pixels, moving, write_clip

KEYS = [KeyFrame(float(time), 1000 * time) for time in range(0, 60, 10)]


def test_runs_begin_where_seeking_skips_frames() -> None:
    runs = decoded_runs([1.0, 1.5, 9.0, 10.1, 12.0, 35.0, 35.5, 59.0], KEYS)
    assert [(run.key_frame.time if run.key_frame else None, run.times) for run in runs] == [
        (None, [1.0, 1.5, 9.0, 10.1, 12.0]),
        (30.0, [35.0, 35.5]),
        (50.0, [59.0]),
    ]
    assert decoded_runs([40.0], KEYS)[0].key_frame == KEYS[3]
    assert [run.times for run in decoded_runs([5.0, 50.0], [])] == [[5.0, 50.0]]
    assert decoded_runs([], KEYS) == []


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx"), ("a.avi", "mpeg4")]
)
def test_sought_frames_are_those_of_a_complete_decoding(tmp_path: Path, name: str, codec: str) -> None:
    pictures: list[Pixels] = moving(300)
    clip = write_clip(tmp_path / name, pictures, codec=codec, options={"g": "25"})
    every = [number / 10 for number in range(300)]
    complete = {frame.time: frame.rgb for frame in read_at(clip, every)}
    assert len(complete) == 300
    for times in ([0.0, 7.4, 7.5, 7.6, 20.0, 29.9], [29.9], [2.5, 5.0, 12.5], [26.2, 26.3]):
        frames = list(read_at(clip, times))
        assert [frame.time for frame in frames] == times
        assert all(np.array_equal(frame.rgb, complete[frame.time]) for frame in frames)
    with av.open(str(clip)) as container:
        keys = key_frames(container, container.streams.video[0])
    assert [round(key.time, 1) for key in keys[:2]] == ([] if name == "a.avi" else [0.0, 2.5])
