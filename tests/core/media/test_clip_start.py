"""Clips whose first picture is shown only after their start."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from laanet_core.media.video import read_at, read_film, read_frames, read_length
from tests.core.clips import moving, write_clip

DELAY = 1.5


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
@pytest.mark.parametrize("sound", [0.0, 3.5])
def test_an_empty_edit_shifts_the_times(tmp_path: Path, name: str, sound: float) -> None:
    times = [DELAY + number / 10 for number in range(20)]
    clip = write_clip(tmp_path / name, moving(20), times=times, codec="libx264", sound=sound)
    with av.open(str(clip)) as container:
        played = [float(frame.time) for frame in container.decode(video=0)]
    assert played == pytest.approx(times, abs=0.01)
    assert read_length(clip) == pytest.approx(DELAY + 2.0, abs=0.15)
    assert [frame.time for frame in read_frames(clip, 40)] == pytest.approx(played, abs=0.01)
    film = read_film(clip, size=(64, 48), seconds=10)
    assert [frame.time for frame in film] == pytest.approx(played, abs=0.01)
    (frame,) = read_at(clip, [DELAY + 1.0])
    assert frame.time == DELAY + 1.0


def test_timestamps_of_recordings_do_not_count(tmp_path: Path) -> None:
    """A piece of a live recording begins at any time, and players show its first frame at once."""
    times = [100.0 + number / 10 for number in range(10)]
    clip = write_clip(
        tmp_path / "a.mp4", moving(10), times=times, movflags="frag_keyframe+empty_moov", codec="mpeg4"
    )
    assert next(iter(read_frames(clip, 40))).time == 0
