"""Who may analyse now: one line for the page and for programs, first come, first served; pictures go before clips, within reason."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, TimeoutError
from contextlib import contextmanager

_POLL_SECONDS = 0.25  # how soon somebody who waits is seen to have left
_FIRST_GUESS = 5.0  # seconds an analysis takes, until some were measured
_LONGEST_ADVICE = 600
_RESTART_SECONDS = 60
_MAY_PASS = 8  # pictures that may go before a clip; then it has its turn


class Busy(Exception):
    """The line is full; try again in `seconds`."""

    def __init__(self, seconds: int, reason: str = "Too many analyses are waiting.") -> None:
        super().__init__(f"{reason} Please try again in {seconds} seconds.")
        self.seconds = seconds


class Restarting(Busy):
    """The server is about to stop, and nothing new is begun."""

    def __init__(self) -> None:
        super().__init__(_RESTART_SECONDS, "The server is being restarted.")


class Turn:
    """A place in the line; `granted` is done once it may be used. Whoever has one gives it back, used or not."""

    def __init__(self, *, clip: bool) -> None:
        self.granted: Future[None] = Future()
        self.since = 0.0
        self.clip = clip
        self.passed = 0  # by pictures


class Turns:
    """At most `at_once` turns are in use, by clips not all of them if there are several, and `max_waiting` wait. Thread-safe."""

    def __init__(self, *, at_once: int, max_waiting: int) -> None:
        self._at_once = at_once
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._used: set[Turn] = set()
        self._line: deque[Turn] = deque()
        self._seconds = _FIRST_GUESS
        self._closed = False

    @property
    def running(self) -> int:
        with self._lock:
            return len(self._used)

    @property
    def waiting(self) -> int:
        with self._lock:
            return len(self._line)

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """From now on whoever asks is refused with Restarting, and so are those who wait; turns in use stay."""
        with self._lock:
            self._closed = True
            while self._line:
                turn = self._line.popleft()
                if turn.granted.set_running_or_notify_cancel():
                    turn.granted.set_exception(Restarting())

    def check(self) -> None:
        """Raises Busy where `ask` would."""
        with self._lock:
            self._check()

    def ask(self, *, clip: bool = False) -> Turn:
        """Stand in line; raises Busy when it is full."""
        with self._lock:
            self._check()
            return self._join(clip)

    def give_back(self, turn: Turn) -> None:
        """Leave the line, or let the next one in. Doing it twice does nothing."""
        with self._lock:
            if turn in self._used:
                self._used.remove(turn)
                self._seconds += 0.2 * (time.monotonic() - turn.since - self._seconds)
            elif turn in self._line:
                self._line.remove(turn)
            self._let_in()

    @contextmanager
    def taken(self, still_wanted: Callable[[int], None], *, clip: bool = False) -> Iterator[None]:
        """Wait in this thread, however long the line (its callers keep one of their own); `still_wanted` is told how
        many are in it before, and may raise to leave it.
        """
        with self._lock:
            if self._closed:
                raise Restarting
            turn = self._join(clip)
        try:
            while not turn.granted.done():
                still_wanted(self._before(turn))
                try:
                    turn.granted.result(timeout=_POLL_SECONDS)
                except TimeoutError:
                    continue
            turn.granted.result()  # raises Restarting where the line was closed
            yield
        finally:
            self.give_back(turn)

    def _before(self, turn: Turn) -> int:
        """How many of those who wait will, as it is now, have their turns first."""
        with self._lock:
            place = self._line.index(turn) if turn in self._line else 0
            return sum(
                other.clip <= turn.clip and (before < place or other.clip < turn.clip)
                for before, other in enumerate(self._line)
            )

    def _check(self) -> None:
        if self._closed:
            raise Restarting
        if len(self._line) >= self._max_waiting:
            raise Busy(
                max(1, min(_LONGEST_ADVICE, math.ceil(self._seconds * len(self._line) / self._at_once)))
            )

    def _join(self, clip: bool) -> Turn:
        turn = Turn(clip=clip)
        self._line.append(turn)
        self._let_in()
        return turn

    def _let_in(self) -> None:
        while (turn := self._next()) is not None:
            self._line.remove(turn)
            if turn.granted.set_running_or_notify_cancel():  # else whoever waited has left
                turn.since = time.monotonic()
                self._used.add(turn)
                turn.granted.set_result(None)

    def _next(self) -> Turn | None:
        """The picture that came first, unless it is a clip's time."""
        if len(self._used) >= self._at_once:
            return None
        room = sum(turn.clip for turn in self._used) < max(self._at_once - 1, 1)
        clip = next((turn for turn in self._line if turn.clip), None) if room else None
        picture = next((turn for turn in self._line if not turn.clip), None)
        if clip is None or picture is None or clip.passed >= _MAY_PASS:
            return clip or picture
        clip.passed += 1
        return picture
