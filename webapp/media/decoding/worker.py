"""A worker: `python -m webapp.media.decoding.worker CHANNEL PARENT MEGABYTES SECONDS`, started by the server, which it answers.

It imports what decodes and nothing that judges or serves, gives up every right it can, and then reads strangers' files, one after
another, that come as open files beside the questions.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.video import Frame, read_at, read_film, read_frames, read_length
from laanet_core.results import Caution
from webapp.media.decoding import wire
from webapp.media.decoding.confinement import Limits, confine, die_with, first_to_go
from webapp.media.decoding.libraries import load_everything
from webapp.media.stripping import bare

_FILE_AND_AREA = 2


class _Left(Exception):
    """The server wants no more of this file."""


class NothingMore:
    """Takes the place of Python's ways to find modules, which need files, and remembers what was wanted of them."""

    def __init__(self) -> None:
        self.wanted: list[str] = []

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        if not name.startswith("webapp."):
            self.wanted.append(name[:80])
        raise ModuleNotFoundError(f"{name} was not imported in time", name=name)


class Answers:
    """Writes what was decoded where the server finds it, and says so."""

    def __init__(self, channel: socket.socket, inbox: wire.Inbox, area: mmap.mmap) -> None:
        self._channel = channel
        self._inbox = inbox
        self._area = np.frombuffer(area, np.uint8)

    def picture(self, values: npt.NDArray[np.uint8], **more: Any) -> None:
        """Goes on once the server has taken it; raises _Left when it wants no more."""
        self._area[: values.size].reshape(values.shape)[...] = values
        wire.send(self._channel, {"shape": values.shape, **more})
        message = self._inbox.receive()
        if message is None or not message.get("go"):
            raise _Left


def _image(file: BinaryIO, answers: Answers, asked: wire.Message) -> dict[str, Any]:
    told: set[Caution] = set()
    answers.picture(read_image(file, warn=told.add))
    return {"cautions": sorted(told)}


def _frames(file: BinaryIO, answers: Answers, asked: wire.Message) -> dict[str, Any]:
    told: set[Caution] = set()
    _all(read_frames(file, asked["count"], warn=told.add), answers)
    return {"cautions": sorted(told)}


def _at(file: BinaryIO, answers: Answers, asked: wire.Message) -> None:
    _all(read_at(file, asked["times"]), answers)


def _film(file: BinaryIO, answers: Answers, asked: wire.Message) -> None:
    _all(read_film(file, size=(asked["width"], asked["height"]), seconds=asked["seconds"]), answers)


def _all(frames: Iterator[Frame], answers: Answers) -> None:
    for frame in frames:
        answers.picture(frame.rgb, time=frame.time)


def _length(file: BinaryIO, answers: Answers, asked: wire.Message) -> dict[str, Any]:
    return {"seconds": read_length(file)}


def _bare(file: BinaryIO, answers: Answers, asked: wire.Message) -> None:
    made = bare(file)
    answers.picture(np.frombuffer(made.content, np.uint8), format=made.format, orientation=made.orientation)


QUESTIONS: dict[str, Callable[[BinaryIO, Answers, wire.Message], dict[str, Any] | None]] = {
    "image": _image,
    "frames": _frames,
    "at": _at,
    "length": _length,
    "film": _film,
    "bare": _bare,
}


def main(arguments: Sequence[str]) -> None:
    descriptor, parent, megabytes, seconds = (int(argument) for argument in arguments)
    die_with(parent)
    first_to_go()
    channel = socket.socket(fileno=descriptor)
    load_everything()
    _be_silent()
    confinement = confine(Limits(megabytes, seconds))
    nothing_more = NothingMore()
    sys.meta_path[:] = [nothing_more]
    inbox = wire.Inbox(channel, files=_FILE_AND_AREA)
    wire.send(channel, {"held": confinement.held, "missing": confinement.missing})
    while (asked := inbox.receive()) is not None:
        wire.send(channel, {**_answer(channel, inbox, asked), "wanted": nothing_more.wanted[:10]})
        nothing_more.wanted.clear()


def _answer(channel: socket.socket, inbox: wire.Inbox, asked: wire.Message) -> wire.Message:
    """The last word on a question, after its pictures."""
    file, area = inbox.files
    inbox.files.clear()
    try:
        size = os.fstat(area).st_size
        with os.fdopen(file, "rb") as opened, _mapped(area, size) as mapped:
            return {"end": QUESTIONS[asked["do"]](opened, Answers(channel, inbox, mapped), asked) or {}}
    except _Left:
        return {"end": {}}
    except UnreadableMedia as error:
        return {"error": error.code, "message": error.message}
    except MemoryError:
        return {"too_large": True}
    except Exception as error:  # noqa: BLE001 (the server logs it, and starts another worker)
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            return {"too_large": True}
        return {"failed": f"{type(error).__name__}: {error}"[:500]}


@contextlib.contextmanager
def _mapped(area: int, size: int) -> Iterator[mmap.mmap]:
    mapped = mmap.mmap(area, size)
    os.close(area)
    try:
        yield mapped
    finally:
        with contextlib.suppress(BufferError):  # an array that an error still holds: it goes with the error
            mapped.close()


def _be_silent() -> None:
    """Libraries write about odd files to the standard streams, as often as a file likes."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


if __name__ == "__main__":
    main(sys.argv[1:])
