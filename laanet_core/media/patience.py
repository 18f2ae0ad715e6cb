"""Files that stop answering once a parser has used them for too long."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from laanet_core.errors import UnreadableMedia

# Processor time in seconds for the headers of a picture. The largest real ones take some hundredths.
HEADER_SECONDS = 3.0

# Processor time in seconds to open a clip, and from each packet to the next. The longest real clips take some
# tenths to open.
CLIP_SECONDS = 2.0

# Reads between two looks at the clock.
_READS = 64


class PatientFile:
    """Open file for a parser of headers, such as Pillow's, whose loops are slow on millions of tiny parts.

    Once the thread has used `seconds` of processor time, every read raises UnreadableMedia (corrupt_image).
    `finish` ends the limit: decoding has limits of its own.
    """

    def __init__(self, file: BinaryIO, seconds: float = HEADER_SECONDS) -> None:
        self._file = file
        self._deadline: float | None = time.thread_time() + seconds
        self._reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes. Raises UnreadableMedia."""
        self._reads += 1
        if self._deadline is not None and self._reads % _READS == 0 and time.thread_time() > self._deadline:
            raise UnreadableMedia("corrupt_image", "The picture is damaged: its headers have no end.")
        return self._file.read(size)

    def finish(self) -> None:
        """End the limit."""
        self._deadline = None


class ClipFile:
    """Open file for FFmpeg, some of whose demuxers read a damaged file over and over without an end.

    Once the thread has used `seconds` of processor time inside `limit`, the file has no more bytes and cannot
    be sought in, which ends such loops. FFmpeg asks nothing else in them whether it shall go on.
    """

    def __init__(self, file: BinaryIO, seconds: float) -> None:
        self._file = file
        self._seconds = seconds
        self._deadline: float | None = None
        self._is_limited = False
        self._is_over = False

    @contextlib.contextmanager
    def limit(self) -> Iterator[None]:
        """Limit the time of one call of the parser. Raises UnreadableMedia (corrupt_video) if it is over."""
        self._is_limited = True
        try:
            yield
        finally:
            self._is_limited = False
            self._deadline = None
            # A parser that was stopped reports errors of its own, or none.
            if self._is_over:
                raise UnreadableMedia("corrupt_video", "The video is damaged: its headers have no end.")

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes; none once the time is over."""
        return b"" if self._has_expired() else self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Seek and return the position; FFmpeg's number of an error once the time is over."""
        return -errno.EIO if self._has_expired() else self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def _has_expired(self) -> bool:
        if self._is_limited:
            now = time.thread_time()
            # Most packets come from FFmpeg's buffer. Looking at the clock only here saves time for them.
            if self._deadline is None:
                self._deadline = now + self._seconds
            self._is_over = self._is_over or now > self._deadline
        return self._is_over
