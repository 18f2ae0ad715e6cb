"""How a command ends when it is told to: as by an error, so that what it has begun is put away."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP leave the block by SystemExit, with the status that a shell would give; a second one ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL
    ]

    def end(number: int, _: FrameType | None) -> None:
        _leave(taken)
        raise SystemExit(128 + number)

    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        _leave(taken)


def _leave(taken: list[signal.Signals]) -> None:
    for number in taken:
        signal.signal(number, signal.SIG_DFL)
