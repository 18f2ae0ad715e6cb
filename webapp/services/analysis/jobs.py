"""Running analyses that can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from laanet_core.errors import Cancelled
from webapp.services.analysis.progress import ReportProgress, VisitProgress
from webapp.services.analysis.queue import Restarting

# Stop requests that are remembered for jobs that may still begin.
_MAX_STOPPED = 10_000


class RunningJob:
    """One running analysis. Both methods raise Cancelled or Restarting once it has to stop."""

    def __init__(self, check: Callable[[], None], progress: ReportProgress | None) -> None:
        self.check = check
        self._progress = progress

    def report(self, progress: VisitProgress) -> None:
        """Pass the progress on."""
        self.check()
        if self._progress is not None:
            self._progress(progress)


class Jobs:
    """Running analyses by key, and requests to stop them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[str] = set()
        # A dictionary keeps the order, so that the oldest requests are forgotten first.
        self._stopped: dict[str, None] = {}
        self._closed = False

    @property
    def running(self) -> int:
        """Number of running jobs."""
        with self._lock:
            return len(self._running)

    def stop(self, job: str) -> None:
        """Ask a job to stop, running or not yet begun."""
        with self._lock:
            self._stopped[job] = None
            while len(self._stopped) > _MAX_STOPPED:
                self._stopped.pop(next(iter(self._stopped)))

    def close(self) -> None:
        """Stop all jobs with Restarting, including those that have not begun."""
        with self._lock:
            self._closed = True

    @contextmanager
    def run(self, job: str, progress: ReportProgress | None) -> Iterator[RunningJob]:
        """Run the block as a job. Raises Cancelled or Restarting if it must not begin."""

        def check() -> None:
            with self._lock:
                is_stopped = job in self._stopped
                is_closed = self._closed
            if is_closed:
                raise Restarting
            if is_stopped:
                raise Cancelled("The analysis was stopped.")

        with self._lock:
            self._running.add(job)
        try:
            running = RunningJob(check, progress)
            running.report(VisitProgress(0.0, "reading"))
            yield running
        finally:
            with self._lock:
                self._running.discard(job)
                self._stopped.pop(job, None)
