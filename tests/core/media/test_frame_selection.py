"""Frames chosen by shot, change and display time, on clips of the samples."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.media.frame_selection import MAX_FACTOR, MAX_GAP, NOTICEABLE_SECONDS
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame, read_at, read_frames
from tests.core.clips import Pixels, drifting, write_clip

CONTAINERS = [("a.mp4", "mpeg4"), ("a.mov", "libx264"), ("a.webm", "libvpx"), ("a.mkv", "libx264")]


@pytest.fixture(scope="module")
def people(samples: Path) -> list[Pixels]:
    """Square pictures of different persons."""
    names = ("astronaut.png", "official_portrait_2012.jpg", "state_of_the_union_speech.jpg", "two_people.jpg")
    pictures = [cv2.resize(read_image(samples / name), (192, 192)) for name in names]
    return [np.asarray(picture, np.uint8) for picture in pictures]


def shots(frames: list[Frame]) -> list[int]:
    return [frame.passage.shot for frame in frames if frame.passage is not None]


def spans(frames: list[Frame]) -> list[tuple[float, float]]:
    return [(frame.passage.start, frame.passage.end) for frame in frames if frame.passage is not None]


@pytest.mark.parametrize(("name", "codec"), CONTAINERS)
@pytest.mark.parametrize("seconds", [1, 4, 30])
def test_every_held_picture_is_chosen(
    tmp_path: Path, people: list[Pixels], name: str, codec: str, seconds: int
) -> None:
    times = [float(seconds * number) for number in range(4)]
    frames = list(read_frames(write_clip(tmp_path / name, people, times=times, codec=codec), 3))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=0.002)
    assert len(set(shots(frames))) == 4
    assert [span[0] for span in spans(frames)] == pytest.approx(times, abs=0.002)
    assert all(frame.passage is not None and frame.passage.still for frame in frames[:3])


@pytest.mark.parametrize("repeats", [15, 40])
def test_pictures_that_are_held_by_repeating_them(tmp_path: Path, people: list[Pixels], repeats: int) -> None:
    pictures = [picture for picture in people for _ in range(repeats)]
    frames = list(read_frames(write_clip(tmp_path / "a.mp4", pictures, rate=25), 2))
    assert set(shots(frames)) == {0, 1, 2, 3}
    assert all(frame.passage is not None and frame.passage.still for frame in frames)
    assert spans(frames)[0] == (0.0, repeats / 25)


def test_a_single_frame_is_chosen(tmp_path: Path, people: list[Pixels]) -> None:
    for name, codec in CONTAINERS:
        (frame,) = read_frames(write_clip(tmp_path / name, people[:1], codec=codec), 32)
        assert frame.time == 0
        assert frame.passage is not None
        assert frame.passage.still


@pytest.mark.parametrize("cut", [1.2, 3.04, 4.4])
def test_a_shot_has_frames_and_passages_of_its_own(tmp_path: Path, people: list[Pixels], cut: float) -> None:
    pictures = [drifting(people[int(number / 25 >= cut)], number / 25, 192) for number in range(125)]
    frames = list(read_frames(write_clip(tmp_path / "a.mp4", pictures, rate=25), 2))
    assert shots(frames) == [0] * shots(frames).count(0) + [1] * shots(frames).count(1)
    assert {0, 1} == set(shots(frames))
    for (start, end), shot, frame in zip(spans(frames), shots(frames), frames, strict=True):
        assert start <= frame.time < end
        assert start >= cut - 0.001 if shot else end <= cut + 0.001
        assert (frame.time >= cut - 0.001) == bool(shot)


def test_passages_do_not_overlap_and_gaps_are_filled(tmp_path: Path, people: list[Pixels]) -> None:
    pictures = [drifting(people[0], number / 10, 192) for number in range(300)]
    clip = write_clip(tmp_path / "a.mp4", pictures)
    frames = list(read_frames(clip, 6))
    times = [frame.time for frame in frames]
    assert 6 < len(frames) <= 6 * MAX_FACTOR
    assert max(np.diff(times)) <= MAX_GAP + 0.1
    assert all(before[1] <= after[0] + 1e-6 for before, after in itertools.pairwise(spans(frames)))
    assert sum(end - start for start, end in spans(frames)) > 0.95 * 30
    still = write_clip(tmp_path / "still.mp4", [people[0]] * 300)
    assert len(list(read_frames(still, 4))) == 5  # the shot's first half second has one of its own
    again = list(read_at(clip, times))
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(again, frames, strict=True))


def test_a_face_at_the_very_end_is_chosen(tmp_path: Path, people: list[Pixels]) -> None:
    for seconds in (NOTICEABLE_SECONDS + 0.1, 1.0):
        pictures = [people[0]] * 200 + [people[1]] * round(25 * seconds)
        frames = list(read_frames(write_clip(tmp_path / "a.mp4", pictures, rate=25), 2))
        assert frames[-1].time >= 8
        assert shots(frames)[-1] == 1


def test_the_budget_lasts_until_the_end(tmp_path: Path, people: list[Pixels]) -> None:
    """A clip with more shots than frames gets frames from its beginning to its end."""
    pictures = [people[number // 6 % 4] for number in range(480)]
    frames = list(read_frames(write_clip(tmp_path / "a.mp4", pictures, rate=10), 4))
    assert len(frames) <= 4 * MAX_FACTOR
    assert sum(frame.time > 36 for frame in frames) >= 2
