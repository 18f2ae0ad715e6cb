"""Containers of untrusted clips, opened as PyAV containers, and the limits of their frames.

Codes of UnreadableMedia raised here: `unsupported_type`, `corrupt_video`, `no_frames`, `too_many_pixels` and
`image_too_small`.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from functools import cache
from typing import Any

import av

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import Source, open_source, sniff_file
from laanet_core.media.patience import CLIP_SECONDS, ClipFile
from laanet_core.media.stream_choice import shown_stream

# FFmpeg's demuxers that read no other files or addresses.
DEMUXERS = ("mov", "matroska", "avi")

# Largest frame in pixels: action cameras record 4000 x 3000.
MAX_FRAME_PIXELS = 4096 * 3072

# Smallest side of a frame in pixels.
MIN_SIDE = 16

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


class Container:
    """PyAV's input container, of which opening, seeking and each packet take a bounded time.

    It has all attributes of PyAV's object.
    """

    def __init__(self, container: Any, file: ClipFile) -> None:
        self._container = container
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, *streams: Any) -> Iterator[Any]:
        """Yield the packets of streams, of all by default. Raises UnreadableMedia and PyAV's errors."""
        packets = self._container.demux(*streams)
        while True:
            with self._file.limit():
                packet = next(packets, None)
            if packet is None:
                return
            yield packet

    def seek(self, timestamp: int, *, stream: Any) -> None:
        """Go to the key frame before a timestamp of a stream. Raises UnreadableMedia and PyAV's errors."""
        with self._file.limit():
            self._container.seek(timestamp, stream=stream)


@contextlib.contextmanager
def open_container(source: Source) -> Iterator[Container]:
    """Open a clip as a PyAV container; errors of the libraries become UnreadableMedia.

    The container reads a file object, so that no file name inside it is ever opened.
    """
    if sniff_file(source) != "video":
        raise UnreadableMedia("unsupported_type", "This is not a video (MP4, MOV, WebM, MKV, AVI).")
    options = {"format_whitelist": demuxers()}
    try:
        with open_source(source) as file:
            clip = ClipFile(file, CLIP_SECONDS)
            with clip.limit():
                container = av.open(clip, "r", options=options, metadata_errors="ignore")
            with container:
                yield Container(container, clip)
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


def checked_stream(container: Any, max_pixels: int) -> Any:
    """Return the shown video stream of an open container; frames have at most `max_pixels`.

    Raises UnreadableMedia if there is none, no decoder for it, or its frames are too large or too small.
    """
    stream = shown_stream(container)
    if stream is None:
        raise UnreadableMedia("no_frames", "The file holds no pictures, only sound or nothing at all.")
    if stream.codec_context is None:
        raise UnreadableMedia("corrupt_video", "The video is in a format that cannot be decoded.")
    check_frame_size(stream.codec_context.width, stream.codec_context.height, max_pixels)
    return stream


def check_frame_size(width: int, height: int, max_pixels: int) -> None:
    """Raise UnreadableMedia if a frame has more than `max_pixels`, or a side below MIN_SIDE."""
    if width * height > max_pixels:
        raise UnreadableMedia(
            "too_many_pixels", f"The video's frames have more than {max_pixels / 1e6:.1f} million pixels."
        )
    if 0 < min(width, height) < MIN_SIDE:
        raise UnreadableMedia(
            "image_too_small",
            f"The video has {width} x {height} pixels; at least {MIN_SIDE} on each side are needed.",
        )
