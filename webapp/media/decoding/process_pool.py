"""Pool of confined decoder processes."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from laanet_core.documents import FileProvenanceDocument
from laanet_core.errors import UnreadableMedia
from laanet_core.media.clip_length import MAX_SECONDS
from laanet_core.media.container import MAX_FRAME_PIXELS
from laanet_core.media.frame_selection import MAX_FACTOR, Passage
from laanet_core.media.images import MAX_PIXELS, REDUCED, Picture, open_source
from laanet_core.media.interruption import check_only
from laanet_core.media.video import MIN_GAP, Frame
from laanet_core.results import Caution, Provenance, Warn, ignore_caution
from laanet_core.types import RGBImage
from webapp.domain.errors import Unable
from webapp.media.decoding import protocol
from webapp.media.decoding.confinement import Limits
from webapp.media.decoding.shared_memory import SharedBuffer
from webapp.media.decoding.worker_process import (
    POLL_SECONDS,
    Shape,
    WorkerNotStarted,
    WorkerProcess,
    checked_number,
)
from webapp.media.stripping import ENDINGS, Bare

logger = logging.getLogger(__name__)

# Idle workers, beside the busy ones.
_SPARE = 2
# Processors that the decoding of a clip may keep busy.
_PROCESSORS = 4
# Seconds to wait after a worker did not start.
_RETRY_SECONDS = 2.0
_RGB: Shape = (None, None, 3)
_PASSAGE_KEYS = {"shot", "start", "end", "still", "clip_seconds"}
# Longest passage, which may end after the longest clip by the time for which its last frame is shown.
_MAX_PASSAGE_SECONDS = 2 * MAX_SECONDS
_MAX_SHOTS = 1_000_000
# Bytes of a file's provenance as JSON, and seconds in which it must be read.
_PROVENANCE_BYTES = 65_536
_PROVENANCE_SECONDS = 10.0
# Bytes that a new container may add to a clip.
_CONTAINER_OVERHEAD = 16_000_000


@dataclass(frozen=True)
class Replacement:
    """Rules for the replacement of healthy workers.

    After `idle_uses` files a worker is replaced once no request came for `idle_seconds`: a start costs as
    much CPU time as the analysis of two photos. After `max_uses` files it is replaced in any case.
    """

    idle_uses: int = 100
    idle_seconds: float = 1.0
    max_uses: int = 400


@dataclass(frozen=True)
class PoolStats:
    """Process ids of idle and busy workers, and the number of threads that wait for a worker."""

    idle: tuple[int, ...]
    busy: tuple[int, ...]
    waiting: int


@dataclass
class DecodingRequest:
    """Request at a worker.

    The next image may take `seconds`. All images together may take as much longer than the clip plays up to
    the last one.
    """

    worker: WorkerProcess
    buffer: SharedBuffer
    seconds: float
    # Seconds of waiting so far.
    waited: float = 0.0
    # Time of the last frame in seconds of the clip.
    position: float = 0.0
    # Contents of the last message.
    end: protocol.Message = field(default_factory=dict)

    def next_message(self) -> protocol.Message:
        """Return the next message. Raises UnreadableMedia, and what ends interrupted work."""
        began = time.monotonic()
        total_left = self.seconds + self.position - self.waited
        message = self.worker.answer(min(self.seconds, total_left), check=check_only)
        self.waited += time.monotonic() - began
        return message

    def images(self, expected: Shape) -> Iterator[tuple[protocol.Message, npt.NDArray[np.uint8]]]:
        """Yield messages with their images, uint8 of the expected shape, such as (H, W, 3)."""
        while "shape" in (message := self.next_message()):
            yield message, self.worker.read(self.buffer, message, expected)
            self.worker.proceed()
        self.end = message["end"]

    def only_image(self, expected: Shape) -> tuple[protocol.Message, npt.NDArray[np.uint8]]:
        """Return the single image, uint8 of the expected shape, such as (H, W, 3), with its message."""
        images = list(itertools.islice(self.images(expected), 2))
        if len(images) != 1:
            raise self.worker.reject(f"{len(images)} images")
        return images[0]

    def frames(self, most: int, expected: Shape = _RGB) -> Iterator[Frame]:
        """Yield at most `most` frames in the order of their times."""
        images = self.images(expected)
        for message, rgb in itertools.islice(images, most):
            seconds = self.number(message.get("time"), MAX_SECONDS)
            if seconds < self.position:
                raise self.worker.reject("a frame before the last one")
            self.position = seconds
            yield Frame(rgb, seconds, self._passage(message.get("passage")))
        if next(images, None) is not None:
            raise self.worker.reject("more frames than requested")

    def _passage(self, value: object) -> Passage | None:
        """Return the passage of a frame; None if the message has none."""
        if value is None:
            return None
        if not isinstance(value, dict) or value.keys() != _PASSAGE_KEYS or type(value["still"]) is not bool:
            raise self.worker.reject("an impossible passage")
        start, end, seconds = (
            self.number(value[key], _MAX_PASSAGE_SECONDS) for key in ("start", "end", "clip_seconds")
        )
        shot = self.number(value["shot"], _MAX_SHOTS)
        if not start <= end <= seconds or shot != int(shot):
            raise self.worker.reject("an impossible passage")
        return Passage(int(shot), start, end, value["still"], seconds)

    def report_cautions(self, warn: Warn, *possible: Caution) -> None:
        """Pass the cautions of the last message to `warn`."""
        cautions = self.end.get("cautions")
        if not isinstance(cautions, list) or any(caution not in possible for caution in cautions):
            raise self.worker.reject("an unknown caution")
        for caution in cautions:
            warn(caution)

    def provenance(self, content: npt.NDArray[np.uint8]) -> Provenance:
        """Return the provenance from its JSON as bytes (N,)."""
        try:
            return FileProvenanceDocument.model_validate_json(content.tobytes(), strict=True).to_result()
        except ValidationError as error:
            raise self.worker.reject("an impossible provenance") from error

    def original_size(self, value: object, rgb: RGBImage) -> tuple[int, int]:
        """Return the (width, height) of the original of a decoded picture `rgb` (H, W, 3)."""
        if not isinstance(value, list) or len(value) != 2:
            raise self.worker.reject("a picture without its size")
        width, height = (int(self.number(side, REDUCED * MAX_PIXELS)) for side in value)
        is_smaller = width < rgb.shape[1] or height < rgb.shape[0]
        if is_smaller or width * height > REDUCED * MAX_PIXELS:
            raise self.worker.reject("a picture of an impossible size")
        return width, height

    def number(self, value: object, most: float) -> float:
        """Return a number in [0, most]."""
        try:
            return checked_number(value, most)
        except ValueError as error:
            raise self.worker.reject("an impossible number") from error


class DecoderPool:
    """Decodes untrusted files in confined processes (`laanet_core.media.reader.Reader`). Thread-safe.

    At most `most` workers run, of `megabytes` each. A request that gets no worker within `seconds` is refused
    with `decoders_busy`. `start` starts a worker.
    """

    def __init__(
        self,
        *,
        most: int,
        megabytes: int,
        seconds: float,
        replacement: Replacement | None = None,
        start: Callable[[Limits], WorkerProcess] = WorkerProcess.start,
    ) -> None:
        self._most = most
        self._spare = min(_SPARE, most)
        self._seconds = seconds
        self._limits = Limits(megabytes, round(_PROCESSORS * (seconds + MAX_SECONDS)))
        self._replacement = replacement or Replacement()
        self._start_worker = start
        self._confinement_logged = False
        self._initialize()

    def _initialize(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._waiting = 0
        self._failures = 0
        self._last_request = 0.0
        self._closed = False
        self._starter = threading.Thread(target=self._start_workers, name="decoders", daemon=True)
        self._starter.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, busy ones included."""
        with self._changed:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
            self._changed.notify_all()
        for worker in workers:
            worker.kill()
        self._starter.join(timeout=10)

    def stats(self) -> PoolStats:
        """Return the current workers and the number of waiting threads."""
        with self._changed:
            idle = tuple(worker.pid for worker in self._idle)
            busy = tuple(worker.pid for worker in self._busy)
            return PoolStats(idle, busy, self._waiting)

    def wait_until_ready(self) -> None:
        """Wait for the first worker. Raises Unable (no_decoder) if none can be started."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._busy or self._failures)
            if not self._idle and not self._busy:
                raise Unable(
                    "no_decoder", "the process that decodes files cannot be started; the log says why"
                )

    def picture(self, path: Path, *, warn: Warn = ignore_caution) -> Picture:
        """Return the upright image with the size of its original. Raises UnreadableMedia."""
        with open_source(path) as file, self._request({"do": "image"}, file, 3 * MAX_PIXELS) as request:
            message, rgb = request.only_image(_RGB)
            size = request.original_size(message.get("size"), rgb)
            request.report_cautions(warn, "cut_short", "first_picture_only")
            return Picture(rgb, size)

    def image(self, path: Path, *, warn: Warn = ignore_caution) -> RGBImage:
        """Return the pixels of `picture`, (H, W, 3), uint8 RGB. Raises UnreadableMedia."""
        return self.picture(path, warn=warn).rgb

    def provenance(self, path: Path) -> Provenance:
        """Return the statements of a file about its origin. Raises UnreadableMedia."""
        message = {"do": "provenance"}
        with open_source(path) as file, self._request(message, file, _PROVENANCE_BYTES) as request:
            request.seconds = min(request.seconds, _PROVENANCE_SECONDS)
            return request.provenance(request.only_image((None,))[1])

    def frames(self, path: Path, count: int, *, warn: Warn = ignore_caution) -> Generator[Frame]:
        """Yield the judged frames, `count` of them spread over the clip. Raises UnreadableMedia."""
        message = {"do": "frames", "count": count}
        with open_source(path) as file, self._request(message, file, 3 * MAX_FRAME_PIXELS) as request:
            yield from request.frames(MAX_FACTOR * count)
            request.report_cautions(warn, "cut_short", "damaged_parts")

    def frames_at(self, path: Path, times: Sequence[float]) -> Generator[Frame]:
        """Yield the frames shown at `times` seconds, ascending. Raises UnreadableMedia."""
        with open_source(path) as file:
            yield from self._frames_at(file, times)

    def length(self, path: Path) -> float:
        """Return the duration of the clip in seconds. Raises UnreadableMedia."""
        with open_source(path) as file, self._request({"do": "length"}, file, 1) as request:
            end = request.next_message().get("end", {})
            return request.number(end.get("seconds"), MAX_SECONDS)

    def film(self, path: Path, *, size: tuple[int, int], seconds: float) -> Generator[Frame]:
        """Yield all frames of the first `seconds`, scaled to (width, height) pixels.

        Raises UnreadableMedia.
        """
        width, height = size
        message = {"do": "film", "width": width, "height": height, "seconds": seconds}
        with open_source(path) as file, self._request(message, file, 3 * width * height) as request:
            yield from request.frames(int(seconds / MIN_GAP) + 2, (height, width, 3))

    def bare(self, path: Path) -> Bare:
        """Return the file without metadata, as `stripping.bare` does. Raises UnreadableMedia."""
        with open_source(path) as file:
            size = max(3 * MAX_PIXELS, os.fstat(file.fileno()).st_size) + _CONTAINER_OVERHEAD
            with self._request({"do": "bare"}, file, size) as request:
                message, content = request.only_image((None,))
                file_format = message.get("format")
                orientation = message.get("orientation")
                if file_format not in ENDINGS:
                    raise request.worker.reject("a file of an unknown kind")
                # `bool` is a subclass of `int`, and no orientation.
                if type(orientation) is not int or orientation not in range(1, 9):
                    raise request.worker.reject("a file of an unknown kind")
                return Bare(content.tobytes(), file_format, orientation)

    def image_from_bytes(self, content: bytes) -> RGBImage:
        """Return the upright image (H, W, 3), uint8 RGB, of a file's content. Raises UnreadableMedia."""
        with _as_file(content) as file, self._request({"do": "image"}, file, 3 * MAX_PIXELS) as request:
            return request.only_image(_RGB)[1]

    def frames_from_bytes(self, content: bytes, times: Sequence[float]) -> Generator[Frame]:
        """Yield the frames at `times` seconds of a clip's content. Raises UnreadableMedia."""
        with _as_file(content) as file:
            yield from self._frames_at(file, times)

    def _frames_at(self, file: BinaryIO, times: Sequence[float]) -> Generator[Frame]:
        message = {"do": "frames_at", "times": list(times)}
        with self._request(message, file, 3 * MAX_FRAME_PIXELS) as request:
            yield from request.frames(len(times))

    @contextlib.contextmanager
    def _request(self, message: protocol.Message, file: BinaryIO, size: int) -> Iterator[DecodingRequest]:
        """Lend a worker for the request, with a buffer of `size` bytes. Raises UnreadableMedia."""
        with SharedBuffer(size) as buffer:
            worker = self._acquire()
            try:
                worker.ask(message, file, buffer)
                yield DecodingRequest(worker, buffer, self._seconds)
            finally:
                worker.cancel()
                self._release(worker)

    def _acquire(self) -> WorkerProcess:
        # After a fork the workers belong to the parent process.
        if os.getpid() != self._process:
            self._initialize()
        with self._changed:
            self._last_request = time.monotonic()
            self._waiting += 1
            try:
                self._changed.notify_all()
                if not self._wait_for_idle_worker():
                    raise UnreadableMedia(
                        "decoders_busy", "Too many files are being decoded. Please try again in a minute."
                    )
            finally:
                self._waiting -= 1
            worker = self._idle.pop()
            self._busy.add(worker)
            self._changed.notify_all()
            return worker

    def _wait_for_idle_worker(self) -> bool:
        """Wait for an idle worker; return False if there is none in time. Raises if the work must end."""
        deadline = time.monotonic() + self._seconds
        while not self._changed.wait_for(self._has_idle_worker, POLL_SECONDS):
            check_only()
            if time.monotonic() > deadline:
                return False
        return True

    def _has_idle_worker(self) -> bool:
        """Return True if an idle worker is alive. The kernel may have killed one to free memory."""
        while self._idle and not self._idle[-1].usable:
            self._idle.pop().kill()
            self._changed.notify_all()
        return bool(self._idle)

    def _release(self, worker: WorkerProcess) -> None:
        is_reusable = (
            worker.usable and worker.answered < self._replacement.max_uses and worker.waited < self._seconds
        )
        if not is_reusable:
            worker.kill()
        with self._changed:
            self._busy.discard(worker)
            if is_reusable and not self._closed:
                self._idle.append(worker)
            elif is_reusable:
                worker.kill()
            self._changed.notify_all()

    def _start_workers(self) -> None:
        """Start and replace workers, all in one thread.

        On Linux workers die with the thread that started them.
        """
        while True:
            worn = None
            with self._changed:
                while not self._needs_worker() and self._seconds_until_replacement() != 0.0:
                    self._changed.wait(self._seconds_until_replacement())
                if self._closed:
                    return
                if not self._needs_worker():
                    worn = next(worker for worker in self._idle if self._is_worn(worker))
                    self._idle.remove(worn)
            if worn is not None:
                worn.kill()
                continue
            try:
                worker = self._start_worker(self._limits)
            except (WorkerNotStarted, OSError) as error:
                logger.error("a decoder could not be started: %s", error)
                with self._changed:
                    self._failures += 1
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._closed, _RETRY_SECONDS)
                continue
            self._log_confinement(worker)
            with self._changed:
                self._failures = 0
                if self._closed:
                    worker.kill()
                    return
                self._idle.append(worker)
                self._changed.notify_all()

    def _needs_worker(self) -> bool:
        """Return True if a worker is missing, or the pool is closed."""
        needed = max(self._spare, self._waiting)
        return self._closed or (len(self._idle) < needed and len(self._idle) + len(self._busy) < self._most)

    def _is_worn(self, worker: WorkerProcess) -> bool:
        return worker.answered >= self._replacement.idle_uses

    def _seconds_until_replacement(self) -> float | None:
        """Return the time until a worn idle worker may be replaced; None if no replacement is due."""
        if self._waiting or not any(self._is_worn(worker) for worker in self._idle):
            return None
        return max(self._last_request + self._replacement.idle_seconds - time.monotonic(), 0.0)

    def _log_confinement(self, worker: WorkerProcess) -> None:
        if self._confinement_logged:
            return
        self._confinement_logged = True
        logger.info("decoder processes are confined by: %s", ", ".join(worker.confinement.active))
        for protection in worker.confinement.missing:
            logger.warning("this system cannot confine decoder processes by: %s", protection)


@contextlib.contextmanager
def _as_file(content: bytes) -> Iterator[BinaryIO]:
    """Open content as a file that is never written to a disk."""
    with SharedBuffer(max(len(content), 1)) as buffer, open(buffer.file, "rb", closefd=False) as file:
        offset = 0
        while offset < len(content):
            offset += os.pwrite(buffer.file, content[offset:], offset)
        yield file
