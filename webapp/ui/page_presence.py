"""Open pages: their running analyses and the memory to free when they close."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Presence:
    """Open pages by their Gradio session, each with the job that it waits for and the release of its visit.

    Thread-safe.
    """

    def __init__(self, stop: Callable[[str], object]) -> None:
        """`stop` is called with the job of a page that was closed."""
        self._stop = stop
        self._lock = threading.Lock()
        self._jobs: dict[str, str] = {}
        self._closed: set[str] = set()
        self._releases: dict[str, Callable[[], object]] = {}

    @contextmanager
    def awaiting(self, session: str, job: str) -> Iterator[Callable[[], bool]]:
        """Register that the page waits for a job. Yield a function that returns True while it is open."""
        with self._lock:
            self._jobs[session] = job
            self._closed.discard(session)
        try:
            yield lambda: session not in self._closed
        finally:
            with self._lock:
                self._jobs.pop(session, None)
                self._closed.discard(session)

    def at_leave(self, session: str, release: Callable[[], object]) -> None:
        """Call `release` when the page closes, instead of the function of the page's earlier visit."""
        with self._lock:
            self._releases[session] = release

    def leave(self, session: str) -> None:
        """Stop the job of a page that was closed, reloaded or left, and release its visit."""
        with self._lock:
            job = self._jobs.get(session)
            if job is not None:
                self._closed.add(session)
            release = self._releases.pop(session, None)
        if job is not None:
            self._stop(job)
        if release is not None:
            release()
