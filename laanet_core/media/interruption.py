"""Interruption of long work: a check that runs between its batches, in every thread that takes part."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Check = Callable[[], None]


def _continue() -> None:
    """Do nothing: check of work that is never interrupted."""


@dataclass(frozen=True)
class _Interruption:
    """Functions of an `interruptible` block, and the thread that entered it."""

    check: Check
    pause: Check
    thread: int


_current: contextvars.ContextVar[_Interruption | None] = contextvars.ContextVar("interruption", default=None)


@contextlib.contextmanager
def interruptible(check: Check, *, pause: Check = _continue) -> Iterator[None]:
    """Run `check` between the batches of the block's work. It may raise Cancelled to end the work.

    Decoding, the face search, the assessment of faces and the scoring call it, in the threads in which they
    run. `pause` may wait as long as it likes: only this block's thread calls it, while it holds no lock and
    no place in a pool of threads that other work needs.
    """
    token = _current.set(_Interruption(check, pause, threading.get_ident()))
    try:
        yield
    finally:
        _current.reset(token)


def checkpoint() -> None:
    """Run the check of the surrounding `interruptible` block, if there is one, then its pause."""
    current = _current.get()
    if current is None:
        return
    current.check()
    if current.thread == threading.get_ident():
        current.pause()


def check_only() -> None:
    """Run the check of the surrounding block without its pause. Callers may hold what other work needs."""
    current = _current.get()
    if current is not None:
        current.check()
