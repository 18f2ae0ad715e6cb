"""Shutdown of the server within a time limit: work ends, a backup is made, everything is closed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from webapp.services.analysis.service import AnalysisService
from webapp.services.operations.scheduler import Scheduler

logger = logging.getLogger(__name__)
# Seconds that the whole shutdown may take. Hosts kill the process after 20 or 30 seconds.
TIME_LIMIT = 18.0
# Seconds in which running analyses may finish before they are aborted.
_FINISH_SECONDS = 10.0
# Seconds in which aborted analyses must stop.
_ABORT_SECONDS = 1.5
# Seconds for answers that are on their way to clients.
_DELIVERY_SECONDS = 0.5
# Seconds in which the running task of the scheduler must stop.
_SCHEDULER_SECONDS = 2.0
# Seconds between the end of the time for the last backup and the deadline, for the other steps.
_CLOSING_SECONDS = 2.0
# Seconds of grace after the deadline, so that these steps get some time even if the others used all of it.
_DECODERS_GRACE_SECONDS = 0.3
_DATABASE_GRACE_SECONDS = 0.5
_POLL_SECONDS = 0.05

Step = Callable[[], object]


class Shutdown:
    """Stops the analyses and the scheduler, makes a backup, then closes server, decoders and database."""

    def __init__(
        self,
        analysis: AnalysisService,
        scheduler: Scheduler,
        *,
        backup: Step | None,
        close_server: Step,
        close_decoders: Step,
        close_database: Step,
        finish_seconds: float = _FINISH_SECONDS,
    ) -> None:
        """Set the steps. Running analyses may finish within `finish_seconds`."""
        self._analysis = analysis
        self._scheduler = scheduler
        self._backup = backup
        self._close_server = close_server
        self._close_decoders = close_decoders
        self._close_database = close_database
        self._finish_seconds = finish_seconds

    def run(self, *, seconds: float = TIME_LIMIT) -> None:
        """Shut down within about `seconds`.

        Errors are not raised: failed steps are logged, slow steps are abandoned.
        """
        deadline = time.monotonic() + seconds
        self._analysis.queue.close()
        if not self._wait_until_idle(min(self._finish_seconds, seconds)):
            self._analysis.jobs.close()
            if not self._wait_until_idle(_ABORT_SECONDS):
                logger.warning("an analysis was broken off")
        time.sleep(_DELIVERY_SECONDS)
        self._scheduler.stop(seconds=max(0.0, min(_SCHEDULER_SECONDS, deadline - time.monotonic())))
        if self._backup is not None:
            _run_step("the last backup", self._backup, deadline - _CLOSING_SECONDS)
        _run_step("closing the server", self._close_server, deadline)
        _run_step("ending the decoders", self._close_decoders, deadline + _DECODERS_GRACE_SECONDS)
        _run_step("closing the database", self._close_database, deadline + _DATABASE_GRACE_SECONDS)
        logger.info("stopped")

    def _wait_until_idle(self, seconds: float) -> bool:
        """Return True once no analysis runs, False if one still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        while self._analysis.queue.running or self._analysis.jobs.running:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def _run_step(name: str, step: Step, deadline: float) -> None:
    """Run a step in a thread and abandon it at the deadline."""

    def run() -> None:
        try:
            step()
        # The other steps must run even if this one fails.
        except Exception:
            logger.exception("%s failed", name)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(timeout=max(0.0, deadline - time.monotonic()))
    if thread.is_alive():
        logger.warning("%s was given up, since it took too long", name)
