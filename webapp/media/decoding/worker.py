"""Worker process: `python -m webapp.media.decoding.worker CHANNEL PARENT MEGABYTES SECONDS`.

Its standard input is the trust list of Content Credentials as a PEM text, which may be empty.
The server starts it. It imports the decoders only, drops every right it can, and then decodes one untrusted
file after another. Files arrive as descriptors with the requests.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import functools
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_picture
from laanet_core.media.provenance import read_provenance
from laanet_core.media.video import Frame, read_at, read_film, read_frames, read_length
from laanet_core.results import Caution
from webapp.media.decoding import protocol
from webapp.media.decoding.confinement import Limits, confine, die_with, prefer_for_oom_kill
from webapp.media.decoding.preloading import preload
from webapp.media.stripping import bare

# Descriptors of a request: the file and the shared buffer.
_DESCRIPTORS = 2


class _Cancelled(Exception):
    """The server cancelled the request."""


class ImportBlocker:
    """Replacement of Python's import finders, which need files. It records missing modules."""

    def __init__(self) -> None:
        self.missing_modules: list[str] = []

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        """Record the module and raise ModuleNotFoundError."""
        if not name.startswith("webapp."):
            self.missing_modules.append(name[:80])
        raise ModuleNotFoundError(f"{name} was not preloaded", name=name)


class Responder:
    """Writes decoded images to the shared buffer and announces them."""

    def __init__(self, channel: socket.socket, receiver: protocol.Receiver, buffer: mmap.mmap) -> None:
        self._channel = channel
        self._receiver = receiver
        self._buffer = np.frombuffer(buffer, np.uint8)

    def release(self) -> None:
        """Give the buffer up, so that its map can be closed. No image can be sent any more."""
        self._buffer = np.empty(0, np.uint8)

    def image(self, values: npt.NDArray[np.uint8], **more: Any) -> None:
        """Send an array of any shape, such as (H, W, 3), and wait until the server has read it.

        Raises _Cancelled if the server wants no more.
        """
        self._buffer[: values.size].reshape(values.shape)[...] = values
        protocol.send(self._channel, {"shape": values.shape, **more})
        message = self._receiver.receive()
        if message is None or not message.get("proceed"):
            raise _Cancelled


def _image(file: BinaryIO, responder: Responder, request: protocol.Message) -> dict[str, Any]:
    """Send the upright image with the size of its original; return its cautions."""
    cautions: set[Caution] = set()
    picture = read_picture(file, warn=cautions.add)
    responder.image(picture.rgb, size=picture.size)
    return {"cautions": sorted(cautions)}


def _frames(file: BinaryIO, responder: Responder, request: protocol.Message) -> dict[str, Any]:
    """Send `count` frames spread over the clip; return the cautions."""
    cautions: set[Caution] = set()
    _send_frames(read_frames(file, request["count"], warn=cautions.add), responder)
    return {"cautions": sorted(cautions)}


def _frames_at(file: BinaryIO, responder: Responder, request: protocol.Message) -> None:
    _send_frames(read_at(file, request["times"]), responder)


def _film(file: BinaryIO, responder: Responder, request: protocol.Message) -> None:
    size = (request["width"], request["height"])
    _send_frames(read_film(file, size=size, seconds=request["seconds"]), responder)


def _send_frames(frames: Iterator[Frame], responder: Responder) -> None:
    for frame in frames:
        passage = frame.passage
        place = {} if passage is None else {"passage": dataclasses.asdict(passage)}
        responder.image(frame.rgb, time=frame.time, **place)


def _length(file: BinaryIO, responder: Responder, request: protocol.Message) -> dict[str, Any]:
    return {"seconds": read_length(file)}


def _bare(file: BinaryIO, responder: Responder, request: protocol.Message) -> None:
    stripped = bare(file)
    content = np.frombuffer(stripped.content, np.uint8)
    responder.image(content, format=stripped.format, orientation=stripped.orientation)


