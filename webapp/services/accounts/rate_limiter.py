"""Rate limiter with a sliding window per key."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from webapp.domain.errors import Refused

# Keys in memory. The least recently used one is dropped first.
_MAX_KEYS = 100_000


class RateLimiter:
    """Limits attempts to `limit` in `seconds` per key, in the memory of this process. Thread-safe."""

    def __init__(self, *, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    @contextmanager
    def count_failures(self, *keys: str) -> Iterator[Callable[[], None]]:
        """Count an attempt, and take it back if the block calls the yielded function to report success.

        The attempt counts while its result is unknown. Otherwise many concurrent guesses would pass before
        the first one failed. Success takes back this attempt only. Earlier failures stay, so that an attacker
        gains nothing from the owner's sign-ins, nor from their own account. Raises Refused with
        too_many_tries.
        """
        moment = self.count(*keys)
        succeeded = False

        def report_success() -> None:
            nonlocal succeeded
            succeeded = True

        try:
            yield report_success
        finally:
            if succeeded:
                self._take_back(moment, keys)

    def count(self, *keys: str) -> float:
        """Count an attempt for each key and return its time in seconds of the clock.

        Raises Refused with too_many_tries, and counts nothing, if any key has reached the limit.
        """
        moment = self._clock()
        with self._lock:
            windows = [self._window(key, moment) for key in keys]
            full = [window for window in windows if len(window) >= self._limit]
            if full:
                wait = math.ceil(max(window[0] + self._seconds - moment for window in full))
                raise Refused("too_many_tries", f"Too many tries. Please wait {max(wait, 1)} seconds.")
            for window in windows:
                window.append(moment)
            while len(self._attempts) > _MAX_KEYS:
                self._attempts.popitem(last=False)
            return moment

    def _take_back(self, moment: float, keys: tuple[str, ...]) -> None:
        with self._lock:
            for key in keys:
                window = self._attempts.get(key, deque())
                # An attempt that has left the window is gone already.
                if moment in window:
                    window.remove(moment)

    def _window(self, key: str, moment: float) -> deque[float]:
        """Return the attempts of a key that still count, and mark the key as recently used."""
        window = self._attempts.setdefault(key, deque())
        self._attempts.move_to_end(key)
        while window and window[0] <= moment - self._seconds:
            window.popleft()
        return window
