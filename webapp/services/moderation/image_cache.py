"""Cache of encoded images, bounded in bytes and age."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

# Room for about a hundred large frames.
_MAX_BYTES = 64_000_000
# As long as a claim lasts by default.
_MAX_AGE_SECONDS = 600.0


class ImageCache:
    """Keeps recently encoded images, so that one moderator's views are not computed twice. Thread-safe."""

    def __init__(
        self,
        *,
        max_bytes: int = _MAX_BYTES,
        max_age: float = _MAX_AGE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`max_age` is in seconds. `clock` returns a time in seconds that never goes backwards."""
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._clock = clock
        # Time of storage and content by key, oldest first.
        self._entries: OrderedDict[Hashable, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()
        # One computation at a time, because decoding uses all cores.
        self._compute_lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], bytes]) -> bytes:
        """Return the cached image, or compute and cache it. Raises what `compute` raises."""
        content = self._find(key)
        if content is not None:
            return content
        with self._compute_lock:
            content = self._find(key)
            if content is None:
                content = compute()
                self.put(key, content)
        return content

    def put(self, key: Hashable, content: bytes) -> None:
        """Cache an encoded image and drop old entries."""
        with self._lock:
            self._entries[key] = (self._clock(), content)
            self._entries.move_to_end(key)
            self._evict()

    def _find(self, key: Hashable) -> bytes | None:
        with self._lock:
            self._evict()
            if key not in self._entries:
                return None
            _, content = self._entries[key]
            return content

    def _evict(self) -> None:
        """Drop the oldest entry while it is too old or all entries together are too large."""
        expiry = self._clock() - self._max_age
        size = sum(len(content) for _, content in self._entries.values())
        while self._entries:
            stored_at, content = next(iter(self._entries.values()))
            if size <= self._max_bytes and stored_at >= expiry:
                return
            size -= len(content)
            self._entries.popitem(last=False)
