"""Interruption of long work: a check that runs between its batches, in every thread that takes part."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator

Check = Callable[[], None]


def _continue() -> None:
    """Do nothing: check of work that is never interrupted."""


_check: contextvars.ContextVar[Check] = contextvars.ContextVar("interruption_check", default=_continue)


@contextlib.contextmanager
def interruptible(check: Check) -> Iterator[None]:
    """Run `check` between the batches of the block's work. It may wait, or raise Cancelled to end the work.

    The face search, the assessment of faces and the scoring call it, in the threads in which they run.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def checkpoint() -> None:
    """Run the check of the surrounding `interruptible` block, if there is one."""
    _check.get()()
