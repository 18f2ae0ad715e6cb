"""How often something may be tried."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque

from webapp.domain import Refused

_REMEMBERED = 100_000  # keys; the longest unused is forgotten first


class Throttle:
    """At most `most` tries in `seconds` for any one key, in the memory of this process. Safe between threads."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, *keys: str) -> None:
        """Count a try for each key. Raises Refused (too_many_tries), counting nothing, where any has had enough of them."""
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

    def _recent(self, key: str, now: float) -> deque[float]:
        tries = self._tries.setdefault(key, deque())
        self._tries.move_to_end(key)
        while tries and tries[0] <= now - self._seconds:
            tries.popleft()
        return tries
