"""Frames of untrusted clips, decoded in one pass with bounded memory (PyAV).

Codes of UnreadableMedia raised here, beside those of images.py: `corrupt_video`, `no_frames`,
`too_many_pixels` and `video_too_long`.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from laanet_core.errors import UnreadableMedia
from laanet_core.media.animations import (
    AnimationFrame,
    Timeline,
    read_timeline,
    require_length,
    shown_frames,
)
from laanet_core.media.container_size import ContainerSize, container_size
from laanet_core.media.deinterlacing import deinterlaced
from laanet_core.media.display_matrix import orientation_of
from laanet_core.media.frame_selection import Passage, choose_frames
from laanet_core.media.images import HEAD_BYTES, Source, open_source, sniff_file
from laanet_core.media.shots import Thumbnail, thumbnail
from laanet_core.media.stream_choice import shown_stream
from laanet_core.results import Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage

# FFmpeg's demuxers that read no other files or addresses.
DEMUXERS = ("mov", "matroska", "avi")

# Longest clip in seconds.
MAX_SECONDS = 600.0

# Largest frame in pixels: action cameras record 4000 x 3000.
MAX_FRAME_PIXELS = 4096 * 3072

# Smallest side of a frame in pixels.
MIN_SIDE = 16

# Shortest time in seconds between two frames of `read_film`, which skips the others.
MIN_GAP = 0.03

# A clip counts as cut short if more than this is missing: frames, and a share of its length and of its bytes.
_CUT_FRAMES = 3
_CUT_SHARE = 0.02

# Errors, beside FFmpeg's, with which PyAV and NumPy answer values that a broken file may have.
_LIBRARY_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)

# Errors of the system that say nothing about the file: threads and buffers need memory.
_SHORTAGES = (errno.EAGAIN, errno.ENOMEM)

# Frames from which on a picture is animated.
_LEAST_FRAMES = 2

# Consecutive packets that do not decode, after which the rest of the clip is given up.
_MAX_ERRORS = 50

# Decoding threads. Each needs memory for frames of its own, so that large frames get one.
_MAX_THREADS = 4
_THREADED_PIXELS = 4096 * 2304

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


@dataclass(frozen=True)
class _ShownFrame:
    """Decoded PyAV frame, shown from `time` to `until` (seconds since the first one), with its neighbours.

    A frame that is not interlaced has no neighbours.
    """

    frame: Any
    time: float
    until: float
    is_last: bool
    before: Any | None
    after: Any | None

    def to_thumbnail(self) -> Thumbnail:
        """Return the grey values (SIDE, SIDE) of the frame."""
        return thumbnail(self.frame)

    def to_rgb(self, *, size: tuple[int, int] | None = None) -> RGBImage:
        """Return the upright frame (H, W, 3) uint8 without interlacing, of an upright (width, height)."""
        orientation = orientation_of(self.frame)
        # A thread per frame would cost more than it saves, and each needs memory for its stack.
        options: dict[str, Any] = {"format": "rgb24", "threads": 1}
        if size is not None:
            width, height = size[::-1] if orientation.transposed else size
            options.update(width=width, height=height, interpolation="AREA")
        frame = deinterlaced(self.frame, self.before, self.after)
        return orientation.upright(np.asarray(frame.to_ndarray(**options), np.uint8))


_AnyFrame = _ShownFrame | AnimationFrame


@dataclass(frozen=True)
class _Animation:
    """Opened animated picture."""

    timeline: Timeline
    frames: Iterator[AnimationFrame]


@dataclass(frozen=True)
class _PacketSpan:
    """Seconds from the first picture's start to the last one's end, and the last byte of any packet.

    Both come from the packets, because containers often declare wrong values.
    """

    seconds: float
    last_byte: int


@dataclass(frozen=True)
class _DeclaredLength:
    """Length that a container declares for its pictures (None: none), and that of one frame, in seconds."""

    seconds: float | None
    frame: float


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
            yield from _frames_of(copies, count, animation.timeline.seconds, max_seconds)
            return
    with open_container(source) as container:
        span = _checked_span(container, max_seconds, max_pixels)
        declared = _declared_length(container)
    with open_source(source) as file:
        cut_short = _is_cut_short(container_size(file), span, declared)
    if cut_short:
        warn("cut_short")
    with open_container(source) as container:
        frames = _shown_frames(container, max_pixels, warn, cut_short=cut_short)
        yield from _frames_of(frames, count, span.seconds, max_seconds)


def _frames_of(
    frames: Iterator[_AnyFrame], count: int, seconds: float, max_seconds: float
) -> Generator[Frame]:
    is_empty = True
    for shown, passage in choose_frames(frames, count, seconds, max_seconds=max_seconds):
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
        return _checked_span(container, max_seconds, max_pixels).seconds


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
    remaining = list(times)
    is_empty = True
    with _all_frames(source, max_pixels) as frames:
        for shown in frames:
            if not remaining:
                break
            until = shown.until - _SAME_TIME
            if until <= remaining[0]:
                continue
            rgb = shown.to_rgb()
            while remaining and remaining[0] < until:
                is_empty = False
                yield Frame(rgb, remaining.pop(0))
    if remaining and is_empty:
        raise _no_frames()


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
        yield _shown_frames(container, max_pixels)


@contextlib.contextmanager
def open_container(source: Source) -> Iterator[Any]:
    """Open a clip as a PyAV container; errors of the libraries become UnreadableMedia.

    The container reads a file object, so that no file name inside it is ever opened.
    """
    if sniff_file(source) != "video":
        raise UnreadableMedia("unsupported_type", "This is not a video (MP4, MOV, WebM, MKV, AVI).")
    options = {"format_whitelist": demuxers()}
    try:
        with (
            open_source(source) as file,
            av.open(file, "r", options=options, metadata_errors="ignore") as container,
        ):
            yield container
    except MemoryError:
        raise
    except (av.error.FFmpegError, *_LIBRARY_ERRORS) as error:
        if getattr(error, "errno", None) in _SHORTAGES:
            raise MemoryError("no memory for another thread or buffer") from error
        raise UnreadableMedia("corrupt_video", "The video is damaged and cannot be opened.") from error


@cache
def demuxers() -> str:
    """Return FFmpeg's names of DEMUXERS, separated by commas, as its whitelist expects them."""
    names = set(DEMUXERS)
    for aliases in av.formats_available:
        if set(aliases.split(",")) & set(DEMUXERS):
            names.update(aliases.split(","))
    return ",".join(sorted(names))


