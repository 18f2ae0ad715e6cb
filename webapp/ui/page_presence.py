"""Open pages: their running analyses and the memory to free when they close."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from webapp.security.tokens import new_key

# Stopped jobs that are remembered, because they may still begin or be repeated.
_MAX_STOPPED = 10_000


@dataclass(frozen=True)
class Attempt:
    """One attempt at a job. `key` names it among the running analyses; `is_present` says if its page is open.

    After a lost connection the browser sends the same job again, which is the next attempt.
    """

    key: str
    is_present: Callable[[], bool]


class Presence:
    """Open pages and programs by their Gradio session, with their jobs and the release of a page's visit.

    Thread-safe.
    """

    def __init__(self, stop: Callable[[str], object]) -> None:
        """`stop` is called with the key of every attempt that is no longer wanted."""
        self._stop = stop
        self._lock = threading.Condition()
        # Connections that keep a page alive. A page that reconnects has two for a while.
        self._connections: dict[str, int] = {}
        # Attempts of a session: a program may wait for several jobs.
        self._waiting: dict[str, set[str]] = {}
        self._attempts: dict[str, str] = {}
        self._abandoned: set[str] = set()
        # A dictionary keeps the order, so that the oldest jobs are forgotten first.
        self._stopped: dict[str, None] = {}
        self._releases: dict[str, Callable[[], object]] = {}

    @contextmanager
    def connected(self, session: str) -> Iterator[None]:
        """Register a connection of a page. The page leaves when its last connection ends."""
        with self._lock:
            self._connections[session] = self._connections.get(session, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._connections[session] -= 1
                is_last = self._connections[session] == 0
                if is_last:
                    del self._connections[session]
            if is_last:
                self.leave(session)

    @contextmanager
    def awaiting(self, session: str, job: str) -> Iterator[Attempt]:
        """Register that the page waits for a job, and yield the attempt.

        An earlier attempt at the job is stopped, because its answer can no longer arrive. This one begins
        after it.
        """
        key = new_key()
        with self._lock:
            while job in self._attempts:
                self._abandon(self._attempts[job])
                self._lock.wait()
            self._attempts[job] = key
            self._waiting.setdefault(session, set()).add(key)
            if job in self._stopped:
                self._stop(key)
        try:
            yield Attempt(key, lambda: key not in self._abandoned)
        finally:
            with self._lock:
                self._abandoned.discard(key)
                self._waiting[session].discard(key)
                if not self._waiting[session]:
                    del self._waiting[session]
                del self._attempts[job]
                self._lock.notify_all()

    def stop(self, job: str) -> None:
        """Stop a job for its visitor: running, not yet begun, or repeated later."""
        with self._lock:
            self._stopped[job] = None
            while len(self._stopped) > _MAX_STOPPED:
                self._stopped.pop(next(iter(self._stopped)))
            key = self._attempts.get(job)
        if key is not None:
            self._stop(key)

    def at_leave(self, session: str, release: Callable[[], object]) -> None:
        """Call `release` when the page closes, instead of the function of the page's earlier visit."""
        with self._lock:
            self._releases[session] = release

    def leave(self, session: str) -> None:
        """Stop the jobs of a page that was closed, reloaded or left, and release its visit."""
        with self._lock:
            for key in self._waiting.get(session, ()):
                self._abandon(key)
            release = self._releases.pop(session, None)
        if release is not None:
            release()

    def _abandon(self, key: str) -> None:
        """Stop an attempt whose page no longer waits for it."""
        if key not in self._abandoned:
            self._abandoned.add(key)
            self._stop(key)
