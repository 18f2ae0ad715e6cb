"""Prefetching: a generator runs in a thread of its own, some items ahead of its consumer."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

from laanet_core.errors import CapturedError

Item = TypeVar("Item")

# Name of the threads, as seen in a stack dump.
THREAD_NAME = "prefetch"

# Seconds within which a producer notices that its consumer has gone.
_POLL_SECONDS = 0.1

_END = object()


def prefetch(source: Iterable[Item], depth: int) -> Generator[Item]:
    """Yield the items of `source`, which another thread produces up to `depth` items ahead.

    Errors of the source are raised here, after the items before them. Closing this generator ends the
    thread and closes the source in that thread.
    """
    ready: queue.Queue[object] = queue.Queue(depth)
    closed = threading.Event()
    captured = CapturedError()

    def put(item: object) -> bool:
        """Queue an item; return False if the consumer has gone."""
        while not closed.is_set():
            try:
                ready.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            with captured:
                for item in source:
                    if not put(item):
                        break
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()
            put(_END)

    # The context holds the check that interrupts the work.
    context = contextvars.copy_context()
    producer = threading.Thread(target=context.run, args=(produce,), name=THREAD_NAME, daemon=True)
    producer.start()
    try:
        while (item := ready.get()) is not _END:
            yield item  # type: ignore[misc]  # the queue holds items and _END only
        if captured.error is not None:
            raise captured.error
    finally:
        closed.set()
        producer.join()