def _no_frames() -> UnreadableMedia:
    return UnreadableMedia("no_frames", "The video holds no frame that can be decoded.")


def _checked_span(container: Any, max_seconds: float, max_pixels: int) -> _PacketSpan:
    """Measure a clip. Raises UnreadableMedia if it cannot be decoded or exceeds the limits."""
    span = _packet_span(container, _checked_stream(container, max_pixels), max_seconds)
    if span.seconds > max_seconds:
        raise UnreadableMedia("video_too_long", f"The video is longer than {max_seconds / 60:g} minutes.")
    return span


def _checked_stream(container: Any, max_pixels: int) -> Any:
    stream = shown_stream(container)
    if stream is None:
        raise UnreadableMedia("no_frames", "The file holds no pictures, only sound or nothing at all.")
    if stream.codec_context is None:
        raise UnreadableMedia("corrupt_video", "The video is in a format that cannot be decoded.")
    _check_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
    return stream


def _packet_span(container: Any, stream: Any, max_seconds: float) -> _PacketSpan:
    """Measure the packets; stops past `max_seconds` and where the rest is damaged."""
    first, last, last_byte = math.inf, -math.inf, 0
    with contextlib.suppress(av.error.FFmpegError):
        for packet in container.demux():
            if packet.pos is not None:
                last_byte = max(last_byte, packet.pos + packet.size)
            timestamp = packet.pts if packet.pts is not None else packet.dts
            if packet.stream_index != stream.index or timestamp is None or packet.time_base is None:
                continue
            # An edit list hides such packets, which other frames need.
            if packet.is_discard:
                continue
            start = float(timestamp * packet.time_base)
            first = min(first, start)
            last = max(last, start + float((packet.duration or 0) * packet.time_base))
            if last - first > max_seconds:
                break
    return _PacketSpan(max(last - first, 0.0) if math.isfinite(first) else 0.0, last_byte)


def _declared_length(container: Any) -> _DeclaredLength:
    stream = shown_stream(container)
    assert stream is not None, "the stream was checked before"
    seconds: float | None = None
    # FFmpeg scales the duration of a truncated AVI down to what is left, but not its number of frames.
    if container.format.name == "avi":
        seconds = float(stream.frames * stream.time_base)
    elif stream.duration is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / av.time_base
    return _DeclaredLength(seconds, 2 * _half_frame(stream))


