"""Server side of a decoder process."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

import webapp
from laanet_core.errors import UnreadableMedia
from webapp.media.decoding import protocol
from webapp.media.decoding.confinement import Confinement, Limits
from webapp.media.decoding.shared_memory import BufferTooSmall, SharedBuffer

logger = logging.getLogger(__name__)
# Time until a worker must be ready.
_START_SECONDS = 60.0
# Time for the last message after a request was cancelled. Most workers that are busy longer are killed in the
# middle of a file: its decoding must not go on after its client has left.
_CANCEL_SECONDS = 0.3
# Seconds between two checks whether the work for a client must end.
POLL_SECONDS = 0.1
# Expected shape of an array. None allows any length.
Shape = tuple[int | None, ...]
_DIED = "The file made the program that decodes it fail; it was not judged."
_CODE = re.compile(r"[a-z_]{1,40}")


class WorkerNotStarted(Exception):
    """A worker process that did not become ready."""


class WorkerProcess:
    """Decoder process that handles one request at a time. Not thread-safe."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self._receiver = protocol.Receiver(channel)
        self._busy = False
        self._healthy = True
        self.confinement = Confinement((), ())
        # Answered requests so far.
        self.answered = 0
        # Seconds of waiting for messages so far.
        self.waited = 0.0

    @classmethod
    def start(cls, limits: Limits, trust_anchors: str = "") -> Self:
        """Start a worker and return it once it is ready.

        `trust_anchors` are the trusted authorities of Content Credentials as a PEM text.
        Call this in a thread that outlives the worker: on Linux the worker dies with the thread. Raises
        WorkerNotStarted.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = [theirs.fileno(), os.getpid(), limits.megabytes, limits.seconds]
            command = [sys.executable, "-s", "-m", "webapp.media.decoding.worker", *map(str, arguments)]
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                env=_environment(),
                # An interrupt at the terminal is for the server.
                start_new_session=True,
            )
        worker = cls(process, ours)
        try:
            assert process.stdin is not None
            with process.stdin as trust_list:
                trust_list.write(trust_anchors.encode())
            ours.settimeout(_START_SECONDS)
            ready = worker._receiver.receive()
            if ready is None:
                raise WorkerNotStarted(f"it ended with {process.wait(timeout=5)}")
            worker.confinement = Confinement(tuple(ready["active"]), tuple(ready["missing"]))
        except (
            OSError,
            protocol.ProtocolError,
            LookupError,
            TypeError,
            subprocess.TimeoutExpired,
            WorkerNotStarted,
        ) as error:
            worker.kill()
            raise WorkerNotStarted(str(error)) from error
        return worker

    @property
    def usable(self) -> bool:
        """Return True if the worker can take a request."""
        return self._healthy and not self._busy and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def ask(self, request: protocol.Message, file: BinaryIO, buffer: SharedBuffer) -> None:
        """Send a request with a file and the buffer for its images.

        Raises UnreadableMedia (decoder_died or decoding_too_slow).
        """
        self._busy = True
        try:
            protocol.send(self._channel, request, [file.fileno(), buffer.file])
        except OSError as error:
            raise self._died() from error

    def proceed(self) -> None:
        """Acknowledge an image, so that the worker may overwrite it.

        Raises UnreadableMedia (decoder_died or decoding_too_slow).
        """
        try:
            protocol.send(self._channel, {"proceed": True})
        except OSError as error:
            raise self._died() from error

    def answer(self, seconds: float, *, check: Callable[[], None] = lambda: None) -> protocol.Message:
        """Return the message of the next image, or the last message, which has `end`.

        Raises UnreadableMedia with the worker's code, decoder_died, decoding_too_slow, decoding_too_large
        or unforeseen. `check` is called while this waits, and may raise to end the wait.
        """
        message = self._receive(seconds, check)
        if "shape" in message:
            return message
        self._busy = False
        self.answered += 1
        if message.get("missing_modules"):
            logger.error(
                "a decoder tried to import modules that were not preloaded: %s",
                _printable(message["missing_modules"]),
            )
        if "error" in message:
            raise self._error(message)
        if message.get("too_large"):
            self._healthy = False
            raise UnreadableMedia(
                "decoding_too_large", "Decoding the file takes more memory than one file may have."
            )
        if "failed" in message:
            self._healthy = False
            logger.error("unexpected error in a decoder: %s", _printable(message["failed"]))
            raise UnreadableMedia(
                "unforeseen",
                "The file could not be decoded because of an unexpected error. Please report it.",
            )
        if not isinstance(message.get("end"), dict):
            raise self.reject("an answer without an end")
        return message

    def read(self, buffer: SharedBuffer, message: protocol.Message, expected: Shape) -> npt.NDArray[np.uint8]:
        """Return the image that a message announces, uint8 of the expected shape, such as (H, W, 3).

        Raises UnreadableMedia (decoder_died) if the message is implausible.
        """
        shape = message["shape"]
        if not isinstance(shape, list) or len(shape) != len(expected):
            raise self.reject("an image with another number of dimensions")
        for side, length in zip(shape, expected, strict=True):
            if type(side) is not int or side < 1 or side != (length or side):
                raise self.reject("an image of an impossible shape")
        try:
            return buffer.read(shape)
        except BufferTooSmall as error:
            raise self.reject(f"too little: {error}") from error

    def cancel(self) -> None:
        """Cancel the request. A worker that does not confirm soon is not usable again."""
        if not self._busy or not self._healthy:
            return
        with contextlib.suppress(OSError, UnreadableMedia):
            protocol.send(self._channel, {"proceed": False})
            self.answer(_CANCEL_SECONDS)

    def kill(self) -> None:
        """Kill the process and close the channel."""
        self._healthy = False
        self._process.kill()
        self._process.wait()
        self._channel.close()

    def _receive(self, seconds: float, check: Callable[[], None]) -> protocol.Message:
        began = time.monotonic()
        try:
            message = self._receive_until(began + seconds, check)
        except TimeoutError as error:
            self._healthy = False
            raise _too_slow() from error
        except (OSError, protocol.ProtocolError) as error:
            raise self._died() from error
        finally:
            self.waited += time.monotonic() - began
        if message is None:
            raise self._died()
        return message

    def _receive_until(self, deadline: float, check: Callable[[], None]) -> protocol.Message | None:
        """Return the next message, None if the worker closed the channel. Raises TimeoutError."""
        while True:
            left = deadline - time.monotonic()
            self._channel.settimeout(max(min(left, POLL_SECONDS), 0.001))
            try:
                return self._receiver.receive()
            except TimeoutError:
                if left <= POLL_SECONDS:
                    raise
            check()

    def _error(self, message: protocol.Message) -> UnreadableMedia:
        code, text = message["error"], message.get("message")
        if not isinstance(code, str) or not _CODE.fullmatch(code) or not isinstance(text, str):
            return self.reject("an error without a code")
        return UnreadableMedia(code, _printable(text))

    def _died(self) -> UnreadableMedia:
        self._healthy = False
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            status = None
        if status == -signal.SIGXCPU:
            return _too_slow()
        logger.error(
            "a decoder failed during a file: %s",
            "it is alive but does not answer" if status is None else _exit_reason(status),
        )
        return UnreadableMedia("decoder_died", _DIED)

    def reject(self, what: str) -> UnreadableMedia:
        """Return the error for a message that an intact worker never sends, and retire the worker."""
        self._healthy = False
        logger.error("a decoder sent %s; it will be replaced", what)
        return UnreadableMedia("decoder_died", _DIED)


def checked_number(value: object, most: float) -> float:
    """Return a number of a message if it is finite and in [0, most]. Raises ValueError."""
    # `bool` is a subclass of `int`, and no number.
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ValueError("no number")
    if not 0 <= value <= most:
        raise ValueError("no such number")
    return float(value)


def _too_slow() -> UnreadableMedia:
    return UnreadableMedia("decoding_too_slow", "Decoding the file takes longer than one file may.")


def _exit_reason(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def _printable(text: object) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))[:500]


def _environment() -> dict[str, str]:
    """Return the environment of a worker, without the server's, which may contain passwords."""
    here = str(Path(webapp.__file__).resolve().parents[1])
    return {
        "PYTHONPATH": os.pathsep.join([here, *(folder for folder in sys.path if folder and folder != here)]),
        # The worker must have no threads before it is confined.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
