"""File that stops answering once a parser has used it for too long."""

from __future__ import annotations

import time
from typing import Any, BinaryIO

from laanet_core.errors import UnreadableMedia

# Processor time in seconds for the headers of a picture. The largest real ones take some hundredths.
HEADER_SECONDS = 3.0

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