def _is_cut_short(size: ContainerSize, span: _PacketSpan, declared: _DeclaredLength) -> bool:
    """Return whether both bytes and pictures end clearly before the container says.

    Either alone would blame complete clips. Declared lengths are often wrong, sound may outlast the
    pictures, and the last picture may be shown for long; missing bytes may be an index. A clip in fragments
    declares no useful length.
    """
    is_smaller = size.declared > size.actual
    if size.fragmented:
        return is_smaller
    unread = max(size.declared, size.actual) - span.last_byte
    if unread <= _CUT_SHARE * size.declared:
        return False
    if declared.seconds is None:
        return is_smaller
    missing = declared.seconds - span.seconds
    return missing > max(_CUT_FRAMES * declared.frame, _CUT_SHARE * declared.seconds)


def _use_threads(stream: Any) -> None:
    context = stream.codec_context
    threads = min(os.cpu_count() or 1, _MAX_THREADS)
    stream.thread_type = "AUTO"
    context.thread_count = threads if context.width * context.height <= _THREADED_PIXELS else 1


def _shown_frames(
    container: Any, max_pixels: int, warn: Warn = ignore_caution, *, cut_short: bool = False
) -> Iterator[_ShownFrame]:
    """Yield the frames of the shown stream in order, each with the time until which it is shown.

    Raises UnreadableMedia. The other parameters are those of `_decode`.
    """
    stream = _checked_stream(container, max_pixels)
    _use_threads(stream)
    before: Any | None = None
    current: tuple[Any, float] | None = None
    for frame, time in _decode(container, stream, warn, cut_short=cut_short):
        _check_size(frame.width, frame.height, max_pixels)
        if current is not None:
            yield _shown(current, time, before, frame)
            before = current[0] if frame.interlaced_frame else None
        current = (frame, time)
    if current is not None:
        frame, time = current
        lasting = float((frame.duration or 0) * frame.time_base) or 2 * _half_frame(stream)
        yield _shown(current, time + lasting, before, None)


def _shown(current: tuple[Any, float], until: float, before: Any | None, after: Any | None) -> _ShownFrame:
    frame, time = current
    is_last = after is None
    if not frame.interlaced_frame:
        before = after = None
    return _ShownFrame(frame, time, until, is_last, before, after)


def _decode(
    container: Any, stream: Any, warn: Warn = ignore_caution, *, cut_short: bool = False
) -> Iterator[tuple[Any, float]]:
    """Yield frames in presentation order with their times since the first frame; skips damaged packets.

    `warn` receives damaged_parts. The last packet of a clip that is `cut_short` is usually incomplete, so
    there a damaged packet counts only if another frame follows.
    """
    first: float | None = None
    latest = 0.0
    damaged = False
    for frames in _decode_packets(container.demux(stream)):
        damaged = damaged or frames is None
        for frame in frames or ():
            if frame.time is None:
                continue
            if damaged:
                warn("damaged_parts")
            # A corrupt frame was decoded with its damaged parts concealed.
            damaged = frame.is_corrupt
            first = frame.time if first is None else first
            # Broken clips have times that step back.
            latest = max(frame.time - first, latest)
            yield frame, latest
    if damaged and not cut_short:
        warn("damaged_parts")


def _decode_packets(packets: Iterator[Any]) -> Iterator[list[Any] | None]:
    """Yield the frames that each packet completes, None if it does not decode; ends after too many errors."""
    errors = 0
    while errors <= _MAX_ERRORS:
        try:
            frames = next(packets).decode()
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError:
            errors += 1
            yield None
            continue
        errors = 0
        yield frames


def _half_frame(stream: Any) -> float:
    """Return half the time in seconds for which a frame is shown."""
    rate = float(stream.average_rate or 0)
    return 0.5 / rate if rate > 1 else 0.02


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise UnreadableMedia(
            "too_many_pixels", f"The video's frames have more than {max_pixels / 1e6:.1f} million pixels."
        )
    if 0 < min(width, height) < MIN_SIDE:
        raise UnreadableMedia(
            "image_too_small",
            f"The video has {width} x {height} pixels; at least {MIN_SIDE} on each side are needed.",
        )