def _provenance(
    trust_anchors: str, file: BinaryIO, responder: Responder, request: protocol.Message
) -> dict[str, Any]:
    """Send the provenance as JSON: messages are too short for it."""
    provenance = read_provenance(file, trust_anchors)
    content = json.dumps(dataclasses.asdict(provenance)).encode()
    responder.image(np.frombuffer(content, np.uint8))
    return {}


Handler = Callable[[BinaryIO, Responder, protocol.Message], dict[str, Any] | None]
HANDLERS: dict[str, Handler] = {
    "image": _image,
    "frames": _frames,
    "frames_at": _frames_at,
    "length": _length,
    "film": _film,
    "bare": _bare,
}


def main(arguments: Sequence[str]) -> None:
    """Confine this process and answer requests until the server closes the channel."""
    descriptor, parent, megabytes, seconds = (int(argument) for argument in arguments)
    die_with(parent)
    prefer_for_oom_kill()
    channel = socket.socket(fileno=descriptor)
    trust_anchors = sys.stdin.read()
    preload(trust_anchors)
    handlers: dict[str, Handler] = {**HANDLERS, "provenance": functools.partial(_provenance, trust_anchors)}
    _silence_standard_streams()
    confinement = confine(Limits(megabytes, seconds))
    blocker = ImportBlocker()
    sys.meta_path[:] = [blocker]
    receiver = protocol.Receiver(channel, files=_DESCRIPTORS)
    protocol.send(channel, {"active": confinement.active, "missing": confinement.missing})
    while (request := receiver.receive()) is not None:
        last = _respond(channel, receiver, request, handlers)
        protocol.send(channel, {**last, "missing_modules": blocker.missing_modules[:10]})
        blocker.missing_modules.clear()


class _Unanswered(Exception):
    """A request that failed; `message` is the last one that the server receives of it."""

    def __init__(self, message: protocol.Message) -> None:
        super().__init__()
        self.message = message


def _respond(
    channel: socket.socket,
    receiver: protocol.Receiver,
    request: protocol.Message,
    handlers: Mapping[str, Handler],
) -> protocol.Message:
    """Send the images of a request; return its last message."""
    file, buffer = receiver.files
    receiver.files.clear()
    try:
        with _errors_as_messages():
            size = os.fstat(buffer).st_size
            with os.fdopen(file, "rb") as opened, _mapped(buffer, size) as mapped:
                responder = Responder(channel, receiver, mapped)
                try:
                    return {"end": handlers[request["do"]](opened, responder, request) or {}}
                finally:
                    # The traceback of an error may keep the responder for long; the map would stay with it.
                    responder.release()
    except _Unanswered as failure:
        return failure.message


@contextlib.contextmanager
def _errors_as_messages() -> Iterator[None]:
    """Turn every error of the block into _Unanswered. The server logs those that are not the file's."""
    try:
        yield
    except _Cancelled as error:
        raise _Unanswered({"end": {}}) from error
    except UnreadableMedia as error:
        raise _Unanswered({"error": error.code, "message": error.message}) from error
    except MemoryError as error:
        raise _Unanswered({"too_large": True}) from error
    # After any other error the server starts another worker.
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            raise _Unanswered({"too_large": True}) from error
        raise _Unanswered({"failed": f"{type(error).__name__}: {error}"[:500]}) from error


@contextlib.contextmanager
def _mapped(buffer: int, size: int) -> Iterator[mmap.mmap]:
    mapped = mmap.mmap(buffer, size)
    os.close(buffer)
    try:
        yield mapped
    finally:
        # The traceback of an error may still refer to a part of it; the map is closed with that.
        with contextlib.suppress(BufferError):
            mapped.close()


def _silence_standard_streams() -> None:
    """Discard standard output and error: libraries write about every odd file."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


if __name__ == "__main__":
    main(sys.argv[1:])
