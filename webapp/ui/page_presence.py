"""Whether those for whom something is analysed are still there: what they can no longer be told is not done, and not kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Presence:
    """Which pages have an analysis under way, by their sessions, and which of them were closed meanwhile. Safe between threads."""

    def __init__(self, stop: Callable[[str], object]) -> None:
        """`stop` is called with the job of a page that was closed."""
        self._stop = stop
        self._lock = threading.Lock()
        self._jobs: dict[str, str] = {}
        self._left: set[str] = set()

    @contextmanager
    def awaiting(self, session: str, job: str) -> Iterator[Callable[[], bool]]:
        """While a page waits for a job; gives what tells whether it was closed since."""
        with self._lock:
            self._jobs[session] = job
            self._left.discard(session)
        try:
            yield lambda: session in self._left
        finally:
            with self._lock:
                self._jobs.pop(session, None)
                self._left.discard(session)

    def leave(self, session: str) -> None:
        """A page was closed, reloaded or left for another."""
        with self._lock:
            job = self._jobs.get(session)
            if job is not None:
                self._left.add(session)
        if job is not None:
            self._stop(job)
