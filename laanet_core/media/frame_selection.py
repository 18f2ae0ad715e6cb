"""Choice of the frames of a clip that are judged: evenly spaced, and by shot, change and display time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from laanet_core.media.continuity import Thumbnail, is_same_view
from laanet_core.media.shots import Boundary, ShotDetector, is_unchanged

# Frames in all, as a multiple of the evenly spaced ones.
MAX_FACTOR = 4

# A picture that is visible for this long in seconds gets a frame.
NOTICEABLE_SECONDS = 0.5

# Two pictures that are each one frame, shown for this long in seconds, are slides: different persons.
SLIDE_SECONDS = 0.95

# Longest time in seconds without a chosen frame while the picture changes. In five minutes with 32 evenly
# spaced frames, two fit between each pair; a shorter gap would spend the whole budget before the end.
MAX_GAP = 3.2

# Seconds before and after a frame that it stands for, unless the picture stays unchanged for longer.
REACH = 1.5

# Pixels of the chosen frames that wait in memory until their shot is known.
_MAX_WAITING_PIXELS = 96_000_000

# A recording with few frames per second, of a security camera for example, has at least this number of frames
# and this median of the seconds between two; nearly all intervals are within a share of the median.
_MIN_RECORDED_FRAMES = 12
_MIN_RECORDED_INTERVAL = 0.45
_MAX_DEVIATION = 0.2
_REGULAR_SHARE = 0.9

# Seconds by which times may differ because of rounding.
_ROUNDING = 1e-3

# Share of the additional frames that may be spent at once; the rest becomes available as the clip goes on.
_BURST = 0.3


@dataclass(frozen=True)
class Passage:
    """Part of a clip for which a chosen frame stands: `start` to `end` in seconds, within one shot.

    Shots are numbered from 0; a number may be skipped. `still` is true if the picture hardly changes in it.
    `clip_seconds` is the length of the clip.
    """

    shot: int
    start: float
    end: float
    still: bool
    clip_seconds: float


class DisplayedFrame(Protocol):
    """Decoded frame that is shown from `time` to `until` in seconds of the clip."""

    @property
    def time(self) -> float: ...

    @property
    def until(self) -> float: ...

    @property
    def is_last(self) -> bool: ...

    @property
    def pixels(self) -> int: ...

    def to_thumbnail(self) -> Thumbnail: ...


AnyFrame = TypeVar("AnyFrame", bound=DisplayedFrame)


@dataclass(eq=False)
class _Choice(Generic[AnyFrame]):
    """Chosen frame whose passage is not complete yet.

    It can stand for the clip from `start` on; the picture is unchanged from `unchanged_since` to
    `unchanged_until`, and `still` until it changes.
    """

    frame: AnyFrame
    shot: int
    start: float
    thumbnail: Thumbnail
    unchanged_since: float
    unchanged_until: float
    still: bool = True


class _Budget:
    """Number of frames that may be chosen in addition to the evenly spaced ones."""

    def __init__(self, frames: int, seconds: float) -> None:
        self._frames = frames
        self._seconds = max(seconds, 1e-3)
        self._spent = 0

    def spend(self, time: float) -> bool:
        """Spend one frame at `time` seconds; return False if none is left for this part of the clip."""
        share = _BURST + (1 - _BURST) * min(time / self._seconds, 1.0)
        if self._spent + 1 > self._frames * share:
            return False
        self._spent += 1
        return True


def is_slow_recording(times: Sequence[float]) -> bool:
    """Return whether a clip with frames at `times`, ascending in seconds, has few of them at a constant rate.

    Such a clip comes from a security camera or shows a time lapse. It may also be a slide show: there each
    picture differs from the one before.
    """
    if len(times) < _MIN_RECORDED_FRAMES:
        return False
    intervals = np.diff(times)
    median = float(np.sort(intervals)[len(intervals) // 2])
    regular = np.abs(intervals - median) <= _MAX_DEVIATION * median
    return median >= _MIN_RECORDED_INTERVAL and float(regular.mean()) >= _REGULAR_SHARE


def choose_frames(
    frames: Iterator[AnyFrame],
    count: int,
    seconds: float,
    *,
    max_seconds: float,
    slow_recording: bool = False,
) -> Iterator[tuple[AnyFrame, Passage]]:
    """Yield the chosen ones of a clip's decoded `frames`, each with the passage that it stands for.

    Up to `count` are evenly spaced over `seconds` by presentation time. Up to MAX_FACTOR - 1 times as many
    are added: one for each shot or slide that is visible for NOTICEABLE_SECONDS, and one for each
    MAX_GAP during which the picture changes. If the clip's `seconds` are unknown (0), the first `count`
    frames are chosen. The same clip gives the same frames.

    A frame is yielded once its shot is known. Those that wait have at most _MAX_WAITING_PIXELS; if they have
    more, some are left out evenly. Frames inside a fade show two pictures and are left out. In a
    `slow_recording` (`is_slow_recording`) a frame that shows the same view as the one before is no slide.
    """
    if seconds <= 0:
        yield from _first_frames(frames, count, max_seconds)
        return
    chooser = _Chooser[AnyFrame](count, seconds, slow_recording=slow_recording)
    for frame in frames:
        if frame.time > max_seconds:
            break
        yield from chooser.add(frame)
    yield from chooser.finish()


def _first_frames(
    frames: Iterator[AnyFrame], count: int, max_seconds: float
) -> Iterator[tuple[AnyFrame, Passage]]:
    for number, frame in enumerate(frames):
        if number == count or frame.time > max_seconds:
            return
        yield frame, Passage(0, frame.time, frame.until, number == 0, frame.until)


class _Chooser(Generic[AnyFrame]):
    """State of the choice while a clip is decoded."""

    def __init__(self, count: int, seconds: float, *, slow_recording: bool) -> None:
        self._seconds = seconds
        self._slow_recording = slow_recording
        self._wanted = [(number + 0.5) * seconds / count for number in range(count)]
        # Evenly spaced times that passed without a chosen frame.
        self._owed = 0
        self._budget = _Budget((MAX_FACTOR - 1) * count, seconds)
        self._detector = ShotDetector()
        self._shot = 0
        self._shot_start = 0.0
        # First thumbnail of the present picture, and the time since which it is unchanged.
        self._unchanged: tuple[float, Thumbnail] | None = None
        # Chosen frames that are not yielded yet, in order: the last one and those whose shot is not known.
        self._choices: list[_Choice[AnyFrame]] = []
        # Time and thumbnail of the last chosen frame and of the last one that was yielded, and the last frame
        # with its thumbnail.
        self._last_choice: tuple[float, Thumbnail] | None = None
        self._last_yielded: tuple[float, Thumbnail] | None = None
        self._last_frame: tuple[AnyFrame, Thumbnail] | None = None

    def add(self, frame: AnyFrame) -> Iterator[tuple[AnyFrame, Passage]]:
        """Take the next frame; yield the choices whose passages are complete."""
        small = frame.to_thumbnail()
        boundary = self._detector.add(frame.time, small)
        if boundary is not None:
            self._begin_shot(boundary)
        if self._unchanged is None or not is_unchanged(self._unchanged[1], small):
            self._unchanged = (frame.time, small)
            if self._is_new_slide(frame, small):
                self._detector.begin_shot(frame.time)
                self._begin_shot(Boundary(frame.time, frame.time, frame.time))
        for choice in self._choices:
            if choice.still and is_unchanged(choice.thumbnail, small):
                choice.unchanged_until = frame.until
            else:
                choice.still = False
        self._last_frame = (frame, small)
        if self._is_wanted(frame) or self._is_due(frame, small):
            self._choose(frame, small)
        yield from self._complete(keep=1)

    def finish(self) -> Iterator[tuple[AnyFrame, Passage]]:
        """Yield the remaining choices; the last frame is added if it differs from the last choice."""
        boundary = self._detector.finish()
        if boundary is not None:
            self._begin_shot(boundary)
        if self._last_frame is not None:
            frame, small = self._last_frame
            if self._is_new_ending(frame, small) and self._budget.spend(self._seconds):
                self._choose(frame, small)
        yield from self._complete(keep=0)

    def _is_wanted(self, frame: AnyFrame) -> bool:
        """Return whether the frame is shown at an evenly spaced time.

        Of several such times at which one frame is shown, the second one chooses the next frame.
        """
        while self._wanted and (self._wanted[0] < frame.until or frame.is_last):
            self._wanted.pop(0)
            self._owed += 1
        if not self._owed:
            return False
        self._owed = min(self._owed - 1, 1)
        return True

    def _is_due(self, frame: AnyFrame, small: Thumbnail) -> bool:
        """Return whether a frame is due because of its shot, long display or change since the last one."""
        start = self._present_start()
        last = self._last_choice
        if last is None or last[0] < start:
            is_due = frame.until - start >= NOTICEABLE_SECONDS - _ROUNDING
        else:
            is_held = frame.until - frame.time >= NOTICEABLE_SECONDS - _ROUNDING
            is_late = frame.until - last[0] >= MAX_GAP
            is_due = (is_held or is_late) and not is_unchanged(last[1], small)
        return is_due and self._budget.spend(frame.time)

    def _is_new_slide(self, frame: AnyFrame, small: Thumbnail) -> bool:
        """Return whether a still picture follows another one that differs from it."""
        if self._last_frame is None or self._shot_start == frame.time:
            return False
        before, small_before = self._last_frame
        if self._slow_recording and is_same_view(small_before, small):
            return False
        # Containers may not say how long the last picture is shown.
        held = SLIDE_SECONDS if frame.is_last else frame.until - frame.time
        return min(before.until - before.time, held) >= SLIDE_SECONDS - _ROUNDING

    def _is_new_ending(self, frame: AnyFrame, small: Thumbnail) -> bool:
        """Return whether the last frame shows what no chosen frame shows, for a noticeable time."""
        last = self._last_choice
        if last is None or last[0] < self._shot_start:
            return True
        since = max(self._shot_start, last[0])
        is_noticeable = frame.until - since >= NOTICEABLE_SECONDS - _ROUNDING
        return last[0] < frame.time and is_noticeable and not is_unchanged(last[1], small)

    def _present_start(self) -> float:
        """Return the start of the present shot, taking a pending cut for one."""
        pending = self._detector.pending_cut()
        return self._shot_start if pending is None else pending

    def _choose(self, frame: AnyFrame, small: Thumbnail) -> None:
        assert self._unchanged is not None
        start = self._present_start()
        since = max(self._unchanged[0], start)
        self._choices.append(_Choice(frame, self._shot, start, small, since, frame.until))
        self._last_choice = (frame.time, small)

    def _begin_shot(self, boundary: Boundary) -> None:
        """End the present shot. Waiting choices from the boundary on belong to the new one."""
        self._shot += 1
        self._shot_start = boundary.time
        self._leave_out(
            [choice for choice in self._choices if boundary.start < choice.frame.time < boundary.end]
        )
        for choice in self._choices:
            if choice.frame.time >= boundary.time:
                choice.shot, choice.start = self._shot, boundary.time

    def _leave_out(self, unwanted: Sequence[_Choice[AnyFrame]]) -> None:
        """Take back choices that wait; the next frames may be chosen in their place."""
        if unwanted:
            self._choices = [choice for choice in self._choices if choice not in unwanted]
            last = self._choices[-1] if self._choices else None
            self._last_choice = (last.frame.time, last.thumbnail) if last else self._last_yielded

    def _complete(self, *, keep: int) -> Iterator[tuple[AnyFrame, Passage]]:
        """Yield the choices, but the last `keep`, after which the shot of the next one is known too."""
        pending = self._detector.pending_since()
        known_until = math.inf if pending is None else pending
        while len(self._choices) > keep:
            choice = self._choices[0]
            following = self._choices[1] if len(self._choices) > 1 else None
            if following is not None and following.frame.time >= known_until:
                break
            self._choices.pop(0)
            limit = self._limit(choice, following)
            if following is not None and following.shot == choice.shot:
                following.start = limit
            self._last_yielded = (choice.frame.time, choice.thumbnail)
            yield choice.frame, self._passage(choice, limit)
        if sum(choice.frame.pixels for choice in self._choices) > _MAX_WAITING_PIXELS:
            self._thin_out()

    def _thin_out(self) -> None:
        """Leave out the waiting choice, neither the first nor the last one, whose neighbours are nearest."""
        times = [choice.frame.time for choice in self._choices]
        shots = [choice.shot for choice in self._choices]
        inner = [
            index
            for index in range(1, len(shots) - 1)
            if shots[index] in (shots[index - 1], shots[index + 1])
        ]
        if inner:
            nearest = min(inner, key=lambda index: times[index + 1] - times[index - 1])
            del self._choices[nearest]

    def _limit(self, choice: _Choice[AnyFrame], following: _Choice[AnyFrame] | None) -> float:
        """Return the time up to which a choice can stand for the clip."""
        if following is None:
            is_last_shot = choice.shot == self._shot
            return max(self._seconds, choice.frame.until) if is_last_shot else self._shot_start
        if following.shot == choice.shot:
            middle = (choice.frame.time + following.frame.time) / 2
            if choice.unchanged_until >= following.frame.time:
                return middle
            # If the picture changes once between the two, the passages meet where it changes.
            return max(choice.unchanged_until, min(middle, following.unchanged_since))
        return following.start if following.shot == choice.shot + 1 else choice.unchanged_until

    def _passage(self, choice: _Choice[AnyFrame], limit: float) -> Passage:
        time = choice.frame.time
        start = max(choice.start, min(time - REACH, choice.unchanged_since))
        end = min(limit, max(time + REACH, choice.unchanged_until))
        still = choice.unchanged_since <= start + _ROUNDING and choice.unchanged_until >= end - _ROUNDING
        return Passage(choice.shot, round(start, 6), round(end, 6), still, round(max(self._seconds, end), 6))
