"""Frames of untrusted clips, decoded in one pass with bounded memory (PyAV).

Codes of UnreadableMedia raised here: `no_frames`, and those of images.py, container.py and clip_length.py.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laanet_core.errors import UnreadableMedia
from laanet_core.media.animations import (
    AnimationFrame,
    Timeline,
    read_timeline,
    require_length,
    shown_frames,
)
from laanet_core.media.clip_length import (
    MAX_SECONDS,
    checked_span,
    declared_length,
    is_cut_short,
    is_long_and_dense,
)
from laanet_core.media.container import MAX_FRAME_PIXELS, checked_stream, open_container
from laanet_core.media.container_size import container_size
from laanet_core.media.frame_selection import Passage, choose_frames, is_slow_recording
from laanet_core.media.images import HEAD_BYTES, Source, open_source
from laanet_core.media.seeking import KeyFrame, decoded_runs, key_frames
from laanet_core.media.video_decoding import DecodedFrame, clip_origin, decoded_frames
from laanet_core.results import Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage

# Shortest time in seconds between two frames of `read_film`, which skips the others.
MIN_GAP = 0.03

# Frames from which on a picture is animated.
_LEAST_FRAMES = 2

# Seconds by which the time of a frame may differ from the time under which it was returned before: times are
# rounded, and those of Matroska are milliseconds.
_SAME_TIME = 0.001


@dataclass(frozen=True)
class Frame:
    """One upright frame (H, W, 3) uint8 RGB, shown `time` seconds after the clip's start.

    `passage` is the part of the clip for which a chosen frame stands; None for other frames.
    """

    rgb: RGBImage
    time: float
    passage: Passage | None = None


_AnyFrame = DecodedFrame | AnimationFrame


@dataclass(frozen=True)
class _Animation:
    """Opened animated picture."""

    timeline: Timeline
    frames: Iterator[AnimationFrame]


def read_frames(
    source: Source,
    count: int,
    *,
    max_seconds: float = MAX_SECONDS,
    max_pixels: int = MAX_FRAME_PIXELS,
    warn: Warn = ignore_caution,
) -> Generator[Frame]:
    """Yield the upright frames (H, W, 3) of a clip that are judged, with the passages for which they stand.

    Up to `count` are evenly spaced by presentation time; others are added as `choose_frames` states. A clip
    with fewer frames yields all of them. Of a damaged clip, whatever decodes is yielded. `warn` receives
    cut_short before the first frame, and damaged_parts. A few frames are in memory at a time.

    Raises UnreadableMedia, at the latest after the last frame if there was none.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    with _animation(source, max_pixels, warn) as animation:
        if animation is not None:
            require_length(animation.timeline, max_seconds)
            copies = (frame.copy() for frame in animation.frames)
            is_slow = is_slow_recording([0.0, *itertools.accumulate(animation.timeline.durations)])
            seconds = animation.timeline.seconds
            yield from _frames_of(copies, count, seconds, max_seconds, slow_recording=is_slow)
            return
    with open_container(source) as container:
        span = checked_span(container, max_seconds, max_pixels)
        declared = declared_length(container)
    with open_source(source) as file:
        cut_short = is_cut_short(container_size(file), span, declared)
    if cut_short:
        warn("cut_short")
    with open_container(source) as container:
        if is_long_and_dense(span):
            checked_stream(container, max_pixels).codec_context.skip_frame = "NONREF"
        frames = decoded_frames(container, max_pixels, warn, cut_short=cut_short)
        is_slow = is_slow_recording(span.times)
        yield from _frames_of(frames, count, span.seconds, max_seconds, slow_recording=is_slow)


def _frames_of(
    frames: Iterator[_AnyFrame], count: int, seconds: float, max_seconds: float, *, slow_recording: bool
) -> Generator[Frame]:
    is_empty = True
    chosen = choose_frames(frames, count, seconds, max_seconds=max_seconds, slow_recording=slow_recording)
    for shown, passage in chosen:
        is_empty = False
        yield Frame(shown.to_rgb(), round(shown.time, 6), passage)
    if is_empty:
        raise _no_frames()


def read_length(
    source: Source, *, max_seconds: float = MAX_SECONDS, max_pixels: int = MAX_FRAME_PIXELS
) -> float:
    """Return a clip's length in seconds, measured on its packets. Raises UnreadableMedia."""
    with _animation(source, max_pixels, ignore_caution) as animation:
        if animation is not None:
            require_length(animation.timeline, max_seconds)
            return animation.timeline.seconds
    with open_container(source) as container:
        return checked_span(container, max_seconds, max_pixels).seconds


