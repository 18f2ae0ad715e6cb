"""Termination signals of a command, turned into exceptions so that `finally` blocks run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Shells report a command that a signal ended with this number plus the signal's.
_STATUS_BASE = 128


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise SystemExit in this block on the first SIGTERM or SIGHUP, with the status a shell would report.

    A second signal ends the process at once. Signals that already have a handler are left alone, as are all
    outside the main thread, where Python cannot set handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL
    ]

    def restore_defaults() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)

    def exit_command(number: int, _: FrameType | None) -> None:
        restore_defaults()
        raise SystemExit(_STATUS_BASE + number)

    for number in numbers:
        signal.signal(number, exit_command)
    try:
        yield
    finally:
        restore_defaults()
