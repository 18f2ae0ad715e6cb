"""Length of a clip, measured on its packets, and whether the end of the clip is missing.

Codes of UnreadableMedia raised here, beside those of container.py: `video_too_long`.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from dataclasses import dataclass
from time import thread_time
from typing import Any

import av

from laanet_core.errors import UnreadableMedia
from laanet_core.media.clip_start import clip_start
from laanet_core.media.container import checked_stream
from laanet_core.media.container_size import ContainerSize
from laanet_core.media.stream_choice import shown_stream

# Longest clip in seconds.
MAX_SECONDS = 600.0

# A clip counts as cut short if more than this is missing: frames, and a share of its length and of its bytes.
_CUT_FRAMES = 3
_CUT_SHARE = 0.02

# Seconds from which on frames to which no other refers are not decoded to choose frames, if no frame is shown
# for longer than _DENSE_INTERVAL.
_LONG_SECONDS = 60.0
_DENSE_INTERVAL = 0.07

# Processor time in seconds to read the packets of a clip without decoding them. The longest takes one.
SCAN_SECONDS = 3.0
_PACKETS_PER_LOOK = 64


@dataclass(frozen=True)
class PacketSpan:
    """Seconds from the clip's start to the last picture's end, and the last byte of any packet.

    Both come from the packets, because containers often declare wrong values. `times` are those of the
    pictures in seconds, ascending.
    """

    seconds: float
    last_byte: int
    times: tuple[float, ...]


@dataclass(frozen=True)
class DeclaredLength:
    """Length that a container declares for its pictures (None: none), and that of one frame, in seconds."""

    seconds: float | None
    frame: float


def checked_span(container: Any, max_seconds: float, max_pixels: int) -> PacketSpan:
    """Measure a clip. Raises UnreadableMedia if it cannot be decoded or exceeds the limits."""
    span = _packet_span(container, checked_stream(container, max_pixels), max_seconds)
    if span.seconds > max_seconds:
        raise UnreadableMedia("video_too_long", f"The video is longer than {max_seconds / 60:g} minutes.")
    return span


def _packet_span(container: Any, stream: Any, max_seconds: float) -> PacketSpan:
    """Measure the packets; stops past `max_seconds` and where the rest is damaged.

    Raises UnreadableMedia if they take too long, or an edit list hides all of them.
    """
    has_hidden = False
    starts: list[float] = []
    first, last, last_byte = math.inf, -math.inf, 0
    deadline = thread_time() + SCAN_SECONDS
    with contextlib.suppress(av.error.FFmpegError):
        for number, packet in enumerate(container.demux()):
            if number % _PACKETS_PER_LOOK == 0 and thread_time() > deadline:
                raise UnreadableMedia("corrupt_video", "The video is damaged: its packets have no end.")
            if packet.pos is not None:
                last_byte = max(last_byte, packet.pos + packet.size)
            timestamp = packet.pts if packet.pts is not None else packet.dts
            if packet.stream_index != stream.index or timestamp is None or packet.time_base is None:
                continue
            # An edit list hides such packets, which other frames need.
            if packet.is_discard:
                has_hidden = True
                continue
            start = float(timestamp * packet.time_base)
            starts.append(start)
            first = min(first, start)
            last = max(last, start + float((packet.duration or 0) * packet.time_base))
            if last - first > max_seconds:
                break
    if has_hidden and not starts:
        raise UnreadableMedia("no_frames", "The video hides all of its frames.")
    seconds = max(last - clip_start(container, stream, first), 0.0) if starts else 0.0
    return PacketSpan(seconds, last_byte, tuple(sorted(starts)))


def declared_length(container: Any) -> DeclaredLength:
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
    return DeclaredLength(seconds, frame_seconds(stream))


def is_cut_short(size: ContainerSize, span: PacketSpan, declared: DeclaredLength) -> bool:
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


def is_long_and_dense(span: PacketSpan) -> bool:
    """Return whether single frames of a clip can be skipped: it is long, and each is shown for a moment."""
    if span.seconds < _LONG_SECONDS or len(span.times) < 2:
        return False
    return max(after - before for before, after in itertools.pairwise(span.times)) <= _DENSE_INTERVAL


def frame_seconds(stream: Any) -> float:
    """Return the time in seconds for which a frame of a stream is usually shown."""
    rate = float(stream.average_rate or 0)
    return 1 / rate if rate > 1 else 0.04
