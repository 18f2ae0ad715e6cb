"""Running analyses that can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from laanet_core.errors import Cancelled
from webapp.services.analysis.queue import Restarting

Progress = Callable[
    [float, str], None
]  # how far, in [0, 1]; the phase: "waiting N", N others being first, reading, judging, storing
_FORGOTTEN_AFTER = 10_000  # stop requests for jobs that never came


class Jobs:
    """Which analyses run, and which of them were asked to stop. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._stopped: dict[str, None] = {}
        self._closed = False

    @property
    def running(self) -> int:
        with self._lock:
            return len(self._running)

    def stop(self, job: str) -> None:
        """Ask a job to stop; one that has not begun yet will not."""
        with self._lock:
            self._stopped[job] = None
            while len(self._stopped) > _FORGOTTEN_AFTER:
                self._stopped.pop(next(iter(self._stopped)))

    def close(self) -> None:
        """Stop all of them with Restarting, and whatever is still to begin."""
        with self._lock:
            self._closed = True

    @contextmanager
    def run(self, job: str, progress: Progress | None) -> Iterator[Progress]:
        """Gives a progress callback that raises Cancelled once the job was asked to stop, and Restarting once all were."""

        def tell(fraction: float, phase: str) -> None:
            with self._lock:
                stopped, closed = job in self._stopped, self._closed
            if closed:
                raise Restarting
            if stopped:
                raise Cancelled("The analysis was stopped.")
            if progress is not None:
                progress(fraction, phase)

        with self._lock:
            self._running.add(job)
        try:
            tell(0.0, "reading")
            yield tell
        finally:
            with self._lock:
                self._running.discard(job)
                self._stopped.pop(job, None)
