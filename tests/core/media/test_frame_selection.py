"""Frames chosen by shot, change and display time, on clips of the samples."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from laanet_core.media.continuity import Thumbnail
from laanet_core.media.frame_selection import (
    MAX_FACTOR,
    MAX_GAP,
    NOTICEABLE_SECONDS,
    choose_frames,
    is_slow_recording,
)
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame, read_at, read_frames
from tests.core.clips import Pixels, drifting, forged_astronaut, write_clip

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


@pytest.mark.parametrize("length", [0.3, 1.0, 2.0])
def test_frames_of_a_fade_go_to_no_shot(tmp_path: Path, people: list[Pixels], length: float) -> None:
    pictures = []
    for time in np.arange(175) / 25:
        ends = [drifting(person, time, 192) for person in people[:2]]
        share = float(np.clip((time - 2.5) / length, 0, 1))
        pictures.append(cv2.addWeighted(ends[0], 1 - share, ends[1], share, 0).astype(np.uint8))
    frames = list(read_frames(write_clip(tmp_path / "a.mp4", pictures, rate=25), 16))
    assert set(shots(frames)) == {0, 1}
    for frame, shot in zip(frames, shots(frames), strict=True):
        assert frame.time <= 2.5 + 0.35 * length + 0.1 if shot == 0 else frame.time >= 2.5 + 0.65 * length
    assert all(before[1] <= after[0] + 1e-6 for before, after in itertools.pairwise(spans(frames)))
    assert 1 in [shot for frame, shot in zip(frames, shots(frames), strict=True) if frame.time < 4 + length]


def test_a_face_that_is_replaced_in_place_stays_in_its_shot(tmp_path: Path, samples: Path) -> None:
    """Frames that are not chosen before the shot is known belong to one passage each."""
    pictures = [read_image(samples / "astronaut.png"), forged_astronaut(samples)]
    zoom = []
    for number in range(72):
        side = round(512 * (1 - 0.2 * number / 72))
        zoom.append(cv2.resize(pictures[number >= 36][:side, :side], (192, 192)).astype(np.uint8))
    frames = list(read_frames(write_clip(tmp_path / "a.mp4", zoom, rate=12), 32))
    assert len(frames) == 32
    assert set(shots(frames)) == {0}
    assert all(before[1] <= after[0] + 1e-6 for before, after in itertools.pairwise(spans(frames)))


def test_few_frames_wait_in_memory() -> None:
    """While a fade may be under way, very large frames are chosen less often."""
    noise = np.random.default_rng(0).integers(0, 255, (2, 64, 64)).astype(np.float32)

    @dataclass(frozen=True)
    class LargeFrame:
        time: float
        pixels: int = 12_000_000
        is_last: bool = False

        @property
        def until(self) -> float:
            return self.time + 0.04

        def to_thumbnail(self) -> Thumbnail:
            return cv2.GaussianBlur(np.roll(noise[0], round(300 * self.time), axis=1), (9, 9), 3)

    alive: weakref.WeakSet[LargeFrame] = weakref.WeakSet()
    most = 0

    def decoded() -> Iterator[LargeFrame]:
        nonlocal most
        for number in range(100):
            frame = LargeFrame(number / 25)
            alive.add(frame)
            yield frame
            del frame
            most = max(most, len(alive))

    yielded = [frame.time for frame, _ in choose_frames(decoded(), 64, 4.0, max_seconds=60)]
    assert yielded == sorted(yielded)
    assert len(yielded) >= 8
    assert most <= 12


@pytest.mark.parametrize("interval", [0.5, 1.0, 5.0])
def test_a_camera_with_few_frames_shows_no_slides(
    tmp_path: Path, people: list[Pixels], interval: float
) -> None:
    times = [interval * number for number in range(16)]
    views = [drifting(people[0], time, 192) for time in times]
    frames = list(read_frames(write_clip(tmp_path / "a.mp4", views, times=times), 8))
    assert set(shots(frames)) == {0}
    slides = [people[number % 4] for number in range(16)]
    frames = list(read_frames(write_clip(tmp_path / "b.mp4", slides, times=times), 8))
    assert len(frames) == len(set(shots(frames))) == 16
    few = list(read_frames(write_clip(tmp_path / "c.mp4", views[:3], times=[0.0, 5.0, 10.0]), 8))
    assert len(set(shots(few))) == 3


def test_slow_recordings_have_a_constant_low_rate() -> None:
    assert is_slow_recording([float(number) for number in range(20)])
    assert not is_slow_recording([number / 10 for number in range(200)])
    assert not is_slow_recording([0.0, 10.0, 20.0])
    assert not is_slow_recording([float(number**1.5) for number in range(20)])


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
