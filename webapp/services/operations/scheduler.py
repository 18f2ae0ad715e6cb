"""Scheduler of periodic tasks, in one background thread."""

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
    """A periodic call.

    The first call starts `first` seconds after the scheduler. Each further call starts `every` seconds after
    the end of the one before.
    """

    name: str
    run: Callable[[], object]
    every: float
    first: float


class Scheduler:
    """Context manager that runs its tasks one at a time. A failed task is logged and scheduled again."""

    def __init__(self, tasks: Sequence[ScheduledTask]) -> None:
        self._tasks = tasks
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scheduler", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        if self._tasks:
            self._thread.start()

    def stop(self, *, seconds: float = 30) -> None:
        """Start no further task, and wait at most `seconds` for the running one."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)

    def _work(self) -> None:
        # Times of the next call of each task.
        due = [time.monotonic() + task.first for task in self._tasks]
        while not self._stopped.wait(max(0.0, min(due) - time.monotonic())):
            index = due.index(min(due))
            task = self._tasks[index]
            try:
                task.run()
            except Exception:
                logger.exception("%s failed", task.name)
            due[index] = time.monotonic() + task.every
