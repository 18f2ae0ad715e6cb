"""The workers together: who wants a file decoded is lent one that waits already, for this one file."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import MAX_PIXELS, opened_file
from laanet_core.media.video import MAX_FRAME_PIXELS, MAX_SECONDS, MIN_GAP, Frame
from laanet_core.results import Caution, Warn, ignore_caution
from laanet_core.types import RGBImage
from webapp.domain.errors import Unable
from webapp.media.decoding import wire
from webapp.media.decoding.area import Area
from webapp.media.decoding.confinement import Limits
from webapp.media.decoding.decoder import Decoder, Form, NotStarted, number
from webapp.media.stripping import ENDINGS, Bare

logger = logging.getLogger(__name__)
USES = 100  # files, after which a worker is replaced once nobody asks: starting one takes as much of a processor as judging two photos
MOST_USES = 400  # after which it is replaced whoever asks
QUIET_SECONDS = 1.0  # since anybody asked
_SPARE = 2  # workers that wait for a file, beside those that have one
_PROCESSORS = 4  # that a clip's decoding may keep busy
_PAUSE_SECONDS = 2.0  # after a worker that did not come up
_RGB: Form = (None, None, 3)
_AROUND = 16_000_000  # bytes that a container of our making may add to a file


@dataclass
class _Answer:
    """A worker at work on a file. Its pictures may come as late as `seconds` after the last one, and all in all as many seconds later
    than the clip would take to play.
    """

    decoder: Decoder
    area: Area
    seconds: float
    waited: float = 0.0
    reached: float = 0.0  # of the clip, in its own time
    end: wire.Message = field(default_factory=dict)  # what was said after the last picture

    def next(self) -> wire.Message:
        began = time.monotonic()
        message = self.decoder.answer(min(self.seconds, self.seconds + self.reached - self.waited))
        self.waited += time.monotonic() - began
        return message

    def pictures(self, form: Form) -> Iterator[tuple[wire.Message, npt.NDArray[np.uint8]]]:
        while "shape" in (message := self.next()):
            yield message, self.decoder.read(self.area, message, form)
            self.decoder.go_on()
        self.end = message["end"]

    def picture(self, form: Form) -> tuple[wire.Message, npt.NDArray[np.uint8]]:
        """The only one there shall be."""
        found = list(itertools.islice(self.pictures(form), 2))
        if len(found) != 1:
            raise self.decoder.disbelieved(f"{len(found)} pictures")
        return found[0]

    def frames(self, most: int, form: Form = _RGB) -> Iterator[Frame]:
        """In the order of their times, and no more than can be."""
        pictures = self.pictures(form)
        for message, rgb in itertools.islice(pictures, most):
            time_of = self.number(message.get("time"), MAX_SECONDS)
            if time_of < self.reached:
                raise self.decoder.disbelieved("a time that is over")
            self.reached = time_of
            yield Frame(rgb, time_of)
        if next(pictures, None) is not None:
            raise self.decoder.disbelieved("more pictures than there can be")

    def tell(self, warn: Warn, *possible: Caution) -> None:
        """The cautions that came at the end."""
        told = self.end.get("cautions")
        if not isinstance(told, list) or any(caution not in possible for caution in told):
            raise self.decoder.disbelieved("an unknown caution")
        for caution in told:
            warn(caution)

    def number(self, value: object, most: float) -> float:
        try:
            return number(value, most)
        except ValueError as error:
            raise self.decoder.disbelieved("an impossible number") from error


class Decoders:
    """Decodes strangers' files (`laanet_core.media.reader.Reader`). At most `most` workers of `megabytes` each; a file that no worker could be
    found for within `seconds` is `decoders_busy`. Safe between threads.
    """

    def __init__(self, *, most: int, megabytes: int, seconds: float) -> None:
        self._most = most
        self._spare = min(_SPARE, most)
        self._seconds = seconds
        self._limits = Limits(megabytes, round(_PROCESSORS * (seconds + MAX_SECONDS)))
        self._told = False
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._idle: list[Decoder] = []
        self._lent: set[Decoder] = set()
        self._waiting = 0
        self._failures = 0
        self._asked_at = 0.0
        self._closed = False
        self._nursery = threading.Thread(target=self._raise_workers, name="decoders", daemon=True)
        self._nursery.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, those at work too."""
        with self._changed:
            self._closed = True
            ended = [*self._idle, *self._lent]
            self._idle.clear()
            self._changed.notify_all()
        for decoder in ended:
            decoder.kill()
        self._nursery.join(timeout=10)

    def wait_until_ready(self) -> None:
        """Raises Unable (no_decoder) where no worker comes up."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._lent or self._failures)
            if not self._idle and not self._lent:
                raise Unable(
                    "no_decoder", "the process that decodes files cannot be started; the log says why"
                )

    def image(self, path: Path, *, warn: Warn = ignore_caution) -> RGBImage:
        with opened_file(path) as file, self._asked({"do": "image"}, file, 3 * MAX_PIXELS) as answer:
            rgb = answer.picture(_RGB)[1]
            answer.tell(warn, "first_picture_only")
            return rgb

    def frames(self, path: Path, count: int, *, warn: Warn = ignore_caution) -> Generator[Frame]:
        question = {"do": "frames", "count": count}
        with opened_file(path) as file, self._asked(question, file, 3 * MAX_FRAME_PIXELS) as answer:
            yield from answer.frames(count)
            answer.tell(warn, "cut_short", "damaged_parts")

    def length(self, path: Path) -> float:
        with opened_file(path) as file, self._asked({"do": "length"}, file, 1) as answer:
            return answer.number(answer.next().get("end", {}).get("seconds"), MAX_SECONDS)

    def film(self, path: Path, *, size: tuple[int, int], seconds: float) -> Generator[Frame]:
        width, height = size
        question = {"do": "film", "width": width, "height": height, "seconds": seconds}
        with opened_file(path) as file, self._asked(question, file, 3 * width * height) as answer:
            yield from answer.frames(int(seconds / MIN_GAP) + 2, (height, width, 3))

    def bare(self, path: Path) -> Bare:
        """As `stripping.bare`."""
        with opened_file(path) as file:
            room = max(3 * MAX_PIXELS, os.fstat(file.fileno()).st_size) + _AROUND
            with self._asked({"do": "bare"}, file, room) as answer:
                message, content = answer.picture((None,))
                form, orientation = message.get("format"), message.get("orientation")
                if form not in ENDINGS or type(orientation) is not int or orientation not in range(1, 9):
                    raise answer.decoder.disbelieved("a file of an unknown kind")
                return Bare(content.tobytes(), form, orientation)

    def kept_picture(self, content: bytes) -> RGBImage:
        """As `image`, of a file's content."""
        with _held(content) as file, self._asked({"do": "image"}, file, 3 * MAX_PIXELS) as answer:
            return answer.picture(_RGB)[1]

    def kept_frames(self, content: bytes, times: Sequence[float]) -> Generator[Frame]:
        """As `video.read_at`, of a file's content."""
        question = {"do": "at", "times": list(times)}
        with _held(content) as file, self._asked(question, file, 3 * MAX_FRAME_PIXELS) as answer:
            yield from answer.frames(len(times))

    @contextlib.contextmanager
    def _asked(self, question: wire.Message, file: BinaryIO, size: int) -> Iterator[_Answer]:
        """A worker at work on the file, with an area of that many bytes. Raises UnreadableMedia."""
        with Area(size) as area:
            decoder = self._lend()
            try:
                decoder.ask(question, file, area)
                yield _Answer(decoder, area, self._seconds)
            finally:
                decoder.leave()
                self._give_back(decoder)

    def _lend(self) -> Decoder:
        if os.getpid() != self._process:
            self._begin()  # a copy of the server: the workers are those of the one it was copied from
        with self._changed:
            self._asked_at = time.monotonic()
            self._waiting += 1
            try:
                self._changed.notify_all()
                if not self._changed.wait_for(self._found_one, self._seconds):
                    raise UnreadableMedia(
                        "decoders_busy", "Too many files are being decoded. Please try again in a minute."
                    )
            finally:
                self._waiting -= 1
            decoder = self._idle.pop()
            self._lent.add(decoder)
            self._changed.notify_all()
            return decoder

    def _found_one(self) -> bool:
        """Whether there is an idle worker that lives; the system may have ended one to get memory."""
        while self._idle and not self._idle[-1].usable:
            self._idle.pop().kill()
            self._changed.notify_all()
        return bool(self._idle)

    def _give_back(self, decoder: Decoder) -> None:
        again = decoder.usable and decoder.answered < MOST_USES and decoder.waited < self._seconds
        if not again:
            decoder.kill()
        with self._changed:
            self._lent.discard(decoder)
            if again and not self._closed:
                self._idle.append(decoder)
            elif again:
                decoder.kill()
            self._changed.notify_all()

    def _raise_workers(self) -> None:
        """Start workers as they are needed, all in this thread: they end when it does."""
        while True:
            used = None
            with self._changed:
                while not self._too_few() and self._until_replacing() != 0.0:
                    self._changed.wait(self._until_replacing())
                if self._closed:
                    return
                if not self._too_few():
                    used = next(decoder for decoder in self._idle if decoder.answered >= USES)
                    self._idle.remove(used)
            if used is not None:
                used.kill()
                continue
            try:
                decoder = Decoder.start(self._limits)
            except (NotStarted, OSError) as error:
                logger.error("a decoder could not be started: %s", error)
                with self._changed:
                    self._failures += 1
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._closed, _PAUSE_SECONDS)
                continue
            self._tell(decoder)
            with self._changed:
                self._failures = 0
                if self._closed:
                    decoder.kill()
                    return
                self._idle.append(decoder)
                self._changed.notify_all()

    def _too_few(self) -> bool:
        wanted = max(self._spare, self._waiting)
        return self._closed or (len(self._idle) < wanted and len(self._idle) + len(self._lent) < self._most)

    def _until_replacing(self) -> float | None:
        """Seconds until an idle worker that has answered enough may go; None where there is none, or somebody waits for one."""
        if self._waiting or not any(decoder.answered >= USES for decoder in self._idle):
            return None
        return max(self._asked_at + QUIET_SECONDS - time.monotonic(), 0.0)

    def _tell(self, decoder: Decoder) -> None:
        if self._told:
            return
        self._told = True
        logger.info(
            "files are decoded by processes that are held by: %s", ", ".join(decoder.confinement.held)
        )
        for lack in decoder.confinement.missing:
            logger.warning("this system does not let the processes that decode be confined by: %s", lack)


@contextlib.contextmanager
def _held(content: bytes) -> Iterator[BinaryIO]:
    """Content as an open file, for as long as the block lasts; nothing of it is written to a disk."""
    with Area(max(len(content), 1)) as held, open(held.file, "rb", closefd=False) as file:
        place = 0
        while place < len(content):
            place += os.pwrite(held.file, content[place:], place)
        yield file