def read_film(
    source: Source, *, size: tuple[int, int], seconds: float, max_pixels: int = MAX_FRAME_PIXELS
) -> Generator[Frame]:
    """Yield every upright frame of a clip's first `seconds`, resized to `size` (width, height).

    At most 33 frames per second are yielded. A few frames are in memory at a time. Raises UnreadableMedia, at
    the latest after the last frame if there was none.
    """
    latest: float | None = None
    with _all_frames(source, max_pixels) as frames:
        for shown in frames:
            if shown.time > seconds:
                break
            if latest is not None and shown.time - latest < MIN_GAP:
                continue
            latest = shown.time
            yield Frame(shown.to_rgb(size=size), round(shown.time, 6))
    if latest is None:
        raise _no_frames()


def read_at(
    source: Source, times: Sequence[float], *, max_pixels: int = MAX_FRAME_PIXELS
) -> Generator[Frame]:
    """Yield the upright frames (H, W, 3) shown at `times` (seconds, ascending), decoded in one pass.

    A time past the end yields no frame. A few frames are in memory at a time. Raises UnreadableMedia, at the
    latest after the last frame if there was none.
    """
    is_empty = True
    with _animation(source, max_pixels, ignore_caution) as animation:
        if animation is not None:
            frames = _frames_shown_at(animation.frames, times)
        else:
            frames = _sought_frames(source, times, max_pixels)
        for frame in frames:
            is_empty = False
            yield frame
    if times and is_empty:
        raise _no_frames()


def _sought_frames(source: Source, times: Sequence[float], max_pixels: int) -> Iterator[Frame]:
    """Yield the frames at `times`; between distant ones the clip is not decoded."""
    with open_container(source) as container:
        stream = checked_stream(container, max_pixels)
        keys = key_frames(container, stream)
    with open_container(source) as container:
        origin = clip_origin(container, checked_stream(container, max_pixels))
    if origin is None:
        return
    keys = [KeyFrame(key.time - origin, key.timestamp) for key in keys]
    for run in decoded_runs(times, keys):
        with open_container(source) as container:
            frames = _frames_from(container, run.key_frame, origin, max_pixels)
            first = next(frames, None)
            # A wrong index may lead behind the first time.
            is_usable = run.key_frame is None or (first is not None and first.time <= run.times[0])
            if is_usable and first is not None:
                yield from _frames_shown_at(itertools.chain([first], frames), run.times)
        if not is_usable:
            with open_container(source) as container:
                yield from _frames_shown_at(decoded_frames(container, max_pixels, origin=origin), run.times)


def _frames_from(
    container: Any, key_frame: KeyFrame | None, origin: float, max_pixels: int
) -> Iterator[DecodedFrame]:
    """Yield the shown frames of an open container from a key frame on, None for the clip's start."""
    if key_frame is not None:
        container.seek(key_frame.timestamp, stream=checked_stream(container, max_pixels))
    yield from decoded_frames(container, max_pixels, origin=origin)


def _frames_shown_at(frames: Iterator[_AnyFrame], times: Sequence[float]) -> Iterator[Frame]:
    remaining = list(times)
    for shown in frames:
        until = shown.until - _SAME_TIME
        if remaining and until > remaining[0]:
            rgb = shown.to_rgb()
            while remaining and remaining[0] < until:
                yield Frame(rgb, remaining.pop(0))
        if not remaining:
            break


@contextlib.contextmanager
def _animation(source: Source, max_pixels: int, warn: Warn) -> Iterator[_Animation | None]:
    """Open an animated picture that Pillow decodes; None for other files."""
    with open_source(source) as file:
        timeline = read_timeline(file, file.read(HEAD_BYTES))
        if timeline is None or len(timeline.durations) < _LEAST_FRAMES:
            yield None
        else:
            yield _Animation(timeline, shown_frames(file, timeline, max_pixels, warn))


@contextlib.contextmanager
def _all_frames(source: Source, max_pixels: int) -> Iterator[Iterator[_AnyFrame]]:
    """Open a clip or an animated picture and yield its frames in order. Raises UnreadableMedia."""
    with _animation(source, max_pixels, ignore_caution) as animation:
        if animation is not None:
            yield animation.frames
            return
    with open_container(source) as container:
        yield decoded_frames(container, max_pixels)


def _no_frames() -> UnreadableMedia:
    return UnreadableMedia("no_frames", "The video holds no frame that can be decoded.")
