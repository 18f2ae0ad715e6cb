"""Clips from strangers: evenly spaced frames, decoded in one pass with bounded memory (PyAV).

Codes of UnreadableMedia raised here, beside those of images.py: `corrupt_video`, `no_frames`, `too_many_pixels` and `video_too_long`.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from laanet_core.errors import UnreadableMedia
from laanet_core.media.container_size import Extent, extent_of
from laanet_core.media.images import Source, opened_file, sniff_file
from laanet_core.results import Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage  # which needs OpenCV

DEMUXERS = ("mov", "matroska", "avi")  # nothing that could name other files or addresses
MAX_SECONDS = 600.0
MAX_FRAME_PIXELS = 4096 * 2304
MIN_SIDE = 16
MIN_GAP = 0.03  # seconds; of a film with more than 33 frames a second every second one, or fewer, is given
_CUT_FRAMES, _CUT_SHARE = (
    3,
    0.02,
)  # of a clip, up to which its end may be missing without a word; the share of its bytes too
_LOST_AFTER_ERRORS = 50  # packets in a row that do not decode
_THREADS = 4  # each holds pictures of its own


@dataclass(frozen=True)
class Frame:
    """One upright frame (H, W, 3) uint8 RGB, shown `time` seconds after the clip's start."""

    rgb: RGBImage
    time: float


@dataclass(frozen=True)
class _Reach:
    """How far a clip's packets go: the pictures' from the first one's start to the last one's end in seconds, for what containers claim is
    often wrong; those of all streams up to this `place` in the file.
    """

    seconds: float
    place: int


