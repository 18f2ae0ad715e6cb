"""First-come queue of the writers of one SQLite database.

SQLite gives the write lock to any writer that tries at the right moment. Without a queue, an unlucky writer
could wait until its timeout.
"""

from __future__ import annotations

import threading
from collections import deque

from sqlalchemy.orm import Session, SessionTransaction

# Key of the queue in `Session.info` of sessions on SQLite.
QUEUE = "write_queue"
# Key in `Session.info` while the transaction is at the head of the queue.
_QUEUED = "queued_to_write"


class _FairLock:
    """Lock that the threads of this process get in the order of their calls of `enter`.

    The first event in `_waiting` belongs to the thread that owns the lock.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    def enter(self) -> None:
        """Wait until this thread owns the lock."""
        turn = threading.Event()
        with self._guard:
            self._waiting.append(turn)
            if self._waiting[0] is turn:
                return
        turn.wait()

    def leave(self) -> None:
        """Pass the lock to the next waiting thread."""
        with self._guard:
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].set()


class WriteQueue:
    """Queue of one database. `leave` listens to the event `after_transaction_end` of its sessions."""

    def __init__(self) -> None:
        self._queue = _FairLock()

    def enter(self, session: Session) -> None:
        """Wait for the session's turn, which ends with its transaction."""
        if _QUEUED not in session.info:
            self._queue.enter()
            session.info[_QUEUED] = True

    def leave(self, session: Session, transaction: SessionTransaction) -> None:
        """End the turn of a session whose outermost transaction has ended."""
        if transaction.parent is None and session.info.pop(_QUEUED, False):
            self._queue.leave()
