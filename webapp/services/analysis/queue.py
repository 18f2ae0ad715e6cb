"""Queue of the page's and programs' analyses: first come, first served, photos before clips within limits."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, TimeoutError
from contextlib import contextmanager

# Seconds until a waiting client's departure is noticed.
_POLL_SECONDS = 0.25
# Seconds an analysis is assumed to take before any has finished.
_FIRST_ESTIMATE = 5.0
# Longest advised waiting time, in seconds.
_MAX_RETRY_SECONDS = 600
# Seconds after which an analysis lets a waiting photo go first.
_TURN_SECONDS = 1.0
# Analyses that wait in the middle of their work, at most. Each holds its decoded photo, or a clip's decoder.
_MAX_PAUSED = 4
# Seconds that a restart takes.
_RESTART_SECONDS = 60
# Weight of the newest duration in their moving average.
_SMOOTHING = 0.2
# Photos that may overtake a waiting clip.
_MAX_OVERTAKING = 8


class Busy(Exception):
    """The queue is full. Retry in `seconds`."""

    def __init__(self, seconds: int, reason: str = "Too many analyses are waiting.") -> None:
        super().__init__(f"{reason} Please try again in {seconds} seconds.")
        self.seconds = seconds


class Restarting(Busy):
    """The server is about to stop and starts no new analyses."""

    def __init__(self) -> None:
        super().__init__(_RESTART_SECONDS, "The server is being restarted.")


class Ticket:
    """Place in the queue.

    `admission` completes once the analysis may run. Its owner returns it in any case.
    """

    def __init__(self, *, is_clip: bool) -> None:
        self.admission: Future[None] = Future()
        self.is_clip = is_clip
        # Seconds of the monotonic clock at the admission.
        self.started_at = 0.0
        # The same of the admission after the last pause.
        self.turn_started_at = 0.0
        # Photos that were admitted before this clip although they came later.
        self.overtaken_by = 0


class AnalysisQueue:
    """Queue in which at most `at_once` analyses run and `max_waiting` wait. Thread-safe.

    If several analyses may run, clips do not occupy all of them. `decoders`: decoder processes, of which a
    clip occupies one until its last frame; one is left for photos. None: there are enough.
    """

    def __init__(self, *, at_once: int, max_waiting: int, decoders: int | None = None) -> None:
        self._at_once = at_once
        self._max_clips = max(min(at_once, decoders or at_once) - 1, 1)
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._admitted: set[Ticket] = set()
        self._waiting: deque[Ticket] = deque()
        self._paused: dict[Ticket, threading.Event] = {}
        self._mean_seconds = _FIRST_ESTIMATE
        self._closed = False

    @property
    def running(self) -> int:
        """Number of admitted analyses, including paused ones."""
        with self._lock:
            return len(self._admitted) + len(self._paused)

    @property
    def waiting(self) -> int:
        """Number of waiting analyses."""
        with self._lock:
            return len(self._waiting)

    @property
    def is_closed(self) -> bool:
        """True after `close`."""
        return self._closed

    def close(self) -> None:
        """Refuse waiting and new analyses with Restarting; admitted ones continue."""
        with self._lock:
            self._closed = True
            while self._waiting:
                ticket = self._waiting.popleft()
                if ticket.admission.set_running_or_notify_cancel():
                    ticket.admission.set_exception(Restarting())

    def check(self) -> None:
        """Raise Busy if `join` would."""
        with self._lock:
            self._check()

    def join(self, *, is_clip: bool = False) -> Ticket:
        """Enter the queue. Raises Busy if it is full."""
        with self._lock:
            self._check()
            return self._join(is_clip)

    def leave(self, ticket: Ticket) -> None:
        """Return a ticket, waiting or admitted. A second call does nothing."""
        with self._lock:
            if ticket in self._admitted:
                self._admitted.remove(ticket)
                seconds = time.monotonic() - ticket.started_at
                self._mean_seconds += _SMOOTHING * (seconds - self._mean_seconds)
            elif ticket in self._waiting:
                self._waiting.remove(ticket)
            self._paused.pop(ticket, None)
            self._admit()

    def yield_turn(self, ticket: Ticket, check: Callable[[], object]) -> None:
        """Let the first waiting photo run instead of an analysis that has run for long, then continue.

        Returns at once if no photo waits. `check` is called repeatedly during the pause and may raise to end
        the analysis. After `close` nothing waits, so paused analyses continue as soon as others end.
        """
        with self._lock:
            photo = next((other for other in self._waiting if not other.is_clip), None)
            ran_for = time.monotonic() - ticket.turn_started_at
            may_pause = ticket in self._admitted and len(self._paused) < _MAX_PAUSED
            if photo is None or not may_pause or ran_for < _TURN_SECONDS:
                return
            self._admitted.remove(ticket)
            resumed = self._paused[ticket] = threading.Event()
            self._waiting.remove(photo)
            self._start(photo)
            self._admit()
        while not resumed.wait(_POLL_SECONDS):
            check()

    @contextmanager
    def place(self, on_wait: Callable[[int], None], *, is_clip: bool = False) -> Iterator[Ticket]:
        """Wait in this thread until admitted, then run the block.

        The queue's limit does not apply, because the page has a queue of its own. `on_wait` is called
        repeatedly with the number of analyses ahead and may raise to leave the queue. Yields the ticket.
        Raises Restarting.
        """
        with self._lock:
            if self._closed:
                raise Restarting
            ticket = self._join(is_clip)
        try:
            while not ticket.admission.done():
                on_wait(self._count_ahead(ticket))
                try:
                    ticket.admission.result(timeout=_POLL_SECONDS)
                except TimeoutError:
                    continue
            # This raises Restarting if the queue was closed.
            ticket.admission.result()
            yield ticket
        finally:
            self.leave(ticket)

    def _count_ahead(self, ticket: Ticket) -> int:
        """Return the number of waiting analyses that would be admitted first."""
        with self._lock:
            position = self._waiting.index(ticket) if ticket in self._waiting else 0
            return sum(
                other.is_clip <= ticket.is_clip and (place < position or other.is_clip < ticket.is_clip)
                for place, other in enumerate(self._waiting)
            )

    def _check(self) -> None:
        if self._closed:
            raise Restarting
        if len(self._waiting) >= self._max_waiting:
            seconds = math.ceil(self._mean_seconds * len(self._waiting) / self._at_once)
            raise Busy(max(1, min(_MAX_RETRY_SECONDS, seconds)))

    def _join(self, is_clip: bool) -> Ticket:
        ticket = Ticket(is_clip=is_clip)
        self._waiting.append(ticket)
        self._admit()
        return ticket

    def _admit(self) -> None:
        """Continue paused analyses, then admit waiting ones, while there is room."""
        while self._paused and len(self._admitted) < self._at_once:
            ticket, resumed = next(iter(self._paused.items()))
            del self._paused[ticket]
            ticket.turn_started_at = time.monotonic()
            self._admitted.add(ticket)
            resumed.set()
        while (waiting := self._next()) is not None:
            self._waiting.remove(waiting)
            self._start(waiting)

    def _start(self, ticket: Ticket) -> None:
        """Admit a ticket that was taken out of the waiting ones, unless its client has left."""
        if ticket.admission.set_running_or_notify_cancel():
            ticket.started_at = ticket.turn_started_at = time.monotonic()
            self._admitted.add(ticket)
            ticket.admission.set_result(None)

    def _next(self) -> Ticket | None:
        """Return the first waiting photo, or the first clip if no photo waits or too many overtook it."""
        if len(self._admitted) >= self._at_once:
            return None
        clips_begun = sum(ticket.is_clip for ticket in (*self._admitted, *self._paused))
        clip = None
        if clips_begun < self._max_clips:
            clip = next((ticket for ticket in self._waiting if ticket.is_clip), None)
        photo = next((ticket for ticket in self._waiting if not ticket.is_clip), None)
        if clip is None or photo is None or clip.overtaken_by >= _MAX_OVERTAKING:
            return clip or photo
        clip.overtaken_by += 1
        return photo
