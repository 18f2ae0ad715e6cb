"""Progress of an analysis, from the detector and the queue to the visitor's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """State of one analysis.

    `fraction` in [0, 1] of the work is done. `phase` is waiting, reading, judging, without_gpu, drawing or storing.
    `ahead`: analyses that come first in the queue, while waiting.
    """

    fraction: float
    phase: str
    ahead: int = 0

    @property
    def is_waiting(self) -> bool:
        """True while the analysis waits in the queue."""
        return self.phase == "waiting"


# Receives the progress and may raise Cancelled.
ReportProgress = Callable[[Progress], None]
