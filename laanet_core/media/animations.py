"""Animated pictures as clips: GIF, WebP and PNG with several frames, decoded by Pillow.

AVIF sequences are recognised here too; their container is an MP4's, and `video` decodes them.
"""

from __future__ import annotations

import dataclasses
import io
import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media.continuity import SIDE, Thumbnail
from laanet_core.media.pillow_errors import DamagedPicture, pillow_errors
from laanet_core.media.transparency import on_white

if TYPE_CHECKING:
    from laanet_core.results import Warn
    from laanet_core.types import RGBImage

# Browsers show a frame of at most 10 milliseconds for 100.
_SHORTEST, _USUAL = 0.010, 0.100

# Frames, and parts of a file that are read to find them.
_MAX_FRAMES = 100_000
_MAX_PARTS = 500_000

# Processor time in seconds to decode the frames of one animation. Real ones take a few seconds.
DECODING_SECONDS = 20.0

# Bytes at the start of an AVIF that contain its tables.
_AVIF_BYTES = 1 << 20

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_FRAME_CONTROL = 26
_FORMATS = ("GIF", "WEBP", "PNG")


@dataclass
class Timeline:
    """Seconds for which each frame of an animated picture is shown, by its headers.

    `cut_short` is true if the file ends too early. `has_cover` is true if the first picture of the file is
    not part of the animation. `complete_bytes` is the end of the last complete frame of a WebP.
    """

    durations: list[float] = field(default_factory=list)
    cut_short: bool = False
    has_cover: bool = False
    complete_bytes: int = 0

    def add(self, seconds: float) -> None:
        self.durations.append(seconds if seconds > _SHORTEST else _USUAL)

    @property
    def seconds(self) -> float:
        """Seconds for which the animation is shown once."""
        return sum(self.durations)


@dataclass(frozen=True)
class AnimationFrame:
    """Frame shown from `time` to `until` in seconds. It can be read until the next frame is requested."""

    image: Image.Image
    time: float
    until: float
    is_last: bool

    def copy(self) -> AnimationFrame:
        """Return a frame that can also be read later."""
        return dataclasses.replace(self, image=self.image.copy())

    @property
    def pixels(self) -> int:
        """Number of pixels that are in memory."""
        return self.image.width * self.image.height

    def to_thumbnail(self) -> Thumbnail:
        """Return the grey values (SIDE, SIDE) of the frame."""
        return np.asarray(self.to_rgb(size=(SIDE, SIDE)).mean(axis=2), np.float32)

    def to_rgb(self, *, size: tuple[int, int] | None = None) -> RGBImage:
        """Return the frame (H, W, 3) uint8 RGB on white, of a (width, height)."""
        picture = on_white(self.image)
        if size is not None:
            picture = picture.resize(size, Image.Resampling.BOX)
        return np.array(picture, np.uint8, order="C")


def is_animation(file: BinaryIO, head: bytes) -> bool:
    """Return whether an open picture, whose first bytes are `head`, has at least two frames to be shown."""
    if head[4:8] == b"ftyp":
        return head[8:12] == b"avis" and _avif_frames(file) > 1
    timeline = read_timeline(file, head, most=2)
    return timeline is not None and len(timeline.durations) > 1


def read_timeline(file: BinaryIO, head: bytes, *, most: int = _MAX_FRAMES) -> Timeline | None:
    """Return the timeline of an open GIF, WebP or PNG up to `most` frames; None for other files."""
    if head.startswith(b"GIF8"):
        return _gif_timeline(file, most)
    if head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X":
        return _webp_timeline(file, most)
    if head.startswith(_PNG_START):
        return _png_timeline(file, most)
    return None


def shown_frames(file: BinaryIO, timeline: Timeline, max_pixels: int, warn: Warn) -> Iterator[AnimationFrame]:
    """Yield the frames of an open animated picture in order.

    `warn` receives cut_short, damaged_parts if a frame does not decode, and not_all_frames once decoding has
    used its processor time; the frames before are yielded. Raises UnreadableMedia if none decodes.
    """
    if timeline.cut_short:
        warn("cut_short")
    count = len(timeline.durations)
    began = 0.0
    used = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _opened(_whole_webp(file, timeline) if timeline.complete_bytes else file, max_pixels)
        with image:
            for number, duration in enumerate(timeline.durations):
                if used > DECODING_SECONDS:
                    warn("not_all_frames")
                    return
                started = time.thread_time()
                if not _show(image, number + timeline.has_cover):
                    if number == 0:
                        raise UnreadableMedia(
                            "corrupt_video", "The animation is damaged and cannot be decoded."
                        )
                    if not timeline.cut_short:
                        warn("damaged_parts")
                    return
                used += time.thread_time() - started
                yield AnimationFrame(image, began, began + duration, number == count - 1)
                began += duration


def _whole_webp(file: BinaryIO, timeline: Timeline) -> BinaryIO:
    """Return a cut WebP up to its last complete frame, because its decoder refuses incomplete files."""
    file.seek(0)
    content = file.read(timeline.complete_bytes)
    content += bytes(len(content) % 2)
    return io.BytesIO(content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:])


