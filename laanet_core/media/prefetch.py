"""Work done ahead of whoever waits for it, in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")
_POLL_SECONDS = 0.1  # how soon a worker with nobody left to work for sees it
_END = object()


def ahead(source: Iterable[Item], depth: int) -> Generator[Item]:
    """The items of `source`, which a thread goes through up to `depth` items ahead; its errors are raised here.

    Closing this generator, as an error in the loop over it does at the latest, ends the thread and closes the source in it.
    """
    ready: queue.Queue[object] = queue.Queue(depth)
    unwanted = threading.Event()
    errors: list[BaseException] = []

    def put(item: object) -> bool:
        while not unwanted.is_set():
            try:
                ready.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in source:
                if not put(item):
                    break
        except BaseException as error:  # noqa: BLE001  # raised again by whoever reads
            errors.append(error)
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()
            put(_END)

    worker = threading.Thread(target=work, name="ahead", daemon=True)
    worker.start()
    try:
        while (item := ready.get()) is not _END:
            yield item  # type: ignore[misc]
        if errors:
            raise errors[0]
    finally:
        unwanted.set()
        worker.join()
