"""Frames of an open clip, decoded in order with the times at which they are shown (PyAV)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from laanet_core.media.clip_length import frame_seconds
from laanet_core.media.clip_start import clip_start
from laanet_core.media.container import check_frame_size, checked_stream
from laanet_core.media.continuity import Thumbnail
from laanet_core.media.deinterlacing import deinterlaced
from laanet_core.media.display_matrix import orientation_of
from laanet_core.media.pixel_aspect import shown_size
from laanet_core.media.shots import thumbnail
from laanet_core.results import Warn, ignore_caution

if TYPE_CHECKING:
    from laanet_core.types import RGBImage

# Consecutive packets that do not decode, after which the rest of the clip is given up.
_MAX_ERRORS = 50

# Processor time in seconds of all threads until the first frame, and from each frame to the next, after
# which the rest of the clip is given up.
FIRST_FRAME_SECONDS = 3.0
_NEXT_FRAME_SECONDS = 15.0

# Packets that a decoder may read ahead of a frame: 16 that are reordered, one per thread, and some more.
_MAX_DELAY = 24

# Packets before a frame that an edit list may hide without counting: a trimmed clip begins at a key frame,
# which is seconds earlier, and large frames take long.
_MAX_HIDDEN = 600

# Decoding threads. Each needs memory for frames of its own, so that large frames get one.
_MAX_THREADS = 4
_THREADED_PIXELS = 4096 * 2304


@dataclass(frozen=True)
class DecodedFrame:
    """Decoded PyAV frame, shown from `time` to `until` (seconds since the first one), with its neighbours.

    A frame that is not interlaced has no neighbours. `size` is the stored frame's (width, height) in square
    pixels.
    """

    frame: Any
    time: float
    until: float
    is_last: bool
    before: Any | None
    after: Any | None
    size: tuple[int, int]

    @property
    def pixels(self) -> int:
        """Number of pixels that are in memory."""
        return int(self.frame.width * self.frame.height)

    def to_thumbnail(self) -> Thumbnail:
        """Return the grey values (SIDE, SIDE) of the frame."""
        return thumbnail(self.frame)

    def to_rgb(self, *, size: tuple[int, int] | None = None) -> RGBImage:
        """Return the upright frame (H, W, 3) uint8 without interlacing, of an upright (width, height)."""
        orientation = orientation_of(self.frame)
        # A thread per frame would cost more than it saves, and each needs memory for its stack.
        options: dict[str, Any] = {"format": "rgb24", "threads": 1}
        stored = (self.frame.width, self.frame.height)
        if size is not None:
            width, height = size[::-1] if orientation.transposed else size
            options.update(width=width, height=height, interpolation="AREA")
        elif self.size != stored:
            interpolation = "AREA" if math.prod(self.size) < math.prod(stored) else "BICUBIC"
            options.update(width=self.size[0], height=self.size[1], interpolation=interpolation)
        frame = deinterlaced(self.frame, self.before, self.after)
        return orientation.upright(np.asarray(frame.to_ndarray(**options), np.uint8))


def decoded_frames(
    container: Any,
    max_pixels: int,
    warn: Warn = ignore_caution,
    *,
    cut_short: bool = False,
    origin: float | None = None,
) -> Iterator[DecodedFrame]:
    """Yield the frames of the shown stream in order, each with the time until which it is shown.

    The times are seconds since `origin`, by default since the clip's start (`clip_start`). `warn`
    receives damaged_parts. The last packet of a clip that is `cut_short` is usually incomplete, so there a
    damaged packet counts only if another frame follows. Raises UnreadableMedia.
    """
    stream = checked_stream(container, max_pixels)
    _use_threads(stream)
    aspect = stream.sample_aspect_ratio

    def shown_size_of(frame: Any) -> tuple[int, int]:
        return shown_size(frame.width, frame.height, aspect, max_pixels)

    before: Any | None = None
    current: tuple[Any, float] | None = None
    for frame, time in _decode(container, stream, warn, cut_short=cut_short, origin=origin):
        check_frame_size(frame.width, frame.height, max_pixels)
        if current is not None:
            yield _shown(current, time, before, frame, shown_size_of(current[0]))
            before = current[0] if frame.interlaced_frame else None
        current = (frame, time)
    if current is not None:
        frame, time = current
        lasting = float((frame.duration or 0) * frame.time_base) or frame_seconds(stream)
        yield _shown(current, time + lasting, before, None, shown_size_of(frame))


def clip_origin(container: Any, stream: Any) -> float | None:
    """Return the timestamp in seconds at which a clip's time begins, None if no frame decodes."""
    return next((frame.time - time for frame, time in _decode(container, stream)), None)


def _shown(
    current: tuple[Any, float], until: float, before: Any | None, after: Any | None, size: tuple[int, int]
) -> DecodedFrame:
    frame, time = current
    is_last = after is None
    if not frame.interlaced_frame:
        before = after = None
    return DecodedFrame(frame, time, until, is_last, before, after, size)


def _decode(
    container: Any,
    stream: Any,
    warn: Warn = ignore_caution,
    *,
    cut_short: bool = False,
    origin: float | None = None,
) -> Iterator[tuple[Any, float]]:
    """Yield frames in presentation order with their times; skips damaged packets.

    The parameters are those of `decoded_frames`.
    """
    first = origin
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
            first = clip_start(container, stream, frame.time) if first is None else first
            # Broken clips have times that step back.
            latest = max(frame.time - first, latest)
            yield frame, latest
    if damaged and not cut_short:
        warn("damaged_parts")


def _decode_packets(packets: Iterator[Any]) -> Iterator[list[Any] | None]:
    """Yield the frames that each packet completes, None if it does not decode.

    Ends after too many errors, and after too much time without a frame.
    """
    errors = hidden = fruitless = 0
    spent, limit = 0.0, FIRST_FRAME_SECONDS
    while errors <= _MAX_ERRORS and (spent <= limit or fruitless <= _MAX_DELAY):
        began = process_time()
        frames, is_hidden = None, False
        try:
            packet = next(packets)
            is_hidden = packet.is_discard and hidden < _MAX_HIDDEN
            frames = packet.decode()
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError:
            pass
        errors = errors + 1 if frames is None else 0
        if frames:
            hidden, fruitless = 0, 0
            spent, limit = 0.0, _NEXT_FRAME_SECONDS
        elif is_hidden:
            hidden += 1
        else:
            fruitless += 1
            spent += process_time() - began
        yield frames


def _use_threads(stream: Any) -> None:
    context = stream.codec_context
    threads = min(os.cpu_count() or 1, _MAX_THREADS)
    stream.thread_type = "AUTO"
    context.thread_count = threads if context.width * context.height <= _THREADED_PIXELS else 1
