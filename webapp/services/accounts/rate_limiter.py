"""How often something may be tried."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from webapp.domain.errors import Refused

_REMEMBERED = 100_000  # keys; the longest unused is forgotten first


class RateLimiter:
    """At most `most` tries in `seconds` for any one key, in the memory of this process. Safe between threads."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    @contextmanager
    def count_failures(self, *keys: str) -> Iterator[Callable[[], None]]:
        """Count a try, and give it back where what is done within calls what it is given: it was right.

        It counts while nobody knows whether it is right, or many at once could be tried before the first is known to be wrong. What is
        given back is this very try: no earlier one is forgotten because somebody was right, so whoever guesses gains nothing by the owner's
        signing in, nor by being right about an account of his own in between. Raises Refused (too_many_tries).
        """
        moment, found = self.count(*keys), False

        def right() -> None:
            nonlocal found
            found = True

        try:
            yield right
        finally:
            if found:
                self._give_back(moment, keys)

    def count(self, *keys: str) -> float:
        """Count a try for each key; returns its time. Raises Refused (too_many_tries), counting nothing, where any has had enough."""
        now = time.monotonic()
        with self._lock:
            recent = [self._recent(key, now) for key in keys]
            full = [tries for tries in recent if len(tries) >= self._most]
            if full:
                wait = math.ceil(max(tries[0] + self._seconds - now for tries in full))
                raise Refused("too_many_tries", f"Too many tries. Please wait {max(wait, 1)} seconds.")
            for tries in recent:
                tries.append(now)
            while len(self._tries) > _REMEMBERED:
                self._tries.popitem(last=False)
            return now

    def _give_back(self, moment: float, keys: tuple[str, ...]) -> None:
        with self._lock:
            for key in keys:
                tries = self._tries.get(key, deque())
                if moment in tries:  # else it is older than what counts
                    tries.remove(moment)

    def _recent(self, key: str, now: float) -> deque[float]:
        tries = self._tries.setdefault(key, deque())
        self._tries.move_to_end(key)
        while tries and tries[0] <= now - self._seconds:
            tries.popleft()
        return tries
