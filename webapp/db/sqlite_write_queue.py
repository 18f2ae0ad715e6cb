"""Writers of one SQLite database queue: SQLite lets in whoever tries at the right moment, and could keep one waiting until he gives up."""

from __future__ import annotations

import threading
from collections import deque

from sqlalchemy.orm import Session, SessionTransaction

QUEUE = "write_queue"  # in the info of sessions on SQLite
_QUEUED = "queued_to_write"  # the same, while its transaction has its turn


class _Queue:
    """First come, first served, among the threads of this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    def enter(self) -> None:
        mine = threading.Event()
        with self._guard:
            self._waiting.append(mine)
            if self._waiting[0] is mine:
                return
        mine.wait()

    def leave(self) -> None:
        with self._guard:
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].set()


class WriteQueue:
    """Of one database. `leave` is to be told of the end of every session's transactions."""

    def __init__(self) -> None:
        self._queue = _Queue()

    def enter(self, session: Session) -> None:
        """Wait for the session's turn, which ends with its transaction."""
        if _QUEUED not in session.info:
            self._queue.enter()
            session.info[_QUEUED] = True

    def leave(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None and session.info.pop(_QUEUED, False):
            self._queue.leave()