@dataclass(frozen=True)
class _Announced:
    """What a container says of its pictures: how long they last, None where it does not say, and about how long each is shown."""

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
    """Up to `count` frames, evenly spaced over the clip by presentation time, upright by its rotation flag.

    A clip shorter than `count` frames gives all it has; of a clip with a damaged part what decodes is given, and `warn` is told
    (cut_short before the first frame, damaged_parts). Only one frame is held at a time. Raises UnreadableMedia, at the latest when the
    iterator ends without having given a frame.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    with opened(source) as container:
        reached = _checked_reach(container, max_seconds, max_pixels)
        announced = _announced(container)
    with opened_file(source) as file:
        cut = _is_cut_short(extent_of(file), reached, announced)
    if cut:
        warn("cut_short")
    with opened(source) as container:
        yield from _spaced_frames(
            container,
            count,
            reached.seconds,
            max_seconds=max_seconds,
            max_pixels=max_pixels,
            warn=warn,
            cut=cut,
        )


def read_length(
    source: Source, *, max_seconds: float = MAX_SECONDS, max_pixels: int = MAX_FRAME_PIXELS
) -> float:
    """Seconds of a clip, by its packets. Raises UnreadableMedia."""
    with opened(source) as container:
        return _checked_reach(container, max_seconds, max_pixels).seconds


def read_film(
    source: Source, *, size: tuple[int, int], seconds: float, max_pixels: int = MAX_FRAME_PIXELS
) -> Generator[Frame]:
    """Every frame of a clip's first `seconds`, upright and brought to `size` (width, height); at most 33 a second.

    Only one frame is held at a time. Raises UnreadableMedia, at the latest when the iterator ends without having given a frame.
    """
    latest: float | None = None
    with opened(source) as container:
        stream = _checked_stream(container, max_pixels)
        _use_threads(stream)
        for frame, time in _decoded(container, stream):
            if time > seconds:
                break
            if latest is not None and time - latest < MIN_GAP:
                continue
            latest = time
            _check_size(frame.width, frame.height, max_pixels)
            turns = _turns(frame)
            width, height = size if turns % 2 == 0 else size[::-1]
            small = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
            yield Frame(np.array(np.rot90(small, turns), np.uint8, order="C"), round(time, 6))
    if latest is None:
        raise UnreadableMedia("no_frames", "The video holds no frame that can be decoded.")


def read_at(
    source: Source, times: Sequence[float], *, max_pixels: int = MAX_FRAME_PIXELS
) -> Generator[Frame]:
    """The frames shown at `times` (seconds, rising), upright, decoded in one pass; a time past the end gives none.

    Only one frame is held at a time. Raises UnreadableMedia, at the latest when the iterator ends without having given a frame.
    """
    wanted, given = list(times), False
    with opened(source) as container:
        stream = _checked_stream(container, max_pixels)
        _use_threads(stream)
        for frame, time in _decoded(container, stream):
            if not wanted:
                break
            if time + _half_a_frame(stream) < wanted[0]:
                continue
            _check_size(frame.width, frame.height, max_pixels)
            rgb = _upright(frame)
            while wanted and wanted[0] <= time + _half_a_frame(stream):
                given = True
                yield Frame(rgb, wanted.pop(0))
    if wanted and not given:
        raise UnreadableMedia("no_frames", "The video holds no frame that can be decoded.")


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Any]:
    """A container read through a file object, so that no name in it is ever opened; what FFmpeg says of it becomes UnreadableMedia."""
    if sniff_file(source) != "video":
        raise UnreadableMedia("unsupported_type", "This is not a video (MP4, MOV, WebM, MKV, AVI).")
    options = {"format_whitelist": demuxers()}
    try:
        with (
            opened_file(source) as file,
            av.open(file, "r", options=options, metadata_errors="ignore") as container,
        ):
            yield container
    except av.error.FFmpegError as error:
        raise UnreadableMedia("corrupt_video", "The video is damaged and cannot be opened.") from error


@cache
def demuxers() -> str:
    """The names of DEMUXERS as this FFmpeg knows them, as it takes them."""
    names = [name for name in av.formats_available if set(name.split(",")) & set(DEMUXERS)]
    return ",".join(sorted({part for name in names for part in name.split(",")} | set(DEMUXERS)))


def _checked_reach(container: Any, max_seconds: float, max_pixels: int) -> _Reach:
    """How far the packets go. Raises UnreadableMedia for what cannot or must not be decoded."""
    stream = _checked_stream(container, max_pixels)
    reached = _reach(container, stream, max_seconds)
    if reached.seconds > max_seconds:
        raise UnreadableMedia("video_too_long", f"The video is longer than {max_seconds / 60:g} minutes.")
    return reached


def _checked_stream(container: Any, max_pixels: int) -> Any:
    if not container.streams.video:
        raise UnreadableMedia("no_frames", "The file holds no pictures, only sound or nothing at all.")
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise UnreadableMedia("corrupt_video", "The video is in a format that cannot be decoded.")
    _check_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
    return stream


def _announced(container: Any) -> _Announced:
    stream = container.streams.video[0]
    seconds: float | None = None
    if container.format.name == "avi":  # its duration is scaled down by FFmpeg to what is left of a file
        seconds = float(stream.frames * stream.time_base)
    elif stream.duration is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / av.time_base
    return _Announced(seconds, 2 * _half_a_frame(stream))


def _is_cut_short(extent: Extent, reached: _Reach, announced: _Announced) -> bool:
    """Whether clearly more bytes should be there than could be read, and the pictures end clearly before the time announced.

    Either alone would blame whole clips: announced times are often wrong, sound may outlast the pictures and the last of them be shown
    for long; and what is missing of the bytes may be a list of contents. Of a clip in fragments no time is announced that says more than
    they do.
    """
    if extent.fragmented:
        return extent.announced > extent.size
    if max(extent.announced, extent.size) - reached.place <= _CUT_SHARE * extent.announced:
        return False
    if announced.seconds is None:
        return extent.announced > extent.size
    return announced.seconds - reached.seconds > max(
        _CUT_FRAMES * announced.frame, _CUT_SHARE * announced.seconds
    )


def _spaced_frames(
    container: Any, count: int, duration: float, *, max_seconds: float, max_pixels: int, warn: Warn, cut: bool
) -> Iterator[Frame]:
    stream = container.streams.video[0]
    _use_threads(stream)
    wanted = [(number + 0.5) * duration / count for number in range(count)] if duration > 0 else []
    given = 0
    for frame, time in _decoded(container, stream, warn, cut=cut):
        if time > max_seconds:
            break
        if wanted:
            if time + _half_a_frame(stream) < wanted[0]:
                continue
            while wanted and wanted[0] <= time + _half_a_frame(stream):
                wanted.pop(0)  # a gap in the clip may swallow several
        elif given == count or duration > 0:
            break
        _check_size(frame.width, frame.height, max_pixels)
        yield Frame(_upright(frame), round(time, 6))
        given += 1
    if not given:
        raise UnreadableMedia("no_frames", "The video holds no frame that can be decoded.")


def _use_threads(stream: Any) -> None:
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = min(os.cpu_count() or 1, _THREADS)


def _decoded(
    container: Any, stream: Any, warn: Warn = ignore_caution, *, cut: bool = False
) -> Iterator[tuple[Any, float]]:
    """Frames in presentation order with their times from the first frame on; damaged packets are passed over, and `warn` is told: of a
    clip that is `cut` short only where another frame follows, for its last packet is a torn one as a rule.
    """
    first: float | None = None
    damaged = False
    for frames in _by_packet(container.demux(stream)):
        damaged = damaged or frames is None
        for frame in frames or ():
            if frame.time is None:
                continue
            if damaged:
                warn("damaged_parts")
            damaged = frame.is_corrupt  # decoded, with its damaged parts made up
            first = frame.time if first is None else first
            yield frame, max(frame.time - first, 0.0)
    if damaged and not cut:
        warn("damaged_parts")


def _by_packet(packets: Iterator[Any]) -> Iterator[list[Any] | None]:
    """The frames that each packet completes; None for one that does not decode. Ends where nothing more is to be hoped for."""
    errors = 0
    while errors <= _LOST_AFTER_ERRORS:
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


def _reach(container: Any, stream: Any, max_seconds: float) -> _Reach:
    """Counting stops past `max_seconds`, and where the rest is damaged."""
    first, last, place = math.inf, -math.inf, 0
    with contextlib.suppress(av.error.FFmpegError):
        for packet in container.demux():
            if packet.pos is not None:
                place = max(place, packet.pos + packet.size)
            moment = packet.pts if packet.pts is not None else packet.dts
            if packet.stream_index != stream.index or moment is None or packet.time_base is None:
                continue
            time = float(moment * packet.time_base)
            first, last = min(first, time), max(last, time + float((packet.duration or 0) * packet.time_base))
            if last - first > max_seconds:
                break
    return _Reach(max(last - first, 0.0) if math.isfinite(first) else 0.0, place)


def _half_a_frame(stream: Any) -> float:
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


def _upright(frame: Any) -> RGBImage:
    rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    return np.ascontiguousarray(np.rot90(rgb, _turns(frame)))


def _turns(frame: Any) -> int:
    """Quarter turns that bring a frame upright, counter-clockwise, as numpy turns."""
    return int(round(frame.rotation / 90) % 4)
