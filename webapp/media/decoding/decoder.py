"""One worker, seen from the server."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

import webapp
from laanet_core.errors import UnreadableMedia
from webapp.media.decoding import wire
from webapp.media.decoding.area import Area, Torn
from webapp.media.decoding.confinement import Confinement, Limits

logger = logging.getLogger(__name__)
_START_SECONDS = 60.0
_LAST_WORD_SECONDS = 2.0  # for a worker whose file is wanted no more
Form = tuple[int | None, ...]  # of an array; None where any length will do
_DIED = "The file made the program that decodes it fail; it was not judged."
_CODE = re.compile(r"[a-z_]{1,40}")


class NotStarted(Exception):
    """A worker that did not come up."""


class Decoder:
    """A worker that waits for a question, or answers one. Whoever has it has it alone."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self._inbox = wire.Inbox(channel)
        self._busy = False
        self._fit = True
        self.confinement = Confinement((), ())
        self.answered = 0
        self.waited = 0.0  # seconds, over its life

    @classmethod
    def start(cls, limits: Limits) -> Self:
        """Returns once it is ready. To be called by a thread that lives as long as the worker shall: on Linux it dies with its thread.

        Raises NotStarted.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = [theirs.fileno(), os.getpid(), limits.megabytes, limits.seconds]
            command = [sys.executable, "-s", "-m", "webapp.media.decoding.worker", *map(str, arguments)]
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=_environment(),
                start_new_session=True,  # an interrupt at the terminal is the server's
            )
        decoder = cls(process, ours)
        try:
            ours.settimeout(_START_SECONDS)
            told = decoder._inbox.receive()
            if told is None:
                raise NotStarted(f"it ended with {process.wait(timeout=5)}")
            decoder.confinement = Confinement(tuple(told["held"]), tuple(told["missing"]))
        except (
            OSError,
            wire.Garbled,
            LookupError,
            TypeError,
            subprocess.TimeoutExpired,
            NotStarted,
        ) as error:
            decoder.kill()
            raise NotStarted(str(error)) from error
        return decoder

    @property
    def usable(self) -> bool:
        """Whether it can be asked (again)."""
        return self._fit and not self._busy and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, question: wire.Message, file: BinaryIO, area: Area) -> None:
        """Raises UnreadableMedia (decoder_died)."""
        self._busy = True
        try:
            wire.send(self._channel, question, [file.fileno(), area.file])
        except OSError as error:
            raise self._died() from error

    def go_on(self) -> None:
        """The picture was taken. Raises UnreadableMedia (decoder_died)."""
        try:
            wire.send(self._channel, {"go": True})
        except OSError as error:
            raise self._died() from error

    def answer(self, seconds: float) -> wire.Message:
        """A picture's message, or the last one, which has `end`. Raises UnreadableMedia: the file's own, decoder_died,
        decoding_too_slow, decoding_too_large, unforeseen.
        """
        message = self._receive(seconds)
        if "shape" in message:
            return message
        self._busy = False
        self.answered += 1
        if message.get("wanted"):
            logger.error("a decoder wanted modules that it had not loaded: %s", _printable(message["wanted"]))
        if "error" in message:
            raise self._told(message)
        if message.get("too_large"):
            self._fit = False
            raise UnreadableMedia(
                "decoding_too_large", "Decoding the file takes more memory than one file may have."
            )
        if "failed" in message:
            self._fit = False
            logger.error(
                "a file could not be decoded for a reason nobody foresaw: %s", _printable(message["failed"])
            )
            raise UnreadableMedia(
                "unforeseen", "The file could not be decoded for a reason nobody foresaw. Please report it."
            )
        if not isinstance(message.get("end"), dict):
            raise self.disbelieved("an answer without an end")
        return message

    def read(self, area: Area, message: wire.Message, form: Form) -> npt.NDArray[np.uint8]:
        """What a message says lies in the area, if it is of that form. Raises UnreadableMedia (decoder_died)."""
        shape = message["shape"]
        if not isinstance(shape, list) or len(shape) != len(form):
            raise self.disbelieved("a picture of another form")
        for side, wanted in zip(shape, form, strict=True):
            if type(side) is not int or side < 1 or side != (wanted or side):
                raise self.disbelieved("a picture of an impossible shape")
        try:
            return area.read(shape)
        except Torn as error:
            raise self.disbelieved(f"too little: {error}") from error

    def leave(self) -> None:
        """Let an answer be that is wanted no more; a worker that does not soon agree is not usable again."""
        if not self._busy or not self._fit:
            return
        with contextlib.suppress(OSError, UnreadableMedia):
            wire.send(self._channel, {"go": False})
            self.answer(_LAST_WORD_SECONDS)

    def kill(self) -> None:
        self._fit = False
        self._process.kill()
        self._process.wait()
        self._channel.close()

    def _receive(self, seconds: float) -> wire.Message:
        began = time.monotonic()
        self._channel.settimeout(max(seconds, 0.001))
        try:
            message = self._inbox.receive()
        except TimeoutError as error:
            self._fit = False
            raise _too_slow() from error
        except (OSError, wire.Garbled) as error:
            raise self._died() from error
        finally:
            self.waited += time.monotonic() - began
        if message is None:
            raise self._died()
        return message

    def _told(self, message: wire.Message) -> UnreadableMedia:
        code, words = message["error"], message.get("message")
        if not isinstance(code, str) or not _CODE.fullmatch(code) or not isinstance(words, str):
            return self.disbelieved("an error without a code")
        return UnreadableMedia(code, _printable(words))

    def _died(self) -> UnreadableMedia:
        self._fit = False
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            status = None
        if status == -signal.SIGXCPU:
            return _too_slow()
        logger.error(
            "a decoder ended over a file: %s",
            "it lives, and answers no more" if status is None else _named(status),
        )
        return UnreadableMedia("decoder_died", _DIED)

    def disbelieved(self, what: str) -> UnreadableMedia:
        """What no worker says of itself; one that was taken over might."""
        self._fit = False
        logger.error("a decoder sent %s; it is replaced", what)
        return UnreadableMedia("decoder_died", _DIED)


def number(value: object, most: float) -> float:
    """A message's number if it is one from 0 to `most`. Raises ValueError."""
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= most:  # type: ignore[arg-type, operator]
        raise ValueError("no number that can be")
    return float(value)  # type: ignore[arg-type]


def _too_slow() -> UnreadableMedia:
    return UnreadableMedia("decoding_too_slow", "Decoding the file takes longer than one file may.")


def _named(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def _printable(words: object) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in str(words))[:500]


def _environment() -> dict[str, str]:
    """Nothing of the server's own, which may hold passwords."""
    here = str(Path(webapp.__file__).resolve().parents[1])
    return {
        "PYTHONPATH": os.pathsep.join([here, *(folder for folder in sys.path if folder and folder != here)]),
        "OPENBLAS_NUM_THREADS": "1",  # no threads before the worker is confined
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
