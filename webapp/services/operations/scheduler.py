"""Work that is done again and again while the application runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScheduledTask:
    """What to do every so many seconds, for the first time after `first`."""

    name: str
    run: Callable[[], object]
    every: float
    first: float


class Scheduler:
    """Runs its tasks one after another in a thread of its own while the block lasts. A task that fails is logged and tried again."""

    def __init__(self, tasks: Sequence[ScheduledTask]) -> None:
        self._tasks = tasks
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="timer", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        if self._tasks:
            self._thread.start()

    def stop(self, *, seconds: float = 30) -> None:
        """Lets the task that runs come to its end, within so many seconds."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)

    def _work(self) -> None:
        due = [time.monotonic() + task.first for task in self._tasks]
        while not self._stopped.wait(max(0.0, min(due) - time.monotonic())):
            place = due.index(min(due))
            task = self._tasks[place]
            try:
                task.run()
            except Exception:
                logger.exception("%s failed", task.name)
            due[place] = time.monotonic() + task.every