def _opened(file: BinaryIO, max_pixels: int) -> Image.Image:
    file.seek(0)
    try:
        with pillow_errors():
            image = Image.open(file, formats=_FORMATS)
    except DamagedPicture as error:
        raise UnreadableMedia("corrupt_video", "The animation is damaged and cannot be opened.") from error
    if image.width * image.height > max_pixels:
        raise UnreadableMedia(
            "too_many_pixels", f"The animation's frames have more than {max_pixels / 1e6:.1f} million pixels."
        )
    return image


def _show(image: Image.Image, number: int) -> bool:
    """Decode a frame; return False if it is damaged."""
    try:
        with pillow_errors():
            image.seek(number)
            image.load()
    except DamagedPicture:
        return False
    return True


def _gif_timeline(file: BinaryIO, most: int) -> Timeline:
    timeline = Timeline()
    file.seek(10)
    _skip_colours(file, file.read(3))
    delay = 0.0
    parts = _MAX_PARTS
    while len(timeline.durations) < most:
        kind = file.read(1)
        if kind == b"\x3b":
            return timeline
        if kind == b"\x2c":
            descriptor = file.read(9)
            _skip_colours(file, descriptor[8:])
            # The size of the codes; without it there is no picture.
            if not file.read(1):
                break
            timeline.add(delay)
            delay = 0.0
        elif kind == b"\x21":
            if file.read(1) == b"\xf9":
                # A length of 4, flags, and hundredths of a second.
                delay = int.from_bytes(file.read(4)[2:], "little") / 100
                file.seek(-4, os.SEEK_CUR)
        else:
            break
        while (length := file.read(1)) not in (b"", b"\0"):
            file.seek(length[0], os.SEEK_CUR)
            parts -= 1
            if not parts:
                return timeline
    else:
        return timeline
    timeline.cut_short = True
    return timeline


def _skip_colours(file: BinaryIO, flags: bytes) -> None:
    """Move behind a colour table of a GIF if the flags say that there is one."""
    if flags and flags[0] & 0x80:
        file.seek(3 << ((flags[0] & 7) + 1), os.SEEK_CUR)


def _webp_timeline(file: BinaryIO, most: int) -> Timeline:
    timeline = Timeline()
    actual = file.seek(0, os.SEEK_END)
    file.seek(4)
    declared = 8 + int.from_bytes(file.read(4), "little")
    place = 12
    for _ in range(_MAX_PARTS):
        if place + 8 > min(actual, declared) or len(timeline.durations) == most:
            break
        file.seek(place)
        header = file.read(8)
        size = int.from_bytes(header[4:], "little")
        if header[:4] == b"ANMF" and place + 8 + size <= actual:
            # Place and size of the frame, three bytes each, then milliseconds.
            timeline.add(int.from_bytes(file.read(15)[12:], "little") / 1000)
            if declared > actual:
                timeline.complete_bytes = place + 8 + size
        place += 8 + size + size % 2
    timeline.cut_short = declared > actual
    return timeline


def _png_timeline(file: BinaryIO, most: int) -> Timeline:
    timeline = Timeline()
    file.seek(len(_PNG_START))
    is_animated = False
    for _ in range(_MAX_PARTS):
        header = file.read(8)
        size, kind = int.from_bytes(header[:4], "big"), header[4:]
        if kind == b"IEND" or len(timeline.durations) == most:
            return timeline
        if len(header) < 8:
            break
        content = file.read(_PNG_FRAME_CONTROL) if kind in (b"fcTL", b"acTL") and size < 64 else b""
        if kind == b"acTL":
            is_animated = True
        elif kind == b"IDAT":
            if not is_animated:
                return timeline
            timeline.has_cover = timeline.has_cover or not timeline.durations
        elif kind == b"fcTL" and is_animated and len(content) == _PNG_FRAME_CONTROL:
            number = int.from_bytes(content[20:22], "big")
            parts_of_a_second = int.from_bytes(content[22:24], "big") or 100
            timeline.add(number / parts_of_a_second)
        file.seek(size + 4 - len(content), os.SEEK_CUR)
    timeline.cut_short = True
    return timeline


def _avif_frames(file: BinaryIO) -> int:
    """Return the largest number of samples of an AVIF sequence's tracks."""
    file.seek(0)
    content = file.read(_AVIF_BYTES)
    most = 0
    place = content.find(b"stsz")
    while place >= 0:
        # Version and flags, the size of all samples or 0, and their number.
        most = max(most, int.from_bytes(content[place + 12 : place + 16], "big"))
        place = content.find(b"stsz", place + 4)
    return most


def require_length(timeline: Timeline, max_seconds: float) -> None:
    """Raise UnreadableMedia (video_too_long) if the animation lasts longer than `max_seconds`."""
    if timeline.seconds > max_seconds:
        raise UnreadableMedia("video_too_long", f"The video is longer than {max_seconds / 60:g} minutes.")
