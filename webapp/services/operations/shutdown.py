"""The end of the server: nothing new is begun, what runs is finished or told, and the last state is backed up, all within a set time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from webapp.services.analysis.service import AnalysisService
from webapp.services.operations.scheduler import Scheduler

logger = logging.getLogger(__name__)
TIME_LIMIT = 18.0  # seconds in all; hosts kill after 20 or 30
_FOR_JOBS = 10.0  # of them for analyses to finish, before they are told to stop
_TO_GIVE_UP = 1.5
_TO_DELIVER = 0.5  # for answers that are on their way
_POLL = 0.05


class Shutdown:
    """`backup` is made once nothing runs any more, `close_server` closes all connections, `close_decoders` ends the processes that decode,
    `close_database` comes last.
    """

    def __init__(
        self,
        analysis: AnalysisService,
        timer: Scheduler,
        *,
        backup: Callable[[], Any] | None,
        close_server: Callable[[], Any],
        close_decoders: Callable[[], Any],
        close_database: Callable[[], Any],
    ) -> None:
        self._analysis = analysis
        self._timer = timer
        self._backup = backup
        self._close_server = close_server
        self._close_decoders = close_decoders
        self._close_database = close_database

    def run(self, *, seconds: float = TIME_LIMIT) -> None:
        """Never raises: each step is logged where it fails, and given up where it takes too long."""
        until = time.monotonic() + seconds
        self._analysis.queue.close()
        if not self._idle(min(_FOR_JOBS, seconds)):
            self._analysis.jobs.close()
            if not self._idle(_TO_GIVE_UP):
                logger.warning("an analysis was broken off")
        time.sleep(_TO_DELIVER)
        self._timer.stop(seconds=max(0.0, min(2.0, until - time.monotonic())))
        if self._backup is not None:
            self._within("the last backup", self._backup, until - 2)
        self._within("closing the server", self._close_server, until)
        self._within("ending the decoders", self._close_decoders, until + 0.3)
        self._within("closing the database", self._close_database, until + 0.5)
        logger.info("stopped")

    def _idle(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self._analysis.queue.running or self._analysis.jobs.running:
            if time.monotonic() > until:
                return False
            time.sleep(_POLL)
        return True

    def _within(self, name: str, work: Callable[[], Any], until: float) -> None:
        def do() -> None:
            try:
                work()
            except Exception:  # the other steps must be made all the same
                logger.exception("%s failed", name)

        thread = threading.Thread(target=do, name=name, daemon=True)
        thread.start()
        thread.join(timeout=max(0.0, until - time.monotonic()))
        if thread.is_alive():
            logger.warning("%s was given up, since it took too long", name)
