"""Choosing, finding again and timing the frames of clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laanet_core.errors import UnreadableMedia
from laanet_core.media.video import read_at, read_frames
from tests.core.clips import grey_frames, moving, write_clip


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi"])
def test_frames_are_evenly_spaced(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, grey_frames(40))
    frames = list(read_frames(clip, 8))
    assert len(frames) == 8
    assert [frame.time for frame in frames] == pytest.approx(
        [0.25 + 0.5 * number for number in range(8)], abs=0.11
    )
    greys = [frame.rgb.mean() for frame in frames]
    assert greys == pytest.approx([20 + 220 * frame.time * 10 / 39 for frame in frames], abs=6)
    assert frames[0].rgb.shape == (48, 64, 3)


def test_frames_are_read_again_by_their_times(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", grey_frames(40))
    first = list(read_frames(clip, 8))
    again = list(read_at(clip, [frame.time for frame in first]))
    assert [frame.time for frame in again] == [frame.time for frame in first]
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(again, first, strict=True))
    assert [frame.time for frame in read_at(clip, [1.0, 99.0])] == [1.0]
    assert list(read_at(clip, [])) == []
    with pytest.raises(UnreadableMedia, match="no frame"):
        list(read_at(clip, [99.0]))


def test_short_clips_give_all_their_frames(tmp_path: Path) -> None:
    assert len(list(read_frames(write_clip(tmp_path / "short.mp4", grey_frames(3)), 32))) == 3
    assert len(list(read_frames(write_clip(tmp_path / "one.mp4", grey_frames(1)), 32))) == 1


def test_frames_are_chosen_by_presentation_time(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.3, 0.4, 2.0, 2.1, 4.0]
    clip = write_clip(tmp_path / "uneven.mkv", grey_frames(8), times=times)
    read_times = [frame.time for frame in read_frames(clip, 4)]
    assert set(read_times) <= set(times)
    assert read_times == sorted(read_times)
    assert read_times[-1] == 4.0


def test_frames_of_long_clips_are_read_again(tmp_path: Path) -> None:
    """Frames to which no other refers are skipped to choose frames, never those that are shown for long."""
    frames = [np.roll(picture, number, 0) for number, picture in enumerate(moving(40))]
    clip = write_clip(tmp_path / "a.mp4", frames * 40, rate=25, codec="libx264", options={"bf": "3"})
    chosen = list(read_frames(clip, 12))
    again = list(read_at(clip, [frame.time for frame in chosen]))
    assert len(chosen) >= 12
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(chosen, again, strict=True))
    slides = write_clip(tmp_path / "b.mp4", moving(12), times=[7.0 * n for n in range(12)], codec="libx264")
    assert [frame.time for frame in read_frames(slides, 8)] == [7.0 * number for number in range(12)]


def test_the_same_clip_gives_the_same_frames(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", grey_frames(20))
    first, second = list(read_frames(clip, 5)), list(read_frames(clip, 5))
    assert all(a.time == b.time and np.array_equal(a.rgb, b.rgb) for a, b in zip(first, second, strict=True))


def test_frames_before_a_broken_end_are_read(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "whole.mkv",
        [np.random.default_rng(n).integers(0, 255, (48, 64, 3), dtype=np.uint8) for n in range(40)],
    )
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(clip.read_bytes()[: int(clip.stat().st_size * 0.6)])
    frames = list(read_frames(cut, 8))
    assert len(frames) == 8  # spread over what is left
    assert 1.5 < frames[-1].time < 3


def test_impossible_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        list(read_frames(tmp_path / "any.mp4", 0))


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.mkv", "mpeg4"), ("a.webm", "libvpx")]
)
@pytest.mark.parametrize("seconds", [1.0, 8.0, 30.0])
def test_single_frame_is_read(tmp_path: Path, name: str, codec: str, seconds: float) -> None:
    clip = write_clip(tmp_path / name, grey_frames(1), codec=codec, sound=0 if name == "a.webm" else seconds)
    (frame,) = read_frames(clip, 32)
    assert frame.time == 0.0
    (again,) = read_at(clip, [frame.time])
    assert np.array_equal(again.rgb, frame.rgb)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.webm", "libvpx")])
@pytest.mark.parametrize("held", [1.0, 10.0, 30.0])
def test_held_frames_are_read_at_their_times(tmp_path: Path, name: str, codec: str, held: float) -> None:
    """A slide show with one frame per slide, and a short passage at the usual rate."""
    times = [0.0, held, 2 * held, 2 * held + 0.1, 2 * held + 0.2, 3 * held]
    clip = write_clip(tmp_path / name, grey_frames(6), codec=codec, times=times)
    read_times = [frame.time for frame in read_frames(clip, 8)]
    assert {0.0, held, 2 * held} <= set(read_times)
    assert read_times == sorted(set(read_times))
    greys = [frame.rgb.mean() for frame in read_at(clip, times)]
    assert greys == pytest.approx([60 + 0.8 * (20 + 44 * number - 60) for number in range(6)], abs=35)
    assert greys == sorted(greys)
